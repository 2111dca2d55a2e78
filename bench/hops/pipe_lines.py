"""Answers each line on stdin with a line: the line itself, or with the argument "evaluate" what its code gives."""
import sys

evaluates = sys.argv[1:] == ["evaluate"]
for line in sys.stdin:
    print(eval(compile(line, "line", "eval")) if evaluates else line.rstrip("\n"), flush=True)
