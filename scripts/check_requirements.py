"""Exit status 0 when every pin of the requirements file named first is installed in this environment."""
import sys
from importlib.metadata import PackageNotFoundError, version


def is_installed(pin):
    name, wanted = pin.split("==")
    try:
        return version(name) == wanted
    except PackageNotFoundError:
        return False


with open(sys.argv[1], encoding="utf-8") as lines:
    pins = [line.split("#")[0].strip() for line in lines]
sys.exit(not all(is_installed(pin) for pin in pins if pin))
