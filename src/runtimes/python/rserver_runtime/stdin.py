# Standard input of a session: input(), getpass() and sys.stdin ask the person at the other end of the event stream.
import builtins
import functools
import getpass
import io
import os
import struct
import sys
import threading

from rserver_runtime import channel as frames

_LINE = 1
_END = 2
_UNAVAILABLE = 3
_INTERRUPTED = 4
_REQUEST = struct.Struct("<ii")


class StandardInput(object):
    """Asks, from any thread. Replies are read by a thread of their own: no signal handler of the user's, which may
    raise in the main thread at any time, can then break one in two."""

    def __init__(self, channel, mark, shield):
        self._channel, self._mark, self._shield = channel, mark, shield
        self._pid = os.getpid()
        self._number = 0
        self._waiting = {}
        self._reader = None

    def install(self):
        stream = _Stream(self)
        sys.stdin = sys.__stdin__ = stream
        original_input = builtins.input

        @functools.wraps(original_input)
        def ask_line(prompt=""):
            __tracebackhide__ = True
            if sys.stdin is not stream:  # the user has put a file in its place
                return original_input(prompt)
            return self.line(str(prompt))

        @functools.wraps(getpass.getpass)
        def ask_password(prompt="Password: ", stream=None, **options):
            __tracebackhide__ = True
            return self.line(str(prompt), True)

        builtins.input = ask_line
        getpass.getpass = ask_password

    def line(self, prompt, is_password=False):
        """The answer to one question. EOFError at the end of input, as from input()."""
        __tracebackhide__ = True
        answer = self.ask(prompt, is_password)
        if answer is None:
            raise EOFError("end of input")
        return answer

    def ask(self, prompt, is_password=False):
        """The answer to one question, None at the end of input."""
        __tracebackhide__ = True  # IPython leaves out what says nothing to the person, as does `from None` below
        if os.getpid() != self._pid:
            raise _unavailable("Input was asked for in a forked process, which has nobody to ask.")
        question = _Question()
        number = self._send(question, prompt, is_password)
        try:
            question.is_answered.wait()
        except KeyboardInterrupt:
            raise KeyboardInterrupt from None
        finally:
            self._waiting.pop(number, None)
        if question.kind == _LINE:
            return question.text
        if question.kind == _INTERRUPTED:
            raise KeyboardInterrupt
        if question.kind == _UNAVAILABLE:
            raise _unavailable(question.text)
        return None

    def _send(self, question, prompt, is_password):
        with self._shield(), self._channel.turn:
            if self._reader is None:
                self._reader = threading.Thread(target=self._read, name="rserver_runtime input")
                self._reader.daemon = True
                self._reader.start()
            self._number += 1
            number = self._number
            self._waiting[number] = question
            self._mark("d")
            self._channel.write(frames.INPUT, prompt, _REQUEST.pack(number, is_password))
        return number

    def _read(self):
        while True:
            reply = self._channel.read_reply()
            if reply is None:
                return
            kind, text, number = reply
            # A question that was given up, by an alarm for one, takes no answer.
            question = self._waiting.pop(number, None)
            if question is not None:
                question.answer(kind, text)


class _Question(object):
    def __init__(self):
        self.is_answered = threading.Event()
        self.kind, self.text = _END, ""

    def answer(self, kind, text):
        self.kind, self.text = kind, text
        self.is_answered.set()


class _Stream(io.TextIOBase):
    """sys.stdin. Each line is a question; an empty answer ends what reads to the end, as notebooks have no key for it."""

    encoding = "utf-8"
    errors = "strict"
    name = "<stdin>"
    mode = "r"

    def __init__(self, source):
        super(_Stream, self).__init__()
        self._source = source
        self._rest = ""  # of an answer of several lines, as pasted

    def fileno(self):
        return 0

    def isatty(self):
        return False

    def readable(self):
        return True

    def readline(self, size=-1):
        __tracebackhide__ = True
        if not self._rest:
            answer = self._source.ask("")
            if answer is None:
                return ""
            self._rest = answer + "\n"
        end = self._rest.index("\n") + 1
        if size is not None and 0 <= size < end:
            end = size
        line, self._rest = self._rest[:end], self._rest[end:]
        return line

    def __next__(self):
        __tracebackhide__ = True
        line = self.readline()
        if line in ("", "\n"):
            raise StopIteration
        return line

    def read(self, size=-1):
        __tracebackhide__ = True
        if size is None or size < 0:
            return "".join(self)
        return self.readline(size)

    def close(self):
        """Stays open: input() goes on."""


def _unavailable(reason):
    """An error for those who expect what input() raises without a terminal, and what it raises in notebooks."""
    ipython = sys.modules.get("IPython.core.error")
    family = getattr(ipython, "StdinNotImplementedError", NotImplementedError)
    return type("StdinNotImplementedError", (family, EOFError), {"__module__": "builtins"})(reason)
