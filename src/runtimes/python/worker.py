# The Python program behind a Python session: `python worker.py [modules to preload]`.
# Everything else is in the package beside it, which user code knows only as `rserver_runtime`, with `emit(text)`.
import sys

if __name__ == "__main__":
    # Compiled files would land beside the sources, which may be read-only or packaged.
    previous, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    from rserver_runtime.server import main

    sys.dont_write_bytecode = previous
    # User modules come from the working directory, as in an interactive Python.
    sys.path[0] = ""
    preload, sys.argv = sys.argv[1:], [""]
    main(preload)
