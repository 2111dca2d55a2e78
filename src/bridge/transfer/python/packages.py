"""Formats that packages of the session read and write, and those packages where they are there."""
try:
    import numpy
except ImportError:
    numpy = None
try:
    import pandas
except ImportError:
    pandas = None


def need(*packages):
    for package in packages:
        try:
            return __import__(package)
        except ImportError:
            pass
    raise ImportError("the session has no package " + " or ".join(packages))


def write_parquet(value, file):
    need("pyarrow", "fastparquet")
    value.to_parquet(file)


def read_parquet(file):
    need("pandas")
    need("pyarrow", "fastparquet")
    return pandas.read_parquet(file)


def write_arrow(value, file):
    need("pyarrow")
    import pyarrow.feather

    pyarrow.feather.write_feather(value, file)


def read_arrow(file):
    need("pyarrow")
    import pyarrow.feather

    return pyarrow.feather.read_feather(file)
