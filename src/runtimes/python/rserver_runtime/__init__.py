# The runtime's side of a session's Python process. Public to code in the session: emit() and ask().


def emit(text, last=False):
    """Hands one string to the server, in order with everything printed before.

    With `last` it comes with the end of the execution: nothing of the caller's is printed after it.
    """
    from rserver_runtime import server

    server.emit(text, last)


def ask(prompt="", is_password=False):
    """Asks the person at the other end for a line of text; None at the end of input."""
    from rserver_runtime import server

    return server.ask(prompt, is_password)
