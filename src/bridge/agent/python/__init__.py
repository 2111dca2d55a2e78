"""The agent: runs cells inside a Python session of an R Server and sends rich results back to the kernel.

These functions are all that the kernel calls. What they send is told in messages.py.
"""
import json

from _rserver_kernel.knowledge import Workspace
from _rserver_kernel.messages import channel, error_text
from _rserver_kernel.services import types as service_types
from _rserver_kernel.stdin import refused_input
from _rserver_kernel.variables import children as list_children


def new_session():
    """A session by IPython, or without it where it is absent or does not work."""
    try:
        from _rserver_kernel.ipython_session import IPythonSession

        return IPythonSession()
    except Exception:
        from _rserver_kernel.plain_session import PlainSession

        return PlainSession()


session = new_session()
workspace = Workspace()


def configure(options):
    """Sets how messages travel: JSON {"channel": "events" | "console", "nonce": hex}."""
    channel.configure(json.loads(options))


def run(source, options="{}"):
    """Runs a cell: sends its outputs, then `error` if it failed, then `done`; raises when it failed."""
    request = {
        "silent": False,
        "storeHistory": True,
        "executionCount": 1,
        "userExpressions": {},
        "requestId": "",
        "known": None,
    }
    request.update(json.loads(options))
    error, expressions, payload = None, {}, []
    channel.begin()
    try:
        try:
            tell(workspace.tell_everything(request["known"], *session.workspace()))
            channel.release()
            with refused_input:
                error, expressions, payload = session.run(source, request)
            tell(workspace.tell_changes(request["known"], *session.workspace(), source=source))
        except BaseException as raised:  # an interrupt that came outside the user's code
            error = describe(raised)
        if error is not None:
            channel.hold(dict(error, type="error"))
        channel.hold(
            {
                "type": "done",
                "status": "ok" if error is None else "error",
                "user_expressions": expressions,
                "payload": payload,
            }
        )
        # The runtime prints an error once more, which the kernel passes over after `done`.
        channel.release(last=error is None)
    finally:
        channel.end()
    if error is not None:
        raise failure(error)


def tell(message):
    """What is told before the cell travels with what it sends first, what is told after it with its end."""
    if message is not None:
        channel.hold(message)


def complete(code, cursor):
    """Completions at a cursor, counted in code points."""
    reply(session.complete, (code, cursor), no_completions(cursor))


def inspect(code, cursor, detail=0):
    """What is known of the object at a cursor; detail 1 adds its source."""
    reply(session.inspect, (code, cursor, detail), {"found": False, "data": {}, "metadata": {}})


def is_complete(code):
    """Whether code is ready to run."""
    reply(session.is_complete, (code,), {"status": "unknown"})


def variables():
    """The variables of the workspace."""
    reply(session.variables, (), {"variables": []})


def children(path):
    """What a variable holds; `path`: its name, then names of members or positions."""
    namespace = session.workspace()[0]
    reply(lambda: {"variables": list_children(namespace, path)}, (), {"variables": []})


def types(names):
    """The types of variables as inputs and outputs of a web service."""
    namespace = session.workspace()[0]
    reply(lambda: {"types": service_types(namespace, names)}, (), {"types": {}})


def comm(message, request_id=""):
    """Hands over a comm message of the front end, JSON as told in comms.py. Replies {"handled": whether it is known}."""
    reply(session.comm, (json.loads(message), request_id), {"handled": False})


def open_comms():
    """The comms which objects of the session hold open: {"comms": {id: name of its target}}."""
    reply(session.open_comms, (), {"comms": {}})


def reply(function, arguments, otherwise):
    """Sends a function's value as `reply`; where it fails, `otherwise`: looking must never be an error."""
    channel.begin()
    try:
        try:
            content = function(*arguments)
        except Exception:
            content = otherwise
        channel.hold({"type": "reply", "content": content})
        channel.release(last=True)
    finally:
        channel.end()


def no_completions(cursor):
    return {"matches": [], "cursor_start": cursor, "cursor_end": cursor, "metadata": {}}


def describe(error):
    """The fields of an `error` message for an exception that has no traceback worth showing."""
    name, value = type(error).__name__, error_text(error)
    return {"ename": name, "evalue": value, "traceback": [name + ": " + value]}


def failure(error):
    """A short exception of the user's class name, so that the server sees a failure.

    It is an `Exception` even for SystemExit and KeyboardInterrupt, which could end the session.
    """
    lines = [error["ename"] + ": " + error["evalue"]]
    members = {"__module__": "builtins", "_render_traceback_": lambda self: lines}
    raised = type(error["ename"], (Exception,), members)(error["evalue"])
    raised.__suppress_context__ = True
    return raised
