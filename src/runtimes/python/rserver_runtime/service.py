# A web service's process: what was loaded into it is what every call begins with. Calls run in copies of the process
# made by os.fork(), each on pipes of its own.
import gc
import os
import signal
import sys

from rserver_runtime import channel as frames
from rserver_runtime.channel import CopyChannel
from rserver_runtime.copies import forget_common_state, move_folders
from rserver_runtime.purity import Purity
from rserver_runtime.streams import CopyStreams


class Service(object):
    """Makes copies of the process; in a copy, serves calls."""

    def __init__(self, server, code, end_marker):
        self._server = server
        self._code = code
        self._end_marker = end_marker
        try:
            self._program = server.executor.compile(code)
        except Exception:  # fails in each call, in Python's own words
            self._program = None
        self._purity = Purity(server.executor, self._program)
        # Copies that have ended leave nothing to wait for.
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        gc.collect()
        if hasattr(gc, "freeze"):
            gc.freeze()  # collections in copies then leave alone, and do not really copy, what is here

    def fork(self, folder):
        """Makes a copy that serves the pipes in the folder. Returns the id of its process."""
        process = os.fork()
        if process != 0:
            return process
        try:
            self._serve(folder)
        finally:
            os._exit(0)  # no exit handlers: what the copy has in common with the others is not its to tidy up

    def _serve(self, folder):
        os.setsid()  # child programs then end with this process
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        channel = CopyChannel(folder)
        self._server.become_copy(channel, CopyStreams(folder, self._end_marker))
        move_folders(folder)
        forget_common_state()
        self._purity.remember()
        channel.write(frames.READY, "leader")
        while True:
            request = channel.read()
            if request is None:
                return
            self._server.execute_body(self._run, request[2], self._tidy_up)

    def _tidy_up(self, failure):
        """Whether the copy can begin again."""
        is_clean = self._purity.is_pure and failure == "" and self._purity.restore()
        return frames.READY if is_clean else frames.SPENT

    def _run(self):
        executor = self._server.executor
        executor.run_program(self._program or executor.compile(self._code))
        _flush_files(vars(executor.module))


def _flush_files(namespace):
    """What the call wrote into files that it leaves open belongs into the files."""
    io = sys.modules["io"]
    for value in list(namespace.values()):
        if isinstance(value, io.IOBase) and not value.closed and value.writable():
            value.flush()
