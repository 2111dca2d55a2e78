# Carries out the server's requests, one after the other, until it closes the channel.
import faulthandler
import functools
import json
import os
import platform
import signal
import sys
import threading

from rserver_runtime import channel as frames, snapshot
from rserver_runtime.channel import Channel
from rserver_runtime.execution import Executor
from rserver_runtime.parent import Parent, preload
from rserver_runtime.service import Service
from rserver_runtime.stdin import StandardInput
from rserver_runtime.streams import Streams
from rserver_runtime.values import NotPlain, as_declared, from_json, plain, to_json
from rserver_runtime.workspace import Workspace, WorkspaceError

_server = None


def main(modules):
    global _server
    directory = os.environ.pop("RSERVER_WORKER_PIPES")
    channel = Channel(directory)
    _, nonce, role = channel.read()
    preload(modules)
    if role == b"parent":
        directory = Parent(channel).run()
        channel = Channel(directory)
        _, nonce, _ = channel.read()
    _server = Server(directory, channel, nonce)
    _server.run()


def emit(text, last=False):
    _server.emit(text, last)


def ask(prompt, is_password):
    return _server.stdin.ask(str(prompt), is_password)


class Server(object):
    def __init__(self, directory, channel, nonce):
        self._pid = os.getpid()
        self._interrupt_file = os.path.join(os.path.dirname(directory), "interrupt")
        self._channel = channel
        self._streams = Streams(directory, nonce)
        self.executor = Executor()
        self._workspace = Workspace(self.executor)
        self._service = None
        # Texts that come with the end of the execution.
        self._last = []

    def run(self):
        sys.stdout, sys.stderr = self._streams.stdout, self._streams.stderr
        sys.__stdout__, sys.__stderr__ = sys.stdout, sys.stderr
        self.stdin = StandardInput(self._channel, self._streams.mark, _Shield)
        self.stdin.install()
        faulthandler.enable(2)  # a crash leaves its trace on stderr
        _watch_child_programs(lambda: self._streams.flush(), self._interrupt_file)
        self.executor.run(lambda: None, "None")
        self._channel.write(frames.HELLO, platform.python_version())
        while True:
            request = self._channel.read()
            if request is None:
                break
            kind, text, content = request
            if kind == frames.REQUEST_EXECUTE:
                self._execute(text, content)
            else:
                self._answer(kind, text, content)

    def emit(self, text, last=False):
        if not isinstance(text, str):
            raise TypeError("emit() takes a string")
        if os.getpid() != self._pid:
            return
        if last:
            self._last.append(text)
            return
        # An interrupt in the middle of a frame would garble the channel: it waits.
        with _Shield(), self._channel.turn:
            self._streams.mark("d")
            self._channel.write(frames.DATA, text)

    def _leave(self):
        """This process is a copy made by os.fork(), which does not speak for the session."""
        self._channel.close()
        self._streams.close()

    def become_copy(self, channel, streams):
        """This process is a copy made by os.fork(), which speaks for a call of a web service."""
        self._leave()
        self._channel, self._streams = channel, streams
        self._pid = os.getpid()
        self.emit = lambda text, last=False: None  # nobody takes it
        sys.stdout, sys.stderr = streams.stdout, streams.stderr
        sys.__stdout__, sys.__stderr__ = sys.stdout, sys.stderr

    def _execute(self, code, content):
        self.execute_body(lambda: self.executor.run_program(self.executor.compile(code)), content)

    def execute_body(self, body, content, finish=None):
        """`finish` is told what went wrong, or "", when the values have been read; the kind of frame that it returns
        follows the answer."""
        parameters = json.loads(content.decode("utf-8")) if content else {"inputs": [], "outputs": []}
        self._streams.wake()
        failure = self.executor.run_body(lambda: self._assign(parameters["inputs"]), body)
        if os.getpid() != self._pid:
            self._streams.flush()
            os._exit(0)  # a copy made by os.fork(), which has no session to go on with
        outputs = []
        if failure == "":
            outputs, failure = self._read_outputs(parameters["outputs"])
        kind = frames.DONE if failure == "" else frames.FAILED
        content = to_json(outputs) if outputs else b""
        following = finish(failure) if finish is not None else None
        with self._channel.turn:
            self._streams.mark("e")
            self._streams.rest()
            leading, self._last = self._last, []
            self._channel.write(kind, failure, content, leading, following)

    def _assign(self, inputs):
        for name, value, declared in inputs:
            setattr(self.executor.module, name, as_declared(from_json(value), declared))

    def _read_outputs(self, names):
        """The values that could be read, and what is wrong with the first one that could not."""
        outputs, failure = [], ""
        namespace = vars(self.executor.module)
        for name in names:
            try:
                if name not in namespace:
                    raise NotPlain("the workspace has no object of this name.")
                outputs.append((name, plain(namespace[name], name)))
            except Exception as error:
                failure = failure or "Output parameter '%s': %s" % (name, error)
        return outputs, failure

    def _answer(self, kind, text, content):
        workspace = self._workspace
        rest = None
        try:
            result = b""
            if kind == frames.REQUEST_LIST:
                result = json.dumps(workspace.names()).encode("ascii")
            elif kind == frames.REQUEST_GET:
                workspace.get(content.decode("utf-8"), text)
            elif kind == frames.REQUEST_SET:
                workspace.set(content.decode("utf-8"), text)
            elif kind == frames.REQUEST_DELETE:
                workspace.delete(content.decode("utf-8"))
            elif kind == frames.REQUEST_SAVE:
                rest = snapshot.save(workspace, text, content.decode("utf-8"), self._leave)
            elif kind == frames.REQUEST_LOAD:
                workspace.load(text)
            elif kind == frames.REQUEST_PREPARE:
                self._service = Service(self, text, content)
            elif kind == frames.REQUEST_FORK:
                result = json.dumps([str(self._service.fork(text))]).encode("ascii")
            self._streams.flush()
            self._channel.write(frames.DONE, "", result)
            if rest is not None:
                rest()
        except WorkspaceError as error:
            self._channel.write(frames.FAILED, error.code, str(error).encode("utf-8", "replace"))
        except Exception as error:
            self._channel.write(frames.FAILED, "", str(error).encode("utf-8", "replace"))


class _Shield(object):
    """Puts an interrupt off to the end of a block."""

    def __enter__(self):
        self._came = False
        try:
            self._previous = signal.signal(signal.SIGINT, self._note)
        except ValueError:  # another thread than the main one: interrupts never come here
            self._previous = None

    def _note(self, number, frame):
        self._came = True

    def __exit__(self, *error):
        if self._previous is None:
            return
        signal.signal(signal.SIGINT, self._previous)
        if self._came and callable(self._previous):
            self._previous(signal.SIGINT, None)


def _watch_child_programs(flush, interrupt_file):
    """Text printed before a child program starts stands before the child's, as it does on a terminal.

    While os.system() waits, interrupts end the child only: the server leaves a file while it wants to interrupt.
    """
    import subprocess

    system, execute_child = os.system, subprocess.Popen._execute_child

    @functools.wraps(system)
    def watched_system(command):
        flush()
        status = system(command)
        if os.path.exists(interrupt_file) and threading.current_thread() is threading.main_thread():
            raise KeyboardInterrupt
        return status

    @functools.wraps(execute_child)
    def flushing_execute_child(*args, **kwargs):
        flush()
        return execute_child(*args, **kwargs)

    os.system = watched_system
    subprocess.Popen._execute_child = flushing_execute_child
