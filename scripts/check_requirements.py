"""Exit status 0 when every pin of the requirements file named first is installed in this environment."""
import os
import sys
from importlib.metadata import PackageNotFoundError, version


def read_pins(file):
    """The pins of a requirements file and of the files that it names with ``-r``."""
    with open(file, encoding="utf-8") as lines:
        entries = [line.split("#")[0].strip() for line in lines]
    for entry in entries:
        if entry.startswith("-r "):
            yield from read_pins(os.path.join(os.path.dirname(file), entry[3:].strip()))
        elif entry:
            yield entry


def is_installed(pin):
    name, wanted = pin.split("==")
    try:
        return version(name) == wanted
    except PackageNotFoundError:
        return False


sys.exit(not all(is_installed(pin) for pin in read_pins(sys.argv[1])))
