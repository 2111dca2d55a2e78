"""A file becomes a variable, a variable becomes a file."""
import os
import pickle

import __main__
from _rserver_transfer.csv_files import read_csv, write_csv
from _rserver_transfer.decode import decode
from _rserver_transfer.encode import encode
from _rserver_transfer.files import digest_of, remove_files, report
from _rserver_transfer.frames import read_frame, write_frame
from _rserver_transfer.json_files import read_json, write_json
from _rserver_transfer.packages import read_arrow, read_parquet, write_arrow, write_parquet


def load_file(file, form, name, types):
    readers = {
        "csv": lambda: read_csv(file, types),
        "json": lambda: read_json(file, types),
        "parquet": lambda: read_parquet(file),
        "arrow": lambda: read_arrow(file),
        "pickle": lambda: read_pickle(file),
        "frame": lambda: decode(read_frame(file)),
    }
    try:
        if form not in readers:
            raise ValueError("Python does not read the format " + form)
        value = readers[form]()
    finally:
        remove_files([file, types])
    vars(__main__)[name] = value
    describe(value)


def save_file(name, form, file):
    main = vars(__main__)
    if name not in main:
        report("missing")
        return
    value = main[name]
    if form in ("parquet", "arrow") and type(value).__name__ != "DataFrame":
        raise TypeError("{0} is no data frame, which the format {1} wants".format(name, form))
    writers = {
        "csv": lambda: write_csv(encode(value, name), file),
        "json": lambda: write_json(encode(value, name), file),
        "parquet": lambda: write_parquet(value, file),
        "arrow": lambda: write_arrow(value, file),
        "pickle": lambda: write_pickle(value, file),
        "frame": lambda: write_frame(encode(value, name), file),
    }
    if form not in writers:
        raise ValueError("Python does not write the format " + form)
    try:
        writers[form]()
        describe(value)
        typed_too = "TRUE" if os.path.exists(file + ".types") else "FALSE"
        report("file", os.path.getsize(file), *(digest_of(file) + [typed_too]))
    except BaseException:
        remove_files([file, file + ".types"])
        raise


def describe(value):
    shape = getattr(value, "shape", ())
    if len(shape) == 2:
        report("value", type(value).__name__, shape[0], shape[1])
        return
    rows = len(value) if hasattr(value, "__len__") and not isinstance(value, str) else 1
    report("value", type(value).__name__, rows, 1)


def read_pickle(file):
    with open(file, "rb") as source:
        return pickle.load(source)


def write_pickle(value, file):
    with open(file, "wb") as out:
        pickle.dump(value, out, protocol=4)
