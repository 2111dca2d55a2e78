"""Drives jupyter console. Usage: console_session.py KERNEL; prints ok at the end."""

import sys

import pexpect

from console import UP, expect_prompt, leave, open_console

kernel = sys.argv[1]
R = kernel == "rserver-r"
console = open_console(kernel)


def prompt(number):
    expect_prompt(console, number)


console.sendline("6 * 7")
console.expect(r"42")
prompt(2)

# several lines: the console asks is_complete and shows a continuation prompt
if R:
    console.sendline("f <- function(x) {")
    console.expect(r"\.\.\.")
    console.sendline("x + 1 }")
else:
    console.sendline("def f(x):")
    console.expect(r"\.\.\.")
    console.sendline("return x + 1")
    console.expect(r"\.\.\.")
    console.sendline("")
prompt(3)
console.sendline("f(99)")
console.expect("100")
prompt(4)

# the up arrow brings the line before back
console.send(UP)
console.sendline("")
console.expect("100")
prompt(5)

# questions of the remote code are answered at the keyboard; a password is not shown
# (in two pieces, so that the line itself does not look like the question)
console.sendline('x <- readline(paste0("Na", "me? "))' if R else 'x = input("Na" + "me? ")')
console.expect(r"Name\? ")
console.sendline("Ada")
prompt(6)
console.sendline('paste0("said ", x)' if R else '"said " + x')
console.expect("said Ada")
prompt(7)
console.sendline(
    'x <- getOption("askpass")(paste0("Pi", "n? "))' if R else 'import getpass; x = getpass.getpass("Pi" + "n? ")'
)
console.expect(r"Pin\? ")
assert console.waitnoecho(), "the password is shown"
console.sendline("4321")
prompt(8)
assert "4321" not in console.before, console.before
console.sendline("nchar(x) * 11" if R else "len(x) * 11")
console.expect("44")
prompt(9)

# Ctrl-C at a question ends the cell
console.sendline('x <- readline(paste0("Aga", "in? "))' if R else 'x = input("Aga" + "in? ")')
console.expect(r"Again\? ")
# Python does not see a Ctrl-C that comes between its writing the question and its reading: then another one is needed
for attempt in range(10):
    console.sendintr()
    if console.expect(["nterrupt", pexpect.TIMEOUT], timeout=4) == 0:
        break
prompt(10)

# Ctrl-C interrupts the remote computation; the state stays
console.sendline('cat("begun\\n"); Sys.sleep(60)' if R else 'import time; print("begun", flush=True); time.sleep(60)')
console.expect("begun\r\n")
console.sendintr()
console.expect("nterrupt")
prompt(11)
console.sendline("f(1)")
console.expect("2")
prompt(12)

console.sendline('stop("boom")' if R else "raise ValueError('boom')")
console.expect("boom")
prompt(13)
console.sendline("%lsmagic")
console.expect("%snapshot")
prompt(14)
leave(console, kernel)
print("ok")
