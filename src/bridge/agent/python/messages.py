"""Carries the agent's messages to the kernel, each a JSON object in ASCII.

Through the server's emit hook (channel "events"), or framed in the session's console (channel "console").
"""
import base64
import collections
import datetime
import inspect
import io
import json
import math
import os
import sys
import threading

_encode = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


class Channel:
    """The way to the kernel. `begin` and `end` enclose whatever the kernel called."""

    def __init__(self):
        self._nonce = None
        self._stdout = sys.stdout
        self._stderr = _StderrWriter(self)
        self._outer_stderr = None
        self._knows_last = False
        self._waiting = collections.deque()
        self._renew_lock()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._renew_lock)

    def configure(self, options):
        self._nonce = options["nonce"] if options["channel"] == "console" else None
        runtime = sys.modules.get("rserver_runtime")
        self._knows_last = runtime is not None and "last" in inspect.signature(runtime.emit).parameters

    def begin(self):
        # The stream of this moment: user code may redirect sys.stdout, messages must not follow.
        self._stdout = sys.stdout
        if self._nonce is not None:
            self._outer_stderr = sys.stderr
            sys.stderr = self._stderr.attach(sys.stderr)

    def end(self):
        if self._outer_stderr is not None:
            if sys.stderr is self._stderr:
                sys.stderr = self._outer_stderr
            self._stderr.detach()
            self._outer_stderr = None

    def hold(self, message):
        """Sends a message together with those that follow it: nothing may be printed before `release`."""
        self._waiting.append(to_json(message))

    def send(self, message):
        """Sends a message as a whole, whatever thread it comes from."""
        self._waiting.append(to_json(message))
        self.release()

    def release(self, last=False):
        """Sends what waits. `last`: nothing is printed from here to the end of the execution, neither by the runtime."""
        if self._sender == threading.get_ident():
            return  # of a destructor in the middle of a send, which goes on with this one
        with self._lock:
            self._sender = threading.get_ident()
            try:
                while self._waiting:
                    texts = []
                    while self._waiting:
                        texts.append(self._waiting.popleft())
                    self._write(texts, last)
            finally:
                self._sender = None

    def _renew_lock(self):
        self._lock = threading.Lock()
        self._sender = None

    def _write(self, texts, last):
        if self._nonce is None:
            self._emit("\n".join(texts), last)
            return
        # One write: nothing another thread prints can get between the frame's ends.
        self._stdout.write("".join("\x1e" + self._nonce + ":" + text + "\x1e" for text in texts))
        self._stdout.flush()

    def _emit(self, text, last):
        emit = sys.modules["rserver_runtime"].emit
        if last and self._knows_last:
            emit(text, True)
        else:
            emit(text)


class _StderrWriter(io.TextIOBase):
    """Stands for sys.stderr while a cell runs on the console channel, which cannot tell the two streams apart.

    A logging handler may keep it for longer: outside of a cell it writes to the real stream.
    """

    def __init__(self, owner):
        super(_StderrWriter, self).__init__()
        self._channel = owner
        self._real = sys.stderr
        self._attached = False

    def attach(self, real):
        if real is not self:
            self._real = real
        self._attached = True
        return self

    def detach(self):
        self._attached = False

    def write(self, text):
        if not self._attached:
            return self._real.write(text)
        if not isinstance(text, str):
            raise TypeError("write() argument must be str, not " + type(text).__name__)
        if text:
            self._channel.send({"type": "stream", "name": "stderr", "text": text})
        return len(text)

    def flush(self):
        if not self._attached:
            self._real.flush()

    def writable(self):
        return True

    def isatty(self):
        return False

    def fileno(self):
        return self._real.fileno()

    def close(self):
        """Stays open: the session needs it again."""

    @property
    def encoding(self):
        return "utf-8"

    @property
    def errors(self):
        return "backslashreplace"


channel = Channel()


def to_json(message):
    """A message as ASCII JSON; what JSON cannot carry becomes null (NaN) or text."""
    try:
        return _encode(message)
    except (TypeError, ValueError, RecursionError):
        return _encode(_clean(message, 0))


def _clean(value, depth):
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if depth > 100:
        return text_of(value)
    if isinstance(value, dict):
        return {str(key): _clean(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_clean(item, depth + 1) for item in value]
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    plain = getattr(value, "tolist", None)  # numpy's scalars and arrays
    return _clean(plain(), depth + 1) if callable(plain) else text_of(value)


def encode_bundle(data):
    """A mime bundle whose bytes have become text: base64, or the text itself for text types and SVG."""
    encoded = {}
    for mime, value in data.items():
        if isinstance(value, (bytes, bytearray, memoryview)):
            is_text = mime.startswith("text/") or mime == "image/svg+xml"
            raw = bytes(value)
            value = raw.decode("utf-8", "replace") if is_text else base64.b64encode(raw).decode("ascii")
        encoded[mime] = value
    return encoded


def display_message(data, metadata, transient, update):
    """A `display` message from the arguments of IPython's `publish`."""
    message = {"type": "display", "data": encode_bundle(data), "metadata": metadata or {}}
    display_id = (transient or {}).get("display_id")
    if display_id is not None:
        message["display_id"] = display_id
    if update:
        message["update"] = True
    return message


def error_text(error):
    """The `evalue` of an exception; empty for an exit without a code, as after `sys.exit()`."""
    if isinstance(error, SystemExit) and error.code is None:
        return ""
    return text_of(error)


def text_of(value):
    """`str(value)`, whatever the class does."""
    try:
        return str(value)
    except Exception:
        return "<unprintable " + type(value).__name__ + " object>"
