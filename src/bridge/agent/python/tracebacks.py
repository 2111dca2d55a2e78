"""Tracebacks as the user wants them: without the frames that called the user's code, or that its last call led to."""
import sys

_REFUSAL = "_rserver_kernel.stdin"


def first_user_frame(error):
    """The traceback of an exception from the first frame that is not the agent's; None when there is none."""
    frame = error.__traceback__
    while frame is not None and _is_ours(frame):
        frame = frame.tb_next
    return frame


def without_reading(trace):
    """The traceback without what reading from the keyboard led to at its end. Python before 3.7 cannot cut one."""
    last = frame = trace
    while frame is not None:
        if not _is_reading(frame):
            last = frame
        frame = frame.tb_next
    if last is not None and sys.version_info >= (3, 7):
        last.tb_next = None
    return trace


def _is_reading(frame):
    """Whether it is of the runtime of a server that can ask, or of the refusal where there is no way to."""
    name = frame.tb_frame.f_globals.get("__name__", "")
    return name.startswith("rserver_runtime") or name == _REFUSAL


def _is_ours(frame):
    return frame.tb_frame.f_globals.get("__name__", "").startswith("_rserver_kernel")
