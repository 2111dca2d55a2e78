"""Runs cells by an IPython shell, so that magics, display, tracebacks and introspection are IPython's own.

Works with IPython 5 to 9. In a session that is a Jupyter kernel itself its shell is borrowed for each cell.
"""
import sys
import types
import warnings

from IPython.core.interactiveshell import InteractiveShell

from _rserver_kernel import ipython_introspection
from _rserver_kernel.event_loop import cell_loop
from _rserver_kernel.figures import prefer_inline_backend
from _rserver_kernel.front_end_request import request as front_end_request
from _rserver_kernel.ipython_shell import (
    KernelDisplayHook,
    KernelDisplayPublisher,
    cell,
    cell_names,
    encode_expressions,
    is_own,
    new_shell,
    renew,
    show_failure,
    show_usage_error,
)
from _rserver_kernel.kernel_object import SessionKernel
from _rserver_kernel.messages import error_text
from _rserver_kernel.tracebacks import first_user_frame
from _rserver_kernel.variables import list_variables

try:
    from _rserver_kernel import comms
except ImportError:
    comms = None  # the session has no package `comm`, and so no widgets

# Where Python keeps the last failure, which `%tb` and `%debug` show.
_LAST_FAILURE = ("last_type", "last_value", "last_traceback", "last_exc")


class IPythonSession:
    """Cells and introspection by IPython."""

    def __init__(self):
        main = sys.modules["__main__"]
        before = set(main.__dict__)
        if not InteractiveShell.initialized():
            self.shell = new_shell(main)
        else:
            self.shell = InteractiveShell.instance()
            if is_own(self.shell):
                renew(self.shell)
        self._comm_manager = comms.take_hooks() if comms is not None else None
        self._last_failure = {}
        kernel = SessionKernel(self.shell, self._comm_manager)
        if is_own(self.shell):
            self.shell.kernel = kernel
            self._access = _OwnNames(self.shell, before)
        else:
            self._access = _Borrowed(self.shell, kernel)
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
            front_end_request.begin("execute_request", request["requestId"], {"code": source})
            cell_loop.interrupted = False
            vars(sys).update(self._last_failure)
            shell.execution_count = count
            stored = request["storeHistory"] and not silent
            if stored:
                self._align_history(count)
            try:
                result = shell.run_cell(source, store_history=stored, silent=silent)
            finally:
                cell.end()
            error = _error_of(result)
            cell_loop.turn()
            if error is not None:
                self._keep_failure()
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
        return {"variables": list_variables(*self.workspace())}

    def workspace(self):
        """(all names, those among them that are not the user's)."""
        return self.shell.user_ns, self.shell.user_ns_hidden

    def comm(self, message, request_id):
        """Hands over a comm message of the front end; what the user's callbacks raise is shown on stderr."""
        if self._comm_manager is None:
            return {"handled": False}
        with self._access, self.shell.builtin_trap:
            try:
                handled = comms.handle(self._comm_manager, message, request_id)
            except BaseException as error:
                shown = (type(error), error, first_user_frame(error))
                self.shell.showtraceback(shown, tb_offset=0)
                # A target that refuses is as good as none.
                handled = message["action"] != "open"
            cell_loop.turn()
        return {"handled": handled}

    def open_comms(self):
        return {"comms": {} if self._comm_manager is None else comms.list_open(self._comm_manager)}

    def _keep_failure(self):
        """The server takes note of how the call of the agent failed, which says less."""
        self._last_failure = {name: getattr(sys, name) for name in _LAST_FAILURE if hasattr(sys, name)}

    def _align_history(self, count):
        """Makes `In[count]` this cell: cells that never came here (the kernel's own magics) have numbers too."""
        history = self.shell.history_manager
        for inputs in (history.input_hist_parsed, history.input_hist_raw):
            del inputs[count:]
            inputs.extend([""] * (count - len(inputs)))
        del history.db_input_cache[:]


_METHODS = {
    "_showtraceback": show_failure,
    "show_usage_error": show_usage_error,
    "get_parent": lambda shell: front_end_request.message,
    "set_parent": lambda shell, parent: None,
}


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

    def __init__(self, shell, kernel):
        self._shell = shell
        self._kernel = kernel
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
        if hasattr(shell, "kernel"):
            values["kernel"] = self._kernel
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
    value = cell_names(error_text(error))
    if cell_loop.interrupted:
        name, value = "KeyboardInterrupt", ""
        lines[-1:] = ["\x1b[31mKeyboardInterrupt\x1b[39m: "]
    return {"ename": name, "evalue": value, "traceback": lines}
