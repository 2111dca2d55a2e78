"""Opens jupyter console in a pseudo-terminal, for the programs beside this one."""

import sys

import pexpect

UP = "\x1b[A"
STYLE = r"(?:\x1b\[[\d;?]*[A-Za-z])*"


def open_console(kernel):
    """A console at its first prompt; what it shows goes to stderr, too."""
    console = pexpect.spawn(
        sys.executable,
        ["-m", "jupyter_console", "--kernel", kernel],
        encoding="utf-8",
        timeout=60,
        dimensions=(40, 120),
    )
    console.logfile_read = sys.stderr
    expect_prompt(console, 1)
    return console


def expect_prompt(console, number):
    console.expect(r"In \[" + STYLE + str(number) + STYLE + r"\]: ")


def leave(console, kernel):
    console.sendline("q()" if kernel == "rserver-r" else "exit")
    console.expect(pexpect.EOF)
    console.close()
