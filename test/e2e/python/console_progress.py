"""A slow cell in jupyter console, in a pseudo-terminal. Usage: console_progress.py KERNEL; prints ok at the end."""

import sys

import pexpect

kernel = sys.argv[1]
SLEEP = "Sys.sleep(4); 42" if kernel == "rserver-r" else "import time; time.sleep(4); 42"
STYLE = r"(?:\x1b\[[\d;?]*[A-Za-z])*"
ERASE = r"\r\x1b\[K"

console = pexpect.spawn(
    sys.executable,
    ["-m", "jupyter_console", "--kernel", kernel],
    encoding="utf-8",
    timeout=40,
    dimensions=(40, 120),
)
console.logfile_read = sys.stderr


def prompt(number):
    console.expect(r"In \[" + STYLE + str(number) + STYLE + r"\]: ")


prompt(1)
console.sendline("1")
prompt(2)
console.sendline(SLEEP)
# each line is written over the one before, and wiped before the value is shown
console.expect(ERASE + "Running 2 s")
console.expect(ERASE + "Running 3 s")
console.expect(ERASE + STYLE + "Out")
console.expect("42")
prompt(3)
console.close(force=True)
print("ok")
