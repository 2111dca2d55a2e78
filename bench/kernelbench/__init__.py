"""Jupyter kernels side by side over the wire; `python -m kernelbench --help`."""
