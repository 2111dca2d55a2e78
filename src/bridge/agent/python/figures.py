"""Makes matplotlib draw into the notebook, without importing it."""
import importlib.util
import os
import sys

# The inline backends of new and of old IPython, with the package that holds each.
INLINE_BACKENDS = (
    ("matplotlib_inline", "module://matplotlib_inline.backend_inline"),
    ("ipykernel", "module://ipykernel.pylab.backend_inline"),
)
OWN_MODULE = "_rserver_kernel.plain_figures"


def prefer_inline_backend():
    """Chooses the inline backend for pyplot, unless the session has chosen one with windows or files."""
    for package, backend in INLINE_BACKENDS:
        # The package alone is looked up: matplotlib_inline imports all of matplotlib.
        if importlib.util.find_spec(package) is not None:
            _prefer(backend)
            return
    prefer_own_backend()


def prefer_own_backend():
    _prefer("module://" + OWN_MODULE)


def _prefer(backend):
    # "agg" is what servers without a screen are set to; our own is there after an agent of another version.
    replaceable = ("", "agg", backend.lower())
    if os.environ.get("MPLBACKEND", "").lower() not in replaceable:
        return
    os.environ["MPLBACKEND"] = backend
    matplotlib = sys.modules.get("matplotlib")
    if matplotlib is None:
        return
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        matplotlib.rcParams["backend"] = backend
    elif matplotlib.get_backend().lower() in replaceable:
        pyplot.switch_backend(backend)
