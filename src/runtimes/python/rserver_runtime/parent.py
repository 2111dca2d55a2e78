# A warm parent: a process that carries out no code of users, and makes copies of itself. Each of them goes on as the worker
# of a session, on pipes and in folders of its own. It has no threads, which a copy would be without.
import gc
import importlib
import json
import os
import platform
import subprocess

from rserver_runtime import channel as frames
from rserver_runtime.copies import forget_common_state, move_folders


# What nearly every session of a notebook imports where it is installed. It makes no thread before it is used.
_COMMON = (
    "IPython.core.interactiveshell",
    "IPython.core.application",
    "IPython.core.completer",
    "IPython.core.completerlib",
    "IPython.core.magics",
    "stack_data",
    "pygments.lexers.python",
    "pygments.formatters.terminal256",
)


class Parent(object):
    def __init__(self, channel):
        self._channel = channel

    def run(self):
        """Returns in the copies only, with the folder of the copy's pipes; ends when the server closes the channel."""
        self._channel.write(frames.HELLO, platform.python_version())
        while True:
            request = self._channel.read()
            if request is None:
                raise SystemExit(0)
            kind, text, _ = request
            try:
                answer = self._fork() if kind == frames.REQUEST_FORK_SESSION else self._carry_out(kind, text)
            except Exception as error:
                self._channel.write(frames.FAILED, "", str(error).encode("utf-8", "replace"))
                continue
            if answer is None:
                self._become_session(text)
                return text
            self._channel.write(frames.DONE, "", json.dumps([answer]).encode("ascii"))

    def _fork(self):
        """The id of the copy's process; None in the copy."""
        process = os.fork()
        return None if process == 0 else str(process)

    def _carry_out(self, kind, text):
        if kind == frames.REQUEST_AWAIT_COPY:
            return str(os.waitpid(int(text), 0)[1])
        if kind == frames.REQUEST_SETTLE:
            preload(_COMMON)
            rehearse_traceback()
            gc.collect()
            if hasattr(gc, "freeze"):
                gc.freeze()  # collections in copies then leave alone, and do not really copy, what is here
            return ""
        raise ValueError("A warm parent takes no request of kind %d." % kind)

    def _become_session(self, directory):
        os.setsid()  # signals reach the copy and its child programs, and no others
        self._channel.close()
        for descriptor, name in ((1, "stdout"), (2, "stderr")):
            pipe = os.open(os.path.join(directory, name), os.O_WRONLY)
            os.dup2(pipe, descriptor)
            os.close(pipe)
        move_folders(os.path.dirname(directory))
        forget_common_state()


def rehearse_traceback():
    """Has IPython write the traceback of a child program that failed, so that it knows the source of `subprocess`.

    Reading that takes longer than all of an interrupt should: it is where a person interrupts a child program.
    """
    try:
        from IPython.core.ultratb import VerboseTB
    except ImportError:
        return
    try:
        subprocess.CompletedProcess((), 1).check_returncode()
    except subprocess.CalledProcessError as error:
        try:
            VerboseTB().structured_traceback(type(error), error, error.__traceback__)
        except Exception:  # of another IPython than is known here: the first traceback takes longer
            pass


def preload(names):
    """Imports modules; those that are missing are passed over."""
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError:
            continue
