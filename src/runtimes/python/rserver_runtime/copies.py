# What every copy of a process needs that os.fork() has made: what the copy must not have in common with the others.
import os
import sys


def move_folders(home):
    """The temporary folder and the working directory are in `home`."""
    os.environ["TMPDIR"] = os.path.join(home, "tmp")
    os.chdir(os.path.join(home, "work"))


def forget_common_state():
    """What would make copies alike that should not be: random numbers, the names of temporary files."""
    tempfile = sys.modules.get("tempfile")
    if tempfile is not None:
        tempfile.tempdir = None
        tempfile._name_sequence = None
    for name in ("random", "numpy.random"):
        if name in sys.modules:
            sys.modules[name].seed()
