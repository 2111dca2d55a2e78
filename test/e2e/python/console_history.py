"""Two jupyter consoles, one after the other. Usage: console_history.py KERNEL.

Prints what the arrow up brings in the second console.
"""

import sys

from console import UP, expect_prompt, leave, open_console

kernel = sys.argv[1]

first = open_console(kernel)
first.sendline("1111 + 2222")
first.expect("3333")
expect_prompt(first, 2)
leave(first, kernel)

second = open_console(kernel)
second.send(UP + UP)  # over the line with which the first one was left
second.sendline(" - 1000")
found = second.expect(["2333", "-1000"])
print("earlier line" if found == 0 else "nothing")
expect_prompt(second, 2)
leave(second, kernel)
