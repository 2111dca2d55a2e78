"""Tracebacks as the user wants them: without the frames that called the user's code."""


def first_user_frame(error):
    """The traceback of an exception from the first frame that is not the agent's; None when there is none."""
    frame = error.__traceback__
    while frame is not None and _is_ours(frame):
        frame = frame.tb_next
    return frame


def _is_ours(frame):
    return frame.tb_frame.f_globals.get("__name__", "").startswith("_rserver_kernel")
