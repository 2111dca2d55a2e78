"""Drives jupyter console in a pseudo-terminal. Usage: console_session.py KERNEL; prints ok at the end."""

import sys

import pexpect

kernel = sys.argv[1]
R = kernel == "rserver-r"

console = pexpect.spawn(
    sys.executable,
    ["-m", "jupyter_console", "--kernel", kernel],
    encoding="utf-8",
    timeout=40,
    dimensions=(40, 120),
)
console.logfile_read = sys.stderr


STYLE = r"(?:\x1b\[[\d;?]*[A-Za-z])*"


def prompt(number):
    console.expect(r"In \[" + STYLE + str(number) + STYLE + r"\]: ")


prompt(1)
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

# Ctrl-C interrupts the remote computation; the state stays
console.sendline('cat("begun\\n"); Sys.sleep(60)' if R else 'import time; print("begun", flush=True); time.sleep(60)')
console.expect("begun\r\n")
console.sendintr()
console.expect("nterrupt")
prompt(5)
console.sendline("f(1)")
console.expect("2")
prompt(6)

console.sendline('stop("boom")' if R else "raise ValueError('boom')")
console.expect("boom")
prompt(7)
console.sendline("%lsmagic")
console.expect("%snapshot")
prompt(8)
console.sendline("q()" if R else "exit")
console.expect(pexpect.EOF)
console.close()
print("ok")
