"""Runs cells by an IPython shell, so that magics, display, tracebacks and introspection are IPython's own.

Works with IPython 5 to 9. In a session that is a Jupyter kernel itself its shell is borrowed for each cell.
"""
import re
import sys
import types
import warnings

from IPython.core.interactiveshell import InteractiveShell

from _rserver_kernel import ipython_introspection
from _rserver_kernel.event_loop import cell_loop
from _rserver_kernel.figures import prefer_inline_backend
from _rserver_kernel.ipython_shell import (
    KernelDisplayHook,
    KernelDisplayPublisher,
    KernelShell,
    cell,
    encode_expressions,
    new_shell,
    renew,
    show_failure,
    show_usage_error,
)
from _rserver_kernel.messages import error_text
from _rserver_kernel.variables import list_variables

# What IPython calls a cell where a message tells of a file: `<ipython-input-3-0f7d5a>`.
_INTERNAL_NAME = re.compile(r"<ipython-input-(\d+)-\w+>")


class IPythonSession:
    """Cells and introspection by IPython."""

    def __init__(self):
        main = sys.modules["__main__"]
        before = set(main.__dict__)
        if not InteractiveShell.initialized():
            self.shell = new_shell(main)
        else:
            self.shell = InteractiveShell.instance()
            if type(self.shell).__name__ == KernelShell.__name__:
                renew(self.shell)
        if isinstance(self.shell, KernelShell):
            self._access = _OwnNames(self.shell, before)
        else:
            self._access = _Borrowed(self.shell)
        if hasattr(self.shell.Completer, "use_jedi"):
            self.shell.Completer.use_jedi = False  # slow, and no better on live objects
        # It would tell people to leave the session by `quit`.
        warnings.filterwarnings("ignore", message="To exit: use 'exit', 'quit'")
        prefer_inline_backend()

    def run(self, source, request):
        """Returns (error or None, user expressions, payload)."""
        shell, count, silent = self.shell, request["executionCount"], request["silent"]
        with self._access:
            cell.begin(source, count)
            cell_loop.interrupted = False
            shell.execution_count = count
            stored = request["storeHistory"] and not silent
            if stored:
                self._align_history(count)
            result = shell.run_cell(source, store_history=stored, silent=silent)
            error = _error_of(result)
            expressions = {}
            if error is None and request["userExpressions"]:
                expressions = encode_expressions(shell.user_expressions(request["userExpressions"]))
            payload = shell.payload_manager.read_payload()
            shell.payload_manager.clear_payload()
        return error, expressions, payload

    def complete(self, code, cursor):
        with self._access:
            return ipython_introspection.complete(self.shell, code, cursor)

    def inspect(self, code, cursor, detail):
        with self._access:
            return ipython_introspection.inspect(self.shell, code, cursor, detail)

    def is_complete(self, code):
        return ipython_introspection.is_complete(self.shell, code)

    def variables(self):
        return {"variables": list_variables(self.shell.user_ns, self.shell.user_ns_hidden)}

    def _align_history(self, count):
        """Makes `In[count]` this cell: cells that never came here (the kernel's own magics) have numbers too."""
        history = self.shell.history_manager
        for inputs in (history.input_hist_parsed, history.input_hist_raw):
            del inputs[count:]
            inputs.extend([""] * (count - len(inputs)))
        del history.db_input_cache[:]


_METHODS = {"_showtraceback": show_failure, "show_usage_error": show_usage_error}


class _OwnNames:
    """Keeps IPython's names (`In`, `Out`, `_`, `get_ipython`, ...) in the workspace only while a cell runs,
    so that no listing and no snapshot shows them."""

    def __init__(self, shell, before):
        self._shell = shell
        hidden = shell.user_ns_hidden
        hidden.update(
            (name, value) for name, value in shell.user_ns.items() if name not in before
        )
        self._hide()
        # An earlier agent has taken them out already.
        for name in set(hidden) - set(shell.user_ns):
            self._names.setdefault(name, hidden[name])

    def __enter__(self):
        namespace = self._shell.user_ns
        for name, value in self._names.items():
            namespace.setdefault(name, value)

    def __exit__(self, *exc_info):
        self._hide()
        return False

    def _hide(self):
        namespace = self._shell.user_ns
        hidden = self._shell.user_ns_hidden
        for name in ("_exit_code", "__builtin__"):  # set by `!command` and by `%reset`
            if name in namespace:
                hidden[name] = namespace[name]
        names = {}
        for name, value in hidden.items():
            # What the user has assigned is the user's.
            if name in namespace and namespace[name] is value:
                names[name] = value
                del namespace[name]
        self._names = names


class _Borrowed:
    """Puts our hooks into the shell of a session that is a Jupyter kernel itself, and takes them out again."""

    def __init__(self, shell):
        self._shell = shell
        self._display_hook = KernelDisplayHook(shell=shell, cache_size=shell.cache_size, parent=shell)
        self._publisher = KernelDisplayPublisher(parent=shell, shell=shell)
        self._outer = None
        shell.history_manager.enabled = False  # its file would hold every cell twice

    def __enter__(self):
        shell = self._shell
        values = {
            "displayhook": self._display_hook,
            "display_pub": self._publisher,
            "execution_count": shell.execution_count,
        }
        if hasattr(shell, "loop_runner"):
            values["loop_runner"] = cell_loop.run
        self._outer = ({name: getattr(shell, name) for name in values}, sys.displayhook)
        for name, value in values.items():
            setattr(shell, name, value)
        for name, function in _METHODS.items():
            setattr(shell, name, types.MethodType(function, shell))
        shell.display_trap.hook = sys.displayhook = self._display_hook

    def __exit__(self, *exc_info):
        shell = self._shell
        values, displayhook = self._outer
        for name, value in values.items():
            setattr(shell, name, value)
        for name in _METHODS:
            delattr(shell, name)  # the class's own method shows again
        shell.display_trap.hook = shell.displayhook
        sys.displayhook = displayhook
        return False


def _error_of(result):
    """The `error` fields of a cell that failed, or None."""
    error = result.error_before_exec
    if error is None:
        error = result.error_in_exec
    shown, lines = cell.failure or (None, None)
    if error is None:
        if shown is None:
            return None
        error = shown  # drawing the figures after the cell failed
    if lines is None:
        lines = [type(error).__name__ + ": " + error_text(error)]
    name = type(error).__name__
    value = _INTERNAL_NAME.sub(r"Cell In[\1]", error_text(error))
    if cell_loop.interrupted:
        name, value = "KeyboardInterrupt", ""
        lines[-1:] = ["\x1b[31mKeyboardInterrupt\x1b[39m: "]
    return {"ename": name, "evalue": value, "traceback": lines}
