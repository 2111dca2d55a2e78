"""Comms: messages between objects of the session and their views in the front end, by the hooks of the package `comm`.

A message travels as {"type": "comm", "action": "open" | "message" | "close", "comm_id", "data", "metadata"}, an opening
one with "target_name" and perhaps "target_module", and with "buffers", each in base64, where there are any.
"""
import base64

import comm
from comm.base_comm import BaseComm, CommManager

from _rserver_kernel.front_end_request import request
from _rserver_kernel.messages import channel

_ACTIONS = {"comm_open": "open", "comm_msg": "message", "comm_close": "close"}
_MESSAGE_TYPES = {action: name for name, action in _ACTIONS.items()}


class SessionComm(BaseComm):
    """An end of a comm whose other end is in the front end."""

    def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
        message = {
            "type": "comm",
            "action": _ACTIONS[msg_type],
            "comm_id": self.comm_id,
            "data": data or {},
            "metadata": metadata or {},
        }
        for name in ("target_name", "target_module"):
            if keys.get(name) is not None:
                message[name] = keys[name]
        if buffers:
            message["buffers"] = [_encode(buffer) for buffer in buffers]
        channel.send(message)


def _encode(buffer):
    return base64.b64encode(memoryview(buffer).tobytes()).decode("ascii")


def take_hooks():
    """Makes every library that uses `comm` speak through the agent. Returns the session's comm manager."""
    earlier = comm.get_comm_manager()
    manager = CommManager()
    if type(earlier) is CommManager:
        # The package's own, or one of an earlier agent: libraries have told it their targets.
        manager = earlier
        for open_comm in manager.comms.values():
            open_comm.__class__ = SessionComm
    comm.create_comm = SessionComm
    comm.get_comm_manager = lambda: manager
    return manager


def handle(manager, message, message_id):
    """Hands over a message of the front end. Returns whether its comm, or the target to be opened, is known here.

    What the user's callbacks raise is raised.
    """
    action, comm_id = message["action"], message["comm_id"]
    content = {"comm_id": comm_id, "data": message["data"]}
    for name in ("target_name", "target_module"):
        if name in message:
            content[name] = message[name]
    buffers = [memoryview(base64.b64decode(text)) for text in message.get("buffers", ())]
    received = request.begin(
        _MESSAGE_TYPES[action], message_id, content, message["metadata"], buffers
    )
    if action == "open":
        return _open(manager, comm_id, message["target_name"], received)
    found = manager.comms.get(comm_id)
    if found is None:
        return False
    if action == "close":
        _forget(manager, found)
        found.handle_close(received)
    else:
        found.handle_msg(received)
    return True


def _open(manager, comm_id, target_name, received):
    target = manager.targets.get(target_name)
    if target is None:
        return False
    opened = SessionComm(comm_id=comm_id, target_name=target_name, primary=False)
    manager.register_comm(opened)
    try:
        target(opened, received)
    except BaseException:
        _forget(manager, opened)
        raise
    return True


def _forget(manager, closed):
    closed._closed = True  # its end would be told to the front end otherwise, which knows
    manager.comms.pop(closed.comm_id, None)


def list_open(manager):
    return {name: found.target_name for name, found in list(manager.comms.items())}
