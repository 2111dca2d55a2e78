"""Two jupyter consoles, one after the other, in a pseudo-terminal. Usage: console_history.py KERNEL.

Prints what the arrow up brings in the second console.
"""

import re
import sys

import pexpect

kernel = sys.argv[1]
UP = "\x1b[A"
STYLE = r"(?:\x1b\[[\d;?]*[A-Za-z])*"


def open_console():
    console = pexpect.spawn(
        sys.executable,
        ["-m", "jupyter_console", "--kernel", kernel],
        encoding="utf-8",
        timeout=60,
        dimensions=(40, 120),
    )
    console.logfile_read = sys.stderr
    prompt(console, 1)
    return console


def prompt(console, number):
    console.expect(r"In \[" + STYLE + str(number) + STYLE + r"\]: ")


def leave(console):
    console.sendline("q()" if kernel == "rserver-r" else "exit")
    console.expect(pexpect.EOF)
    console.close()


first = open_console()
first.sendline("1111 + 2222")
first.expect("3333")
prompt(first, 2)
leave(first)

second = open_console()
second.send(UP + UP)  # over the line with which the first one was left
second.sendline(" - 1000")
found = second.expect(["2333", "-1000"])
print("earlier line" if found == 0 else "nothing")
prompt(second, 2)
leave(second)
