"""The IPython shell of a session: an InteractiveShell that sends messages where others print."""
import builtins
import os
import re
import sys
import traceback

from IPython.core import page
from IPython.core.autocall import ExitAutocall
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Any, Instance, Type, default
from traitlets.config import Config

from _rserver_kernel.event_loop import cell_loop, wants_running_loop
from _rserver_kernel.front_end_request import request
from _rserver_kernel.messages import channel, display_message, encode_bundle, text_of
from _rserver_kernel.quick_colours import quick_colours
from _rserver_kernel.tracebacks import without_reading

# `_12` and `_i12`: they live in the builtins, since the workspace would grow with every cell.
_NUMBERED = re.compile(r"_i?[0-9]+$")
# What IPython calls a cell where a message tells of a file: `<ipython-input-3-0f7d5a>`.
_INTERNAL_NAME = re.compile(r"<ipython-input-(\d+)-\w+>")
# GUIs of matplotlib's backends that draw into the notebook.
_NOTEBOOK_GUIS = (None, "inline", "agg", "widget", "ipympl")


class Cell:
    """What is known of the cell that runs, or ran last."""

    def __init__(self):
        self.begin("", 1)
        self.end()

    def begin(self, source, count):
        self.source = source
        self.count = count
        self.has_result = False
        self.failure = None
        self.is_running = True

    def end(self):
        self.is_running = False


cell = Cell()


class KernelDisplayHook(DisplayHook):
    """Sends the value of the last expression as `result`."""

    @property
    def prompt_count(self):
        return cell.count

    def quiet(self):
        # Most cells need no tokens to see that they do not end in a semicolon.
        if ";" not in cell.source:
            return False
        check = getattr(self, "semicolon_at_end_of_expression", None)
        return check(cell.source) if check else cell.source.rstrip().endswith(";")

    def start_displayhook(self):
        self._is_active = True

    def write_output_prompt(self):
        pass

    def write_format_data(self, format_dict, md_dict=None):
        message = display_message(format_dict, md_dict, None, False)
        # A cell has one result; `ast_node_interactivity = "all"` makes more values than that.
        message["type"] = "display" if cell.has_result else "result"
        cell.has_result = True
        channel.send(message)

    def log_output(self, format_dict):
        pass

    def finish_displayhook(self):
        self._is_active = False

    def cull_cache(self):
        kept = self.shell.user_ns.get("_oh", {})
        before = list(kept)
        super(KernelDisplayHook, self).cull_cache()
        for number in before:
            if number not in kept:
                builtins.__dict__.pop("_%s" % number, None)


class KernelDisplayPublisher(DisplayPublisher):
    """Sends what `display` shows."""

    def publish(self, data, metadata=None, source=None, transient=None, update=False, **kwargs):
        self._validate_data(data, metadata)
        channel.send(display_message(data, metadata, transient, update))

    def clear_output(self, wait=False):
        channel.send({"type": "clear", "wait": bool(wait)})


class KernelExit(ExitAutocall):
    """`exit` and `quit`: the cell ends, the session stays."""

    def __call__(self, code=None):
        raise SystemExit(code)


def show_failure(self, etype, evalue, stb):
    """Stands for a shell's `_showtraceback`: keeps the failure of the cell, writes any other one to stderr."""
    result = self.displayhook.exec_result
    if cell.is_running and (
        result is None or evalue is result.error_in_exec or evalue is result.error_before_exec
    ):
        cell.failure = (evalue, list(stb))
    else:
        sys.stderr.write("\n".join(stb) + "\n")


def show_usage_error(self, error):
    """Stands for a shell's `show_usage_error`: these have no traceback."""
    show_failure(self, type(error), error, ["UsageError: " + text_of(error)])


class ZMQInteractiveShell(InteractiveShell):
    """IPython for a session without a terminal. Its user module is the session's own `__main__`.

    Libraries know by the name of this class, which is that of ipykernel's, that they are in a notebook.
    """

    displayhook_class = Type(KernelDisplayHook)
    display_pub_class = Type(KernelDisplayPublisher)
    exiter = Instance(ExitAutocall)
    kernel = Any()

    _showtraceback = show_failure
    show_usage_error = show_usage_error

    @default("exiter")
    def _exiter_default(self):
        return KernelExit(self)

    def init_environment(self):
        """As in every notebook: colours, and no pagers that would wait for a key."""
        super(ZMQInteractiveShell, self).init_environment()
        os.environ.update(
            TERM="xterm-color",
            CLICOLOR="1",
            FORCE_COLOR="1",
            CLICOLOR_FORCE="1",
            PAGER="cat",
            GIT_PAGER="cat",
        )

    def init_hooks(self):
        super(ZMQInteractiveShell, self).init_hooks()
        self.set_hook("show_in_pager", page.as_hook(self.page), 99)

    def page(self, text, start=0, screen_lines=0, pager_cmd=None):
        data = text if isinstance(text, dict) else {"text/plain": text}
        payload = {"source": "page", "data": data, "start": max(0, start)}
        self.payload_manager.write_payload(payload)

    def set_next_input(self, text, replace=False):
        payload = {"source": "set_next_input", "text": text, "replace": replace}
        self.payload_manager.write_payload(payload)

    def get_parent(self):
        return request.message

    def set_parent(self, parent):
        """Outputs belong to the request that runs, whatever a library thinks."""

    def should_run_async(self, raw_cell, *args, **kwargs):
        return wants_running_loop(raw_cell) or super(ZMQInteractiveShell, self).should_run_async(
            raw_cell, *args, **kwargs
        )

    def enable_gui(self, gui=None):
        if gui not in _NOTEBOOK_GUIS:
            raise UsageError("a session on a server has no windows: the GUI %r cannot be used" % gui)

    def push(self, variables, interactive=True):
        if not interactive and isinstance(variables, dict):
            numbered = [name for name in variables if _NUMBERED.match(name)]
            if numbered:
                variables = dict(variables)
                for name in numbered:
                    builtins.__dict__[name] = variables.pop(name)
        super(ZMQInteractiveShell, self).push(variables, interactive)

    def showtraceback(self, exc_tuple=None, *args, **kwargs):
        etype, value, tb = self._get_exc_info(exc_tuple)
        without_reading(tb)
        if not _has_group(value):
            with quick_colours():
                super(ZMQInteractiveShell, self).showtraceback(exc_tuple, *args, **kwargs)
            return
        # IPython prints these by itself, with its own frames.
        first_user_frame = tb.tb_next if tb is not None else None
        lines = "".join(traceback.format_exception(etype, value, first_user_frame)).split("\n")
        self._showtraceback(etype, value, [cell_names(line) for line in lines[:-1]])

    def _format_exception_for_storage(self, exception, *args, **kwargs):
        """IPython 9 keeps tracebacks for `%notebook`, and writes each once more for that, which takes ten milliseconds."""
        if cell.failure is None or cell.failure[0] is not exception:
            with quick_colours():
                return super(ZMQInteractiveShell, self)._format_exception_for_storage(exception, *args, **kwargs)
        error, lines = cell.failure
        return {"ename": type(error).__name__, "evalue": str(error), "traceback": lines}

    def _tee(self, channel):
        """IPython 9 keeps a copy of all that is printed; a server's memory has better uses."""
        return _NOTHING


class _Nothing:
    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        return False


_NOTHING = _Nothing()
_GROUP = getattr(builtins, "BaseExceptionGroup", ())


def _has_group(error):
    while error is not None:
        if isinstance(error, _GROUP):
            return True
        error = error.__context__
    return False


def new_shell(module):
    """The session's shell: no banner and no history file."""
    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    config.IPKernelApp = Config()  # libraries ask for it to know whether they are in a notebook
    shell = ZMQInteractiveShell.instance(config=config, user_module=module)
    renew(shell)
    return shell


def renew(shell):
    """Makes a shell, which may be of another version's agent in this session, work by this agent."""
    shell.__class__ = ZMQInteractiveShell
    shell.displayhook.__class__ = KernelDisplayHook
    shell.display_pub.__class__ = KernelDisplayPublisher
    if hasattr(shell, "loop_runner"):
        shell.loop_runner = cell_loop.run


def is_own(shell):
    """Whether it is of this agent or an earlier one, not of a Jupyter kernel that the session is."""
    return type(shell).__module__ == __name__


def cell_names(text):
    """A text with the names of cells as tracebacks have them."""
    return _INTERNAL_NAME.sub(r"Cell In[\1]", text)


def encode_expressions(expressions):
    """Values of `user_expressions` with their images as text."""
    for value in expressions.values():
        if "data" in value:
            value["data"] = encode_bundle(value["data"])
    return expressions
