"""Runs cells where IPython is absent: plain Python with results, rich display, figures and readable tracebacks."""
import __future__
import ast
import builtins
import linecache
import sys
import traceback

from _rserver_kernel import plain_completion, plain_introspection
from _rserver_kernel.event_loop import cell_loop
from _rserver_kernel.figures import prefer_own_backend
from _rserver_kernel.messages import channel, encode_bundle, error_text
from _rserver_kernel.plain_display import display, mime_bundle, show_itself
from _rserver_kernel.tracebacks import first_user_frame, without_reading
from _rserver_kernel.variables import list_variables

_TOP_LEVEL_AWAIT = getattr(ast, "PyCF_ALLOW_TOP_LEVEL_AWAIT", 0)
_COROUTINE = 0x80  # inspect.CO_COROUTINE
_FUTURES = 0
for _name in __future__.all_feature_names:
    _FUTURES |= getattr(__future__, _name).compiler_flag

_NEEDS_IPYTHON = (
    "Magics (%), shell commands (!) and help (?) need IPython, which this session does not have."
)


class PlainSession:
    """Cells and introspection by the standard library."""

    def __init__(self):
        self._main = sys.modules["__main__"]
        self._flags = _TOP_LEVEL_AWAIT
        self._names = set()
        builtins.display = display
        prefer_own_backend()

    def run(self, source, request):
        """Returns (error or None, user expressions, payload)."""
        cell_loop.interrupted = False
        error = None
        try:
            self._run_cell(source, request)
            _show_figures()
        except BaseException as raised:
            error = _error_of(raised, source)
        expressions = {}
        if error is None:
            for name, expression in request["userExpressions"].items():
                expressions[name] = self._evaluate(expression)
        return error, expressions, []

    def complete(self, code, cursor):
        return plain_completion.complete(self._main.__dict__, code, cursor)

    def inspect(self, code, cursor, detail):
        return plain_introspection.inspect(self._main.__dict__, code, cursor, detail)

    def is_complete(self, code):
        return plain_introspection.is_complete(code)

    def variables(self):
        return {"variables": list_variables(*self.workspace())}

    def workspace(self):
        """(all names, those among them that are not the user's)."""
        return self._main.__dict__, {}

    def comm(self, message, request_id):
        """The libraries that use comms need IPython."""
        return {"handled": False}

    def open_comms(self):
        return {"comms": {}}

    def _run_cell(self, source, request):
        name = self._cell_name(request["executionCount"])
        linecache.cache[name] = (len(source), None, source.splitlines(True), name)
        tree = compile(source, name, "exec", self._flags | ast.PyCF_ONLY_AST, True)
        last = None
        if tree.body and isinstance(tree.body[-1], ast.Expr) and not _ends_quietly(source, tree):
            last = ast.Expression(tree.body.pop().value)
        self._execute(compile(tree, name, "exec", self._flags, True))
        if last is None:
            return
        value = self._execute(compile(last, name, "eval", self._flags, True))
        if value is not None and not request["silent"]:
            builtins._ = value
            if show_itself(value):
                return
            data, metadata = mime_bundle(value)
            channel.send({"type": "result", "data": encode_bundle(data), "metadata": metadata})

    def _execute(self, code):
        self._flags |= code.co_flags & _FUTURES
        value = eval(code, self._main.__dict__)
        return cell_loop.run(value) if code.co_flags & _COROUTINE else value

    def _cell_name(self, count):
        """Functions of an earlier cell with the same number keep their own source."""
        name = "Cell In[%d]" % count
        number = 1
        while name in self._names:
            number += 1
            name = "Cell In[%d] (%d)" % (count, number)
        self._names.add(name)
        return name

    def _evaluate(self, expression):
        try:
            data, metadata = mime_bundle(eval(expression, self._main.__dict__))
            return {"status": "ok", "data": encode_bundle(data), "metadata": metadata}
        except BaseException as raised:
            return dict(_error_of(raised, expression), status="error")


def _ends_quietly(source, tree):
    """Whether a semicolon at the end asks to show nothing."""
    if ";" not in source:
        return False
    import io
    import tokenize

    last = ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in (
            tokenize.ENDMARKER,
            tokenize.NEWLINE,
            tokenize.NL,
            tokenize.COMMENT,
            tokenize.DEDENT,
        ):
            last = token.string
    return last == ";"


def _show_figures():
    figures = sys.modules.get("_rserver_kernel.plain_figures")
    if figures is not None:
        figures.show()


def _error_of(error, source):
    name = "KeyboardInterrupt" if cell_loop.interrupted else type(error).__name__
    value = "" if cell_loop.interrupted else error_text(error)
    return {"ename": name, "evalue": value, "traceback": _traceback_of(error, name, value, source)}


def _traceback_of(error, name, value, source):
    """Lines of Python's own traceback from the user's first frame on, coloured a little."""
    last = without_reading(first_user_frame(error))
    error = error.with_traceback(last)
    sys.last_type, sys.last_value, sys.last_traceback = type(error), error, last
    if isinstance(error, SyntaxError) and error.text is None and error.filename in linecache.cache:
        error.text = linecache.getline(error.filename, error.lineno or 1)
    lines = "".join(traceback.format_exception(type(error), error, last)).rstrip("\n").split("\n")
    if isinstance(error, SyntaxError) and last is None and _is_ipython_syntax(source):
        lines.append(_NEEDS_IPYTHON)
    return [_coloured(line, name) for line in lines]


def _is_ipython_syntax(source):
    return any(line[:1] in ("%", "!", "?") or line.endswith("?") for line in source.split("\n"))


def _coloured(line, name):
    if line.startswith(name):
        return "\x1b[31m" + name + "\x1b[39m" + line[len(name) :]
    if line.startswith("  File "):
        return "\x1b[32m" + line + "\x1b[39m"
    return line
