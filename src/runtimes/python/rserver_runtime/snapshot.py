# Saves the workspace from a copy of the process made by os.fork(), so that the session can go on at once.
import _thread
import os
import sys

from rserver_runtime.channel import write_all


def save(workspace, pipe, outcome, leave):
    """Has the workspace written into a pipe, and how that goes into another one. `leave()` is called in the copy.

    Where there can be no copy, returns what this process has to do when it has answered; else None.
    """
    file = open(pipe, "wb", 1024 * 1024)
    outcome = open(outcome, "wb", 0)
    try:
        process = os.fork()
    except OSError:
        return lambda: _write(workspace, file, outcome)
    if process == 0:
        try:
            os.setsid()  # what ends the session does not end this
            leave()
            _be_silent()
            _write(workspace, file, outcome)
        finally:
            os._exit(0)  # no exit handlers: what the copy has in common with the session is not its to tidy up
    file.close()
    outcome.close()
    _thread.start_new_thread(_reap, (process,))
    return None


def _write(workspace, file, outcome):
    outcome.write(b"begun\n")
    failure = workspace.save(file)
    text = "RUNTIME_OBJECT_NOT_SERIALIZABLE\n%s\n" % failure if failure else "ok\n"
    try:
        write_all(outcome.fileno(), text.encode("utf-8", "replace"))
        file.close()
        outcome.close()
    except OSError:
        pass  # nobody reads any more


def _be_silent():
    """What objects print while they are saved is nobody's output."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
    sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = open(os.devnull, "w")


def _reap(process):
    try:
        os.waitpid(process, 0)
    except OSError:
        pass  # code of the session has waited for all of its children
