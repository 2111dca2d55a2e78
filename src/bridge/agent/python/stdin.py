"""Reading from the keyboard in a session that has no way to ask, on a genuine server: it fails at once.

The runtime of a server that can ask has an input() of its own, which is left alone.
"""
import builtins
import getpass
import io
import sys

_REASON = (
    "Input was asked for, but there is no way to ask over this connection to the server. "
    "Write the value into the code, or pass it by %inputs."
)


class RefusedInput:
    """Puts refusals in the places of `input`, `getpass` and `sys.stdin` while a cell runs."""

    def __init__(self):
        self._users = {}  # what users have put there: it stays
        self._kept = []

    def __enter__(self):
        self._kept = []
        if hasattr(sys.modules.get("rserver_runtime"), "ask"):
            return
        for owner, name, value in (
            (builtins, "input", refuse),
            (getpass, "getpass", refuse),
            (sys, "stdin", _refusing_stdin),
        ):
            before = getattr(owner, name)
            if before is not self._users.get(name):
                self._kept.append((owner, name, value, before))
                setattr(owner, name, value)

    def __exit__(self, *exc_info):
        for owner, name, value, before in self._kept:
            after = getattr(owner, name, None)
            if after is value:
                setattr(owner, name, before)
            else:
                self._users[name] = after
        return False


def refuse(*args, **kwargs):
    """Stands for `input` and `getpass`."""
    __tracebackhide__ = True
    ipython = sys.modules.get("IPython.core.error")
    family = getattr(ipython, "StdinNotImplementedError", NotImplementedError)
    raise type("StdinNotImplementedError", (family, EOFError), {"__module__": "builtins"})(_REASON)


class _RefusingStdin(io.TextIOBase):
    read = readline = refuse

    def readable(self):
        return True


_refusing_stdin = _RefusingStdin()
refused_input = RefusedInput()
