"""A kernel process and a small raw client of it: its own HMAC and JSON, so that its cost is low and the same for all."""
import hashlib
import hmac
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid

import zmq

from .processes import tree

DELIMITER = b"<IDS|MSG>"
CHANNELS = dict(shell=zmq.DEALER, control=zmq.DEALER, stdin=zmq.DEALER, iopub=zmq.SUB, hb=zmq.REQ)
# ZeroMQ's own 100 ms between attempts to connect would quantize the start.
RECONNECT_MS = 3


class Dead(Exception):
    """The kernel process has ended."""


class Timeout(Exception):
    """What was waited for did not come."""


LIVE = set()


def reap(*signal_arguments):
    """Ends every kernel that is still there; as a handler of a signal it ends this program, too."""
    for kernel in list(LIVE):
        try:
            os.killpg(kernel.process.pid, signal.SIGKILL)
        except OSError:
            pass
        shutil.rmtree(kernel.directory, ignore_errors=True)
    if signal_arguments:
        os._exit(143)


class Kernel:
    """One kernel process. The sockets connect before it is there, so that nothing that it publishes is lost."""

    def __init__(self, spec, receive_limit=0):
        self.name, self.spec = spec.name, spec
        self.directory = tempfile.mkdtemp(prefix="kernelbench-")
        self.key = uuid.uuid4().hex.encode()
        self.session = uuid.uuid4().hex
        self.mac = hmac.new(self.key, digestmod=hashlib.sha256)
        self.sent_count, self.bad_signatures, self.checked = 0, 0, 0
        ports = free_ports()
        connection_file = self._write_connection_file(ports)
        self._open_sockets(receive_limit)
        environment = dict(os.environ, **spec.env)
        environment["JPY_PARENT_PID"] = str(os.getpid())
        environment.pop("PYTHONUNBUFFERED", None)
        argv = [
            word.replace("{connection_file}", connection_file).replace("{resource_dir}", spec.resource_dir)
            for word in spec.argv
        ]
        self.log = open(spec.log, "ab") if spec.log else subprocess.DEVNULL
        self.started_at = time.perf_counter()
        self.process = subprocess.Popen(
            argv,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
            cwd=self.directory,
        )
        LIVE.add(self)
        for channel, one in self.sockets.items():
            one.connect("tcp://127.0.0.1:%d" % ports[channel + "_port"])

    def _write_connection_file(self, ports):
        path = os.path.join(self.directory, "kernel-%s.json" % uuid.uuid4())
        with open(path, "w") as file:
            json.dump(
                dict(
                    ports,
                    ip="127.0.0.1",
                    key=self.key.decode(),
                    transport="tcp",
                    signature_scheme="hmac-sha256",
                    kernel_name=self.name,
                ),
                file,
            )
        os.chmod(path, 0o600)
        return path

    def _open_sockets(self, receive_limit):
        self.context = zmq.Context()
        self.sockets = {}
        self.poller = zmq.Poller()
        for channel, kind in CHANNELS.items():
            one = self.context.socket(kind)
            one.linger, one.rcvhwm, one.sndhwm = 0, receive_limit, 0
            one.setsockopt(zmq.RECONNECT_IVL, RECONNECT_MS)
            if kind == zmq.DEALER:
                one.identity = self.session.encode()
            if kind == zmq.SUB:
                one.subscribe(b"")
                if receive_limit:
                    one.setsockopt(zmq.RCVBUF, 65536)
            if channel != "hb":
                self.poller.register(one, zmq.POLLIN)
            self.sockets[channel] = one
        self.channel_of = {one: channel for channel, one in self.sockets.items()}

    # -- messages

    def sign(self, parts):
        mac = self.mac.copy()
        for part in parts:
            mac.update(part)
        return mac.hexdigest().encode()

    def send(self, channel, message_type, content):
        """Returns the message id."""
        self.sent_count += 1
        message_id = "%s_%d" % (self.session, self.sent_count)
        date = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + ".%06dZ" % (time.time() % 1 * 1e6)
        header = dict(
            msg_id=message_id,
            username="kernelbench",
            session=self.session,
            msg_type=message_type,
            version="5.3",
            date=date,
        )
        parts = [json.dumps(header).encode(), b"{}", b"{}", json.dumps(content).encode()]
        self.sockets[channel].send_multipart([DELIMITER, self.sign(parts)] + parts)
        return message_id

    def parse(self, frames, check=False):
        """Header, parent header and the bytes of the content."""
        at = frames.index(DELIMITER)
        if check:
            self.checked += 1
            if frames[at + 1] != self.sign(frames[at + 2 : at + 6]):
                self.bad_signatures += 1
        return json.loads(frames[at + 2]), json.loads(frames[at + 3] or b"{}"), frames[at + 5]

    def execute(self, code, silent=False, store=True):
        content = dict(
            code=code,
            silent=silent,
            store_history=store and not silent,
            user_expressions={},
            allow_stdin=False,
            stop_on_error=True,
        )
        return self.send("shell", "execute_request", content)

    def is_alive(self):
        if self.process.poll() is not None:
            raise Dead("kernel exited with %s" % self.process.returncode)

    def ready_frames(self, timeout_ms):
        """The messages that are there, or come in time: (socket, frames)."""
        events = self.poller.poll(timeout_ms)
        if not events:
            self.is_alive()
        for one, _ in events:
            while True:
                try:
                    yield one, one.recv_multipart(zmq.NOBLOCK)
                except zmq.Again:
                    break

    def wait(self, message_id, timeout=30, need=("reply", "idle"), check=False):
        """Until the answers to one request: their times (perf_counter), the content of the reply, the outputs."""
        result = dict(outputs=[])
        deadline = time.perf_counter() + timeout
        wanted = message_id.encode()
        while not all(one in result for one in need):
            left = deadline - time.perf_counter()
            if left <= 0:
                missing = [one for one in need if one not in result]
                raise Timeout("%s: no %s in %gs" % (self.name, missing, timeout))
            for one, frames in self.ready_frames(min(left, 0.5) * 1000):
                now, wall = time.perf_counter(), time.time()
                if wanted in frames[frames.index(DELIMITER) + 3]:
                    self._note(result, one, frames, (now, wall), message_id, check)
        return result

    def _note(self, result, one, frames, times, message_id, check):
        header, parent, content = self.parse(frames, check)
        if parent.get("msg_id") != message_id:
            return
        if header["msg_type"] == "status":
            result.setdefault(json.loads(content)["execution_state"], times[0])
        elif self.channel_of[one] in ("shell", "control"):
            result["reply"] = times[0]
            result["content"] = json.loads(content)
        else:
            result["outputs"].append(times + (header["msg_type"], content))

    def timed(self, message_id, sent_at, **waiting):
        """As `wait`, with `ms` to the later of reply and idle."""
        result = self.wait(message_id, **waiting)
        last = max(result[one] for one in ("reply", "idle") if one in result)
        result["ms"] = (last - sent_at) * 1e3
        result["reply_ms"] = (result["reply"] - sent_at) * 1e3 if "reply" in result else None
        return result

    def run(self, code, **waiting):
        """Runs a cell and times it."""
        sent_at = time.perf_counter()
        return self.timed(self.execute(code), sent_at, **waiting)

    def drain(self, ms=50):
        """Passes over what still comes."""
        while self.poller.poll(ms):
            for _ in self.ready_frames(0):
                pass

    # -- life

    def start(self, trivial, timeout=60):
        """Milliseconds from just before the spawn to the first kernel_info_reply, and to the end of a first cell."""
        message_id = self.send("shell", "kernel_info_request", {})
        result = self.wait(message_id, timeout, need=("reply",))
        info_ms = (result["reply"] - self.started_at) * 1e3
        self.info = result["content"]
        missed = 0
        while missed < 20 and "idle" not in result:  # IOPub may be connected only after shell
            try:
                self.wait(message_id, 0.04, need=("idle",))
                break
            except Timeout:
                missed += 1
                message_id = self.send("shell", "kernel_info_request", {})
        cell = self.wait(self.execute(trivial), timeout)
        first_ms = (max(cell["reply"], cell["idle"]) - self.started_at) * 1e3
        return dict(info_ms=info_ms, first_exec_ms=first_ms, idle_missed=missed)

    def interrupt(self):
        if self.spec.interrupt_mode == "message":
            self.send("control", "interrupt_request", {})
        else:
            os.killpg(self.process.pid, signal.SIGINT)

    def shutdown(self, limit=10):
        pids = tree(self.process.pid)
        sent_at = time.perf_counter()
        message_id = self.send("control", "shutdown_request", dict(restart=False))
        report = dict(reply_ms=None, exit_ms=None, orphans=0)
        while time.perf_counter() < sent_at + limit and self.process.poll() is None:
            try:
                for _, frames in self.ready_frames(2):
                    header, parent, _ = self.parse(frames)
                    if parent.get("msg_id") == message_id and header["msg_type"] == "shutdown_reply":
                        report["reply_ms"] = report["reply_ms"] or (time.perf_counter() - sent_at) * 1e3
            except Dead:
                break
        if self.process.poll() is not None:
            report["exit_ms"] = (time.perf_counter() - sent_at) * 1e3
        time.sleep(0.2)
        report["orphans"] = sum(
            1 for pid in pids if pid != self.process.pid and os.path.exists("/proc/%d" % pid)
        )
        self.close()
        return report

    def close(self):
        LIVE.discard(self)
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except OSError:
            pass
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            pass
        for one in self.sockets.values():
            one.close(0)
        self.context.term()
        shutil.rmtree(self.directory, ignore_errors=True)
        if self.log is not subprocess.DEVNULL:
            self.log.close()


def free_ports():
    sockets = {}
    for channel in CHANNELS:
        one = socket.socket()
        one.bind(("127.0.0.1", 0))
        sockets[channel] = one
    ports = {channel + "_port": one.getsockname()[1] for channel, one in sockets.items()}
    for one in sockets.values():
        one.close()
    return ports
