"""Runs a notebook with nbclient under a time limit for each cell, writes it back, and prints how that ended.

Arguments: notebook, seconds, "interrupt" or "stop".
"""
import sys

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError

path, seconds, policy = sys.argv[1:]
notebook = nbformat.read(path, as_version=4)
client = NotebookClient(
    notebook,
    timeout=int(seconds),
    interrupt_on_timeout=policy == "interrupt",
)
try:
    client.execute()
    print("finished")
except (CellExecutionError, CellTimeoutError) as error:
    print(type(error).__name__)
finally:
    nbformat.write(notebook, path)
