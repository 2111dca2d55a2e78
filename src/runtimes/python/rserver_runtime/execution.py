# Runs user code in a `__main__` of its own, as an interactive Python does: the value of a last expression is shown.
import __future__
import ast
import builtins
import linecache
import os
import signal
import sys
import traceback
import types

_OWN_FOLDER = os.path.dirname(os.path.abspath(__file__))
_FUTURE_FLAGS = 0
for _name in __future__.all_feature_names:
    _FUTURE_FLAGS |= getattr(__future__, _name).compiler_flag


class Executor(object):
    def __init__(self):
        self.module = types.ModuleType("__main__")
        self.module.__builtins__ = builtins
        sys.modules["__main__"] = self.module
        self.own_names = frozenset(vars(self.module))
        self._count = 0
        self._flags = 0
        self._is_interrupted = False
        self._handler = signal.default_int_handler
        signal.signal(signal.SIGINT, _ignore)

    def run(self, prepare, code):
        """Runs `prepare()` and the code. Returns what went wrong, or ""."""
        return self.run_body(prepare, lambda: self.run_program(self.compile(code)))

    def run_body(self, prepare, body):
        """Runs `prepare()` and `body()`, which is a program or what makes one. Returns what went wrong, or ""."""
        failure = None
        try:
            try:
                # Runs first what came too late for the execution before: into _ignore().
                signal.signal(signal.SIGINT, self._handler)
                prepare()
                body()
            finally:
                self._end_interrupts()
        except BaseException as error:
            self._end_interrupts()
            failure = error
        if failure is None:
            return ""
        return self._report(failure)

    def compile(self, code):
        """Two code objects: the statements, and the last expression, whose value is shown; None where there is none."""
        self._count += 1
        filename = "<execution %d>" % self._count
        # Without a time, linecache takes it for good: tracebacks show the lines, in later executions too.
        linecache.cache[filename] = (len(code), None, code.splitlines(True), filename)
        tree = compile(code, filename, "exec", ast.PyCF_ONLY_AST | self._flags, True)
        last = None
        if tree.body and isinstance(tree.body[-1], ast.Expr):
            last = ast.Interactive([tree.body.pop()])
        # Compiled in full before anything runs, so that code with a mistake in it does nothing.
        program = compile(tree, filename, "exec", self._flags, True) if tree.body else None
        show = compile(last, filename, "single", self._flags, True) if last else None
        return program, show

    def run_program(self, compiled):
        program, show = compiled
        namespace = vars(self.module)
        if program is not None:
            self._flags |= program.co_flags & _FUTURE_FLAGS
            exec(program, namespace)
        if show is not None:
            exec(show, namespace)

    def _end_interrupts(self):
        """Back to no interrupts; a handler of the user's own is kept for the next execution."""
        while True:
            try:
                current = signal.getsignal(signal.SIGINT)
                signal.signal(signal.SIGINT, _ignore)
                break
            except KeyboardInterrupt:
                continue
        if current is not _ignore:
            self._handler = current if callable(current) else signal.default_int_handler

    def _report(self, error):
        if isinstance(error, SystemExit):
            return "" if error.code in (None, 0) else "SystemExit: %s" % (error.code,)
        error.__traceback__ = _user_frames(error.__traceback__)
        sys.last_type, sys.last_value, sys.last_traceback = type(error), error, error.__traceback__
        try:
            if sys.excepthook is sys.__excepthook__:
                traceback.print_exception(type(error), error, error.__traceback__)
            else:
                sys.excepthook(type(error), error, error.__traceback__)
        except Exception:  # an exception whose own str() fails, or a broken hook
            sys.stderr.write("%s\n" % type(error).__name__)
        if isinstance(error, KeyboardInterrupt):
            return "KeyboardInterrupt: The execution was interrupted."
        return _message_of(error)


def _ignore(number, frame):
    """Interrupts are for executions only."""


def _user_frames(trace):
    """Without the frames of this package: those that called the user's code, and what the code called of it."""
    while trace is not None and _is_own(trace):
        trace = trace.tb_next
    last = trace
    while last is not None and last.tb_next is not None and not _is_own(last.tb_next):
        last = last.tb_next
    if last is not None and last.tb_next is not None and sys.version_info >= (3, 7):
        last.tb_next = None
    return trace


def _is_own(trace):
    return os.path.dirname(trace.tb_frame.f_code.co_filename) == _OWN_FOLDER


def _message_of(error):
    try:
        if isinstance(error, SyntaxError):
            return "%s: %s" % (type(error).__name__, error)
        return "".join(traceback.format_exception_only(type(error), error)).strip()
    except Exception:
        return type(error).__name__
