# sys.stdout and sys.stderr of a session. Text is gathered as for any pipe, so printing costs what it costs a bare
# Python, and a thread passes it on within 20 ms, so people see it while code runs. Markers in both streams keep the
# order between them; r/protocol.R describes them.
import fcntl
import io
import os
import threading
import time

from rserver_runtime.channel import write_all

_FLUSH_EVERY_S = 0.02
# What may wait in the pipe once there is much text: the server then reads more in one go. Not for all sessions, as Linux
# counts what a user's pipes hold together.
_WIDE_PIPE_BYTES = 262144
_MUCH_BYTES = 32768
_F_SETPIPE_SZ = 1031  # fcntl has it since Python 3.10
# After this long without an execution the flushing thread sleeps until the next one.
_IDLE_AFTER_S = 1.0


class Streams(object):
    def __init__(self, directory, nonce):
        self._prefix = b"\x1d" + nonce.encode("ascii")
        self._sequence = 0
        # Of our own, so that markers arrive whatever user code does with descriptors 1 and 2.
        self._marked = [
            os.open(os.path.join(directory, "stdout"), os.O_WRONLY),
            os.open(os.path.join(directory, "stderr"), os.O_WRONLY),
        ]
        self._lock = threading.RLock()
        self._last = None
        self._is_forked = False
        self.stdout, self.stderr = _text_streams(self, self._before_stdout, self._before_stderr)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(before=self._before_fork, after_in_parent=self._after_fork, after_in_child=self._in_child)
        self._flusher = _Flusher(self.flush)

    def close(self):
        """The process no longer speaks for the session."""
        for descriptor in self._marked:
            os.close(descriptor)

    def wake(self):
        """An execution begins: text must be passed on from now on."""
        self._flusher.wake()

    def rest(self):
        """It has ended."""
        self._flusher.rest()

    def flush(self):
        _flush(self.stdout)
        _flush(self.stderr)

    def mark(self, letter):
        """Writes the same marker into both streams, behind everything printed so far."""
        self.flush()
        with self._lock:
            self._last = None
            self._write_marker(letter)

    def _write_marker(self, letter):
        if self._is_forked:
            return
        self._sequence = self._sequence % 0x7FFFFFFF + 1
        marker = self._prefix + ("%s%08x" % (letter, self._sequence)).encode("ascii")
        for descriptor in self._marked:
            os.write(descriptor, marker)

    # What waits in stderr is always older than what waits in stdout: see _Stderr.write().
    def _before_stdout(self):
        _flush(self.stderr)
        self._switch("stdout")

    def _before_stderr(self):
        self._switch("stderr")

    def _switch(self, name):
        with self._lock:
            if self._last != name:
                if self._last is not None:
                    self._write_marker("s")
                self._last = name

    def _before_fork(self):
        self.flush()
        self._lock.acquire()

    def _after_fork(self):
        self._lock.release()

    def _in_child(self):
        # Only the first process speaks for the session.
        self._is_forked = True
        self._lock.release()


class CopyStreams(object):
    """Of a copy of the process: both streams go into one pipe, which keeps their order without markers."""

    def __init__(self, directory, end_marker):
        self._end_marker = end_marker
        # One more of our own, so that the end arrives whatever user code does with descriptors 1 and 2.
        self._output = os.open(os.path.join(directory, "output"), os.O_WRONLY)
        for descriptor in (1, 2):
            os.dup2(self._output, descriptor)
        self.stdout, self.stderr = _text_streams(self, lambda: _flush(self.stderr), lambda: None)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(before=self.flush)

    def wake(self):
        """Text is passed on at the end of the call, or when there is much of it."""

    rest = wake

    def flush(self):
        _flush(self.stdout)
        _flush(self.stderr)

    def mark(self, letter):
        self.flush()
        if letter == "e":
            write_all(self._output, self._end_marker)



def _text_streams(streams, before_stdout, before_stderr):
    stderr = _Stderr(io.BufferedWriter(_RawStream(2, before_stderr)), streams)
    stdout = io.TextIOWrapper(
        io.BufferedWriter(_RawStream(1, before_stdout), 65536),
        encoding="utf-8",
        errors="backslashreplace",
        newline="\n",
    )
    stdout.mode = stderr.mode = "w"
    return stdout, stderr


class _RawStream(io.RawIOBase):
    """One of the process's own descriptors, written straight through."""

    def __init__(self, descriptor, before_write):
        super(_RawStream, self).__init__()
        self._descriptor = descriptor
        self._before_write = before_write
        self._is_wide = False
        self.name = "<stdout>" if descriptor == 1 else "<stderr>"

    def fileno(self):
        return self._descriptor

    def isatty(self):
        return False

    def writable(self):
        return True

    def write(self, content):
        self._before_write()
        if not self._is_wide and len(content) >= _MUCH_BYTES:
            self._widen()
        write_all(self._descriptor, content)
        return len(content)

    def close(self):
        """User code may close sys.stdout; the session's output goes on."""

    def _widen(self):
        self._is_wide = True
        try:
            fcntl.fcntl(self._descriptor, _F_SETPIPE_SZ, _WIDE_PIPE_BYTES)
        except OSError:
            pass  # not Linux, the user's limit, or no pipe: user code has put something else there


class _Stderr(io.TextIOWrapper):
    """Passes stdout's text on first, which keeps the order, and its own at the end of each line."""

    def __init__(self, buffer, streams):
        super(_Stderr, self).__init__(
            buffer, encoding="utf-8", errors="backslashreplace", newline="\n", line_buffering=True
        )
        self._streams = streams

    def write(self, text):
        _flush(self._streams.stdout)
        return super(_Stderr, self).write(text)


def _flush(stream):
    try:
        stream.flush()
    except (OSError, ValueError):
        pass  # user code has closed it


class _Flusher(object):
    def __init__(self, flush):
        self._flush = flush
        self._wanted = threading.Event()
        self._wanted_until = 0.0
        thread = threading.Thread(target=self._run, name="rserver_runtime flush")
        thread.daemon = True
        thread.start()

    def wake(self):
        self._wanted_until = float("inf")
        if not self._wanted.is_set():
            self._wanted.set()

    def rest(self):
        self._wanted_until = time.monotonic() + _IDLE_AFTER_S

    def _run(self):
        while True:
            self._wanted.wait()
            while time.monotonic() < self._wanted_until:
                time.sleep(_FLUSH_EVERY_S)
                self._flush()
            self._wanted.clear()
            # wake() may have come in between, and found the event still set.
            if time.monotonic() < self._wanted_until:
                self._wanted.set()
