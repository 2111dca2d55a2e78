"""Installs the agent as the package `_rserver_kernel` in a running Python; run with `exec` in a namespace of its own.

The namespace holds SOURCES (module name -> source), DIGEST (of the sources) and OPTIONS (the JSON for `configure`).
Nothing is written to disk and nothing enters `__main__`.
"""
import sys
from importlib.machinery import ModuleSpec

PACKAGE = "_rserver_kernel"


class SourceFinder:
    """Imports the agent's modules from the sources it was given."""

    def __init__(self, sources):
        self.sources = sources

    def find_spec(self, name, path=None, target=None):
        if name not in self.sources:
            return None
        return ModuleSpec(name, self, origin="rserver-kernel", is_package=name == PACKAGE)

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        code = compile(self.sources[module.__name__], "<" + module.__name__ + ">", "exec")
        exec(code, module.__dict__)


def install(sources, digest):
    """Imports the agent, unless the very same agent is there already."""
    installed = sys.modules.get(PACKAGE)
    if installed is not None and getattr(installed, "DIGEST", None) == digest:
        return installed
    for name in [name for name in sys.modules if name == PACKAGE or name.startswith(PACKAGE + ".")]:
        del sys.modules[name]
    sys.meta_path[:] = [
        finder for finder in sys.meta_path if PACKAGE not in getattr(finder, "sources", ())
    ]
    sys.meta_path.insert(0, SourceFinder(sources))
    module = __import__(PACKAGE)
    module.DIGEST = digest
    return module


install(SOURCES, DIGEST).configure(OPTIONS)  # noqa: F821
