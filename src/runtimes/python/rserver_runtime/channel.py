# Frames between this process and the server, over named pipes. The other side is framing.ts.
#
# A frame is three little-endian 32 bit integers (kind, length of text, length of bytes), UTF-8 text, bytes.
import os
import struct
import threading

REQUEST_EXECUTE = 1
REQUEST_LIST = 2
REQUEST_GET = 3
REQUEST_SET = 4
REQUEST_DELETE = 5
REQUEST_SAVE = 6
REQUEST_LOAD = 7
REQUEST_PREPARE = 9
REQUEST_FORK = 10
REQUEST_FORK_SESSION = 11
REQUEST_AWAIT_COPY = 12
REQUEST_SETTLE = 13

HELLO = 1
DATA = 2
DONE = 3
FAILED = 4
INPUT = 5
READY = 6
SPENT = 7
LAST = 8

_HEADER = struct.Struct("<iii")
_NUMBER = struct.Struct("<i")


class Channel(object):
    """Both directions. Descriptors are not inherited by child programs."""

    def __init__(self, directory):
        self._open(directory)
        self._input = os.open(os.path.join(directory, "input"), os.O_RDONLY)

    def _open(self, directory):
        self._requests = os.open(os.path.join(directory, "requests"), os.O_RDONLY)
        self._answers = os.open(os.path.join(directory, "answers"), os.O_WRONLY)
        # Whoever writes a frame and its markers holds it: threads of the user's may emit, too.
        self.turn = threading.RLock()
        self._buffer = b""

    def close(self):
        for descriptor in (self._requests, self._answers, self._input):
            os.close(descriptor)

    def read(self):
        """The next request as (kind, text, bytes), or None when the server has closed the channel."""
        header = self._take(_HEADER.size)
        if header is None:
            return None
        kind, text_size, bytes_size = _HEADER.unpack(header)
        body = self._take(text_size + bytes_size)
        if body is None:
            return None
        return kind, body[:text_size].decode("utf-8", "surrogatepass"), body[text_size:]

    def write(self, kind, text, content=b"", leading=(), following=None):
        """In one piece with it go LAST frames before it, of the texts `leading`, and an empty frame of the kind `following`."""
        frames = [_frame(LAST, last, b"") for last in leading]
        frames.append(_frame(kind, text, content))
        if following is not None:
            frames.append(_frame(following, "", b""))
        with self.turn:
            write_all(self._answers, b"".join(frames))

    def read_reply(self):
        """The next reply to a request for input as (kind, text, number), or None when the server has gone."""
        header = self._read_input(_HEADER.size)
        if header is None:
            return None
        kind, text_size, bytes_size = _HEADER.unpack(header)
        body = self._read_input(text_size + bytes_size)
        if body is None:
            return None
        return kind, body[:text_size].decode("utf-8", "surrogatepass"), _NUMBER.unpack(body[text_size:])[0]

    def _read_input(self, size):
        content = b""
        while len(content) < size:
            piece = os.read(self._input, size - len(content))
            if not piece:
                return None
            content += piece
        return content

    def _take(self, size):
        if len(self._buffer) >= size:
            taken, self._buffer = self._buffer[:size], self._buffer[size:]
            return taken
        pieces = [self._buffer]
        missing = size - len(self._buffer)
        while missing > 0:
            piece = os.read(self._requests, 65536)
            if not piece:
                return None
            pieces.append(piece)
            missing -= len(piece)
        joined = b"".join(pieces)
        self._buffer = joined[size:]
        return joined[:size]


def _frame(kind, text, content):
    # A lone surrogate has no UTF-8 form; it becomes "?".
    encoded = text.encode("utf-8", "replace")
    return _HEADER.pack(kind, len(encoded), len(content)) + encoded + content


class CopyChannel(Channel):
    """The channel of a copy of the process, which nobody answers questions of."""

    def __init__(self, directory):
        self._open(directory)


def write_all(descriptor, content):
    """Writes everything, however many calls it takes."""
    written = os.write(descriptor, content)
    while written < len(content):
        content = memoryview(content)[written:]
        written = os.write(descriptor, content)
