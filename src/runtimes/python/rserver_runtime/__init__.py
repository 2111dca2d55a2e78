# The runtime's side of a session's Python process. Public to code in the session: emit().


def emit(text):
    """Hands one string to the server, in order with everything printed before."""
    from rserver_runtime import server

    server.emit(text)
