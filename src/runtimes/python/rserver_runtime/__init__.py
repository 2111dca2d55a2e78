# The runtime's side of a session's Python process. Public to code in the session: emit() and ask().


def emit(text):
    """Hands one string to the server, in order with everything printed before."""
    from rserver_runtime import server

    server.emit(text)


def ask(prompt="", is_password=False):
    """Asks the person at the other end for a line of text; None at the end of input."""
    from rserver_runtime import server

    return server.ask(prompt, is_password)
