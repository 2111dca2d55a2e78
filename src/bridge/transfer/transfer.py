"""Moves variables between a Python session and files: what %push, %pull and %share run in it.

Run with `exec` in a namespace of its own; `main` is the session's own namespace. numpy and pandas where they are there.
"""
import csv
import datetime
import hashlib
import json
import math
import os
import pickle
import struct
import sys
from collections import OrderedDict

try:
    import numpy
except ImportError:
    numpy = None
try:
    import pandas
except ImportError:
    pandas = None

EPOCH = datetime.datetime(1970, 1, 1)
UTC = datetime.timezone.utc
INT_NA = -(2 ** 31)
INT64_NA = -(2 ** 63)
R_NA = struct.unpack("<d", struct.pack("<II", 1954, 0x7FF00000))[0]
MAGIC = b"RSKFRM1\n"


class Column:
    """One vector: kind, meta (time zone, unit, order), levels, and bare values, where missing ones are None."""

    def __init__(self, name, kind, values, meta="", levels=()):
        self.name = name
        self.kind = kind
        self.values = values
        self.meta = meta
        self.levels = list(levels)


class Content:
    """A variable as columns: shape `frame`, `matrix` (one column, by columns) or `vector`."""

    def __init__(self, shape, rows, labels, columns):
        self.shape = shape
        self.rows = rows
        self.labels = labels
        self.columns = columns


def refuse(name, value):
    raise TypeError(
        "{0} is of type {1}, which this format cannot hold".format(name, type(value).__name__)
    )


def is_missing(value):
    if value is None:
        return True
    return pandas is not None and (value is pandas.NaT or value is getattr(pandas, "NA", None))


def encode(value, name):
    if pandas is not None and isinstance(value, pandas.DataFrame):
        columns = [
            encode_series(value.iloc[:, at], str(label)) for at, label in enumerate(value.columns)
        ]
        return Content("frame", len(value), labels_of(value.index), columns)
    if pandas is not None and isinstance(value, pandas.Series):
        return Content("vector", len(value), labels_of(value.index), [encode_series(value, name)])
    if numpy is not None and isinstance(value, numpy.ndarray):
        if value.ndim > 2 or value.ndim == 0:
            raise TypeError("{0} has {1} dimensions".format(name, value.ndim))
        flat = value.flatten(order="F")
        shape = "matrix" if value.ndim == 2 else "vector"
        return Content(shape, len(value), None, [encode_array(flat, name)])
    if numpy is not None and isinstance(value, numpy.generic):
        return Content("vector", 1, None, [encode_array(numpy.array([value]), name)])
    if isinstance(value, dict) and value and all(isinstance(v, (list, tuple)) for v in value.values()):
        lengths = set(len(column) for column in value.values())
        if len(lengths) != 1:
            raise TypeError("the columns of {0} are of different lengths".format(name))
        columns = [encode_values(list(column), str(label)) for label, column in value.items()]
        return Content("frame", lengths.pop(), None, columns)
    if pandas is not None and isinstance(value, (pandas.Index, pandas.Categorical)):
        return encode(pandas.Series(value), name)
    if isinstance(value, (list, tuple)):
        return Content("vector", len(value), None, [encode_values(list(value), name)])
    if isinstance(value, (bool, int, float, complex, str, datetime.date, datetime.timedelta)):
        return Content("vector", 1, None, [encode_values([value], name)])
    return refuse(name, value)


def labels_of(index):
    """Row names; numbers from 0 on are none."""
    if isinstance(index, pandas.RangeIndex) or index.equals(pandas.RangeIndex(len(index))):
        return None
    if not index.is_unique:
        raise TypeError("the index has a value twice; reset_index() makes it a column")
    return [str(label) for label in index]


def encode_series(series, name):
    dtype = series.dtype
    kind = str(dtype)
    if hasattr(dtype, "categories"):
        codes = series.cat.codes.values.astype("int32")
        codes = numpy.where(codes < 0, INT_NA, codes + 1).astype("<i4")
        levels = [str(level) for level in dtype.categories]
        return Column(name, "factor", codes, "ordered" if dtype.ordered else "", levels)
    if getattr(dtype, "tz", None) is not None:
        column = encode_array(series.dt.tz_convert("UTC").dt.tz_localize(None).values, name)
        column.meta = str(dtype.tz)
        return column
    missing = series.isna().values
    if kind.lower() == "boolean" or (kind[:3] in ("Int", "UIn") and kind[-1].isdigit()):
        if not missing.any():
            return encode_array(series.values.astype(kind.lower().replace("boolean", "bool")), name)
        if kind == "boolean":
            values = numpy.where(missing, INT_NA, series.fillna(False).astype("int32").values)
            return Column(name, "logical", values.astype("<i4"))
        return encode_integers(series.fillna(0).values.astype("int64"), missing, name)
    if kind.startswith("Float"):
        values = series.fillna(0).values.astype("<f8")
        values[missing] = R_NA
        return Column(name, "double", values)
    if isinstance(dtype, numpy.dtype) and dtype.kind != "O":
        return encode_array(series.values, name)
    return encode_values(
        [None if gone else value for value, gone in zip(series.tolist(), missing)], name
    )


def encode_array(array, name):
    kind = array.dtype.kind
    if kind == "b":
        return Column(name, "logical", array.astype("<i4"))
    if kind in "iu":
        if kind == "u" and len(array) and array.max() > 2 ** 63 - 1:
            raise TypeError("{0} holds integers above 2^63".format(name))
        return encode_integers(array.astype("int64"), None, name)
    if kind == "f":
        return Column(name, "double", array.astype("<f8"))
    if kind == "c":
        return Column(name, "complex", array.astype("<c16"))
    if kind in "Mm":
        missing = numpy.isnat(array)
        unit = "datetime64[us]" if kind == "M" else "timedelta64[us]"
        seconds = array.astype(unit).astype("int64") / 1e6
        seconds[missing] = R_NA
        if kind == "m":
            return Column(name, "duration", seconds.astype("<f8"), "secs")
        return Column(name, "datetime", seconds.astype("<f8"), "UTC")
    return encode_values(array.tolist(), name)


def encode_integers(values, missing, name):
    """R's integer where all fit, else integer64."""
    present = values if missing is None else values[~missing]
    fits = len(present) == 0 or (present.min() > INT_NA and present.max() < 2 ** 31)
    values = values.astype("<i4" if fits else "<i8")
    if missing is not None:
        values[missing] = INT_NA if fits else INT64_NA
    return Column(name, "integer" if fits else "integer64", values)


def encode_values(values, name):
    """Values of Python's own types; a missing one is None."""
    values = [None if is_missing(value) else value for value in values]
    present = [value for value in values if value is not None]

    def all_of(*types):
        return all(isinstance(value, types) for value in present)

    if not present:
        return Column(name, "logical", [None] * len(values))
    if all_of(str):
        return Column(name, "character", values)
    if all(isinstance(value, bool) or type(value).__name__ in ("bool_", "bool") for value in present):
        return Column(name, "logical", [None if v is None else bool(v) for v in values])
    if all(hasattr(value, "__index__") and not isinstance(value, bool) for value in present):
        whole = [None if value is None else int(value) for value in values]
        if any(value is not None and not -(2 ** 63) < value < 2 ** 63 for value in whole):
            raise TypeError("{0} holds integers above 2^63".format(name))
        fits = all(value is None or INT_NA < value < 2 ** 31 for value in whole)
        return Column(name, "integer" if fits else "integer64", whole)
    if all(
        isinstance(value, float) or (hasattr(value, "__index__") and not isinstance(value, bool))
        for value in present
    ):
        return Column(name, "double", [None if v is None else float(v) for v in values])
    if all(isinstance(value, (float, int, complex)) and not isinstance(value, bool) for value in present):
        return Column(name, "complex", [None if v is None else complex(v) for v in values])
    if all_of(datetime.datetime):
        zones = set(str(value.tzinfo) for value in present)
        return Column(
            name,
            "datetime",
            [None if v is None else seconds_of(v) for v in values],
            "UTC" if len(zones) > 1 or present[0].tzinfo is None else zone_name(present[0].tzinfo),
        )
    if all(isinstance(value, datetime.date) and not isinstance(value, datetime.datetime) for value in present):
        days = [None if v is None else float(v.toordinal() - EPOCH.toordinal()) for v in values]
        return Column(name, "date", days)
    if all_of(datetime.timedelta):
        return Column(
            name, "duration", [None if v is None else v.total_seconds() for v in values], "secs"
        )
    kinds = sorted(set(type(value).__name__ for value in present))
    raise TypeError("{0} holds {1}, which this format cannot hold".format(name, ", ".join(kinds)))


def zone_name(zone):
    return getattr(zone, "key", None) or getattr(zone, "zone", None) or "UTC"


def seconds_of(moment):
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    elapsed = moment - EPOCH
    return (elapsed.days * 86400 * 10 ** 6 + elapsed.seconds * 10 ** 6 + elapsed.microseconds) / 1e6


def decode(content):
    columns = content.columns
    if content.shape == "matrix":
        [column] = columns
        if numpy is None:
            flat = plain_values(column)
            return [flat[row :: content.rows] for row in range(content.rows)]
        return series_of(column).values.reshape((content.rows, -1), order="F")
    if content.shape == "vector":
        [column] = columns
        if content.labels is None and content.rows == 1 and column.kind != "factor":
            [value] = plain_values(column)
            return value
        if pandas is None:
            return plain_values(column)
        return pandas.Series(series_of(column), index=content.labels, name=None)
    if pandas is None:
        return OrderedDict((column.name, plain_values(column)) for column in columns)
    index = content.labels if content.labels is not None else pandas.RangeIndex(content.rows)
    data = [pandas.Series(series_of(column), index=index) for column in columns]
    frame = pandas.concat(data, axis=1) if data else pandas.DataFrame(index=index)
    frame.columns = [column.name for column in columns]
    return frame


def series_of(column):
    """The values in pandas' own types."""
    kind = column.kind
    if kind == "character":
        return numpy.array(column.values + [None], dtype=object)[:-1]
    values = bits_of(column)
    if kind == "double" or kind == "complex":
        return values
    if kind == "factor":
        codes = numpy.where(values == INT_NA, 0, values) - 1
        return pandas.Categorical.from_codes(codes, column.levels, ordered=column.meta == "ordered")
    if kind in ("integer", "logical", "integer64"):
        missing = values == (INT64_NA if kind == "integer64" else INT_NA)
        plain = values.astype(bool) if kind == "logical" else values.astype(values.dtype.newbyteorder("="))
        if not missing.any():
            return plain
        dtype = {"integer": "Int32", "integer64": "Int64", "logical": "boolean"}[kind]
        try:
            extended = pandas.Series(numpy.where(missing, 0, plain)).astype(plain.dtype).astype(dtype)
        except TypeError:  # pandas before 1.0
            return numpy.where(missing, None, plain.astype(object))
        extended[missing] = None
        return extended.array
    missing = numpy.isnan(values)
    clean = numpy.where(missing, 0, values)
    if kind == "date":
        days = numpy.floor(clean).astype("int64").astype("datetime64[D]").astype(object)
        days[missing] = None
        return days
    micro = numpy.round(clean * 1e6).astype("int64")
    if kind == "duration":
        spans = (micro * 1000).astype("timedelta64[ns]")
        spans[missing] = numpy.timedelta64("NaT")
        return spans
    moments = (micro * 1000).astype("datetime64[ns]")
    moments[missing] = numpy.datetime64("NaT")
    return pandas.DatetimeIndex(moments).tz_localize("UTC").tz_convert(column.meta or "UTC")


FORMS = {
    "logical": ("<i4", "i", INT_NA),
    "integer": ("<i4", "i", INT_NA),
    "factor": ("<i4", "i", INT_NA),
    "integer64": ("<i8", "q", INT64_NA),
    "complex": ("<c16", None, None),
    "double": ("<f8", "d", R_NA),
    "date": ("<f8", "d", R_NA),
    "datetime": ("<f8", "d", R_NA),
    "duration": ("<f8", "d", R_NA),
}


def bits_of(column):
    """The values as an array as it goes into the file; a number's own bits tell what is missing."""
    form, _, missing = FORMS[column.kind]
    if isinstance(column.values, numpy.ndarray):
        return column.values
    if column.kind == "complex":
        missing = complex(R_NA, 0)
    bits = numpy.zeros(len(column.values), dtype=form)
    gone = numpy.array([value is None for value in column.values], dtype=bool)
    bits[~gone] = [value for value in column.values if value is not None]
    if gone.any():
        bits[gone] = missing
    return bits


def plain_values(column):
    """The values in Python's own types."""
    kind = column.kind
    values = list_of(column)
    if kind == "factor":
        return [None if value is None else column.levels[value - 1] for value in values]
    if kind == "logical":
        return [None if value is None else bool(value) for value in values]
    if kind == "date":
        return [None if v is None else (EPOCH + datetime.timedelta(math.floor(v))).date() for v in values]
    if kind == "duration":
        return [None if v is None else datetime.timedelta(seconds=v) for v in values]
    if kind == "datetime":
        start = EPOCH.replace(tzinfo=UTC)
        moments = [
            None if v is None else start + datetime.timedelta(microseconds=round(v * 1e6)) for v in values
        ]
        if pandas is not None:
            return [None if v is None else pandas.Timestamp(v).tz_convert(column.meta or "UTC") for v in moments]
        return moments
    return values


def list_of(column):
    """The values as a list with None for what is missing; a double's NaN stays."""
    values = column.values
    if isinstance(values, (list, tuple)):
        return list(values)
    if column.kind == "complex":
        return values.tolist()
    missing = FORMS[column.kind][2]
    if column.kind in ("double", "date", "datetime", "duration"):
        low = values.view("<u4")[::2] if numpy is not None else ()
        gone = numpy.isnan(values) & (low == 1954)
        return [None if lost else value for value, lost in zip(values.tolist(), gone.tolist())]
    return [None if value == missing else value for value in values.tolist()]


def write_frame(content, file):
    with open(file, "wb") as out:

        def number(form, value):
            out.write(struct.pack("<" + form, value))

        def strings(values):
            mask = bytes(1 if value is None else 0 for value in values)
            text = "".join(("" if value is None else value) + "\0" for value in values)
            if text.count("\0") != len(values):
                raise ValueError("a string holds a NUL character, which R's cannot")
            data = text.encode("utf-8")
            number("i", len(values))
            number("d", len(data))
            out.write(mask)
            out.write(data)

        out.write(MAGIC)
        strings([content.shape])
        number("d", content.rows)
        number("i", content.labels is not None)
        if content.labels is not None:
            strings(content.labels)
        number("i", len(content.columns))
        for column in content.columns:
            strings([column.name, column.kind, column.meta])
            strings(column.levels)
            number("i", len(column.values))
            if column.kind == "character":
                strings(column.values)
            elif numpy is not None:
                out.write(bits_of(column).tobytes())
            else:
                write_numbers(column, out)


def write_numbers(column, out):
    _, form, missing = FORMS[column.kind]
    if form is None:
        pairs = [R_NA if part is None else part for v in column.values for part in pair_of(v)]
        out.write(struct.pack("<{0}d".format(len(pairs)), *pairs))
        return
    values = [missing if value is None else value for value in column.values]
    out.write(struct.pack("<{0}{1}".format(len(values), form), *values))


def pair_of(value):
    return (None, 0.0) if value is None else (value.real, value.imag)


def read_frame(file):
    with open(file, "rb") as source:

        def number(form):
            return struct.unpack("<" + form, source.read(struct.calcsize("<" + form)))[0]

        def strings():
            count = number("i")
            size = int(number("d"))
            mask = source.read(count)
            values = source.read(size).decode("utf-8").split("\0")[:-1]
            if 1 in mask:
                values = [None if gone else value for value, gone in zip(values, mask)]
            return values

        if source.read(len(MAGIC)) != MAGIC:
            raise ValueError("this is no file of this format")
        [shape] = strings()
        rows = int(number("d"))
        labels = strings() if number("i") else None
        columns = []
        for _ in range(number("i")):
            name, kind, meta = strings()
            levels = strings()
            count = number("i")
            values = strings() if kind == "character" else read_numbers(kind, count, source)
            columns.append(Column(name, kind, values, meta, levels))
        return Content(shape, rows, labels, columns)


def read_numbers(kind, count, source):
    form, letter, missing = FORMS[kind]
    size = {"<i4": 4, "<i8": 8, "<f8": 8, "<c16": 16}[form] * count
    data = source.read(size)
    if numpy is not None:
        return numpy.frombuffer(data, dtype=form).copy()
    if letter is None:
        parts = struct.unpack("<{0}d".format(2 * count), data)
        return [complex(*pair) for pair in zip(parts[::2], parts[1::2])]
    values = struct.unpack("<{0}{1}".format(count, letter), data)
    if letter != "d":
        return [None if value == missing else value for value in values]
    words = struct.unpack("<{0}I".format(2 * count), data)[::2]
    return [None if v != v and word == 1954 else v for v, word in zip(values, words)]


def texts_of(column):
    """The values as text that reads back equal; None stays."""
    values = list_of(column)
    kind = column.kind
    if kind == "factor":
        return [None if v is None else column.levels[v - 1] for v in values]
    if kind == "logical":
        return [None if v is None else ("true" if v else "false") for v in values]
    if kind == "date":
        return [None if v is None else v.isoformat() for v in plain_values(column)]
    if kind == "datetime":
        start = EPOCH
        moments = [
            None if v is None else start + datetime.timedelta(microseconds=round(v * 1e6)) for v in values
        ]
        return [None if v is None else v.isoformat() + "Z" for v in moments]
    if kind == "character":
        return values
    if kind in ("double", "duration"):
        return [None if v is None else number_text(v) for v in values]
    if kind == "complex":
        return [None if v is None else "{0!r}{1}{2!r}i".format(v.real, "" if v.imag < 0 else "+", v.imag) for v in values]
    return [None if v is None else str(v) for v in values]


def number_text(value):
    if value != value:
        return "NaN"
    if math.isinf(value):
        return "Inf" if value > 0 else "-Inf"
    return repr(float(value))


def value_from(kind, levels, text):
    if text is None:
        return None
    if kind == "logical":
        return text == "true"
    if kind in ("integer", "integer64"):
        return int(text)
    if kind == "factor":
        return levels.index(text) + 1
    if kind in ("double", "duration"):
        return float(text)
    if kind == "date":
        day = datetime.datetime.strptime(text, "%Y-%m-%d")
        return float(day.toordinal() - EPOCH.toordinal())
    if kind == "datetime":
        form = "%Y-%m-%dT%H:%M:%S.%fZ" if "." in text else "%Y-%m-%dT%H:%M:%SZ"
        return seconds_of(datetime.datetime.strptime(text, form))
    if kind == "complex":
        return complex(text.replace("i", "j"))
    return text


def escape(text):
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")


def unescape(text):
    text = text.replace("\\\\", "\x01").replace("\\t", "\t").replace("\\n", "\n")
    return text.replace("\x01", "\\")


def write_types(content, missing, file):
    head = ["rserver-kernel types 1", content.shape, str(content.rows)]
    lines = [head + ["" if content.labels is None else "labels", missing]]
    lines += [[c.name, c.kind, c.meta] + c.levels for c in content.columns]
    with open(file, "w", encoding="utf-8", newline="\n") as out:
        out.writelines("\t".join(map(escape, line)) + "\n" for line in lines)


def read_types(file):
    with open(file, encoding="utf-8", newline="\n") as source:
        lines = [[unescape(field) for field in line.rstrip("\n").split("\t")] for line in source]
    return lines[0], [Column(line[0], line[1], (), line[2], line[3:]) for line in lines[1:]]


def write_csv(content, file):
    names = [column.name for column in content.columns]
    texts = [texts_of(column) for column in content.columns]
    kinds = [column.kind for column in content.columns]
    if content.labels is not None:
        names, texts, kinds = [""] + names, [content.labels] + texts, ["character"] + kinds
    missing = "NA"
    while any(missing in text for text in texts):
        missing += "_"

    def quote(text):
        return '"' + text.replace('"', '""') + '"'

    cells = [
        [missing if t is None else (quote(t) if kind in ("character", "factor") else t) for t in text]
        for text, kind in zip(texts, kinds)
    ]
    with open(file, "w", encoding="utf-8", newline="\n") as out:
        out.write(",".join(map(quote, names)) + "\n")
        out.writelines(",".join(row) + "\n" for row in zip(*cells))
    write_types(content, missing, file + ".types")


def read_csv(file, types):
    if types is None:
        if pandas is not None:
            return pandas.read_csv(file)
        with open(file, encoding="utf-8", newline="") as source:
            rows = list(csv.reader(source))
        return OrderedDict((name, [row[at] for row in rows[1:]]) for at, name in enumerate(rows[0]))
    with open(file, encoding="utf-8", newline="") as source:
        rows = list(csv.reader(source))[1:]
    head, columns = read_types(types)
    width = len(columns) + (head[3] == "labels")
    cells = [list(column) for column in zip(*rows)] or [[] for _ in range(width)]
    cells = [[None if cell == head[4] else cell for cell in column] for column in cells]
    return typed(head, columns, cells)


def typed(head, columns, cells):
    labels = cells.pop(0) if head[3] == "labels" else None
    if len(cells) != len(columns):
        raise ValueError("the file does not have the columns of its types")
    for column, texts in zip(columns, cells):
        column.values = [value_from(column.kind, column.levels, text) for text in texts]
    rows = int(head[2]) if head[1] == "matrix" or not cells else len(cells[0])
    return decode(Content(head[1], rows, labels, columns))


def write_json(content, file):
    columns = list(content.columns)
    if content.labels is not None:
        columns.insert(0, Column("", "character", content.labels))

    def cell(kind, text):
        if text is None:
            return "null"
        is_number = kind in ("integer", "logical", "double", "duration")
        return text if is_number and text not in ("NaN", "Inf", "-Inf") else json.dumps(text)

    pairs = [
        json.dumps(c.name) + ":[" + ",".join(cell(c.kind, t) for t in texts_of(c)) + "]" for c in columns
    ]
    with open(file, "w", encoding="utf-8", newline="\n") as out:
        out.write("{" + ",\n".join(pairs) + "}\n")
    write_types(content, "", file + ".types")


def read_json(file, types):
    with open(file, encoding="utf-8") as source:
        if types is None:
            return json.load(source)
        pairs = json.load(source, parse_int=str, parse_float=str, object_pairs_hook=list)
    head, columns = read_types(types)
    cells = [
        [str(cell).lower() if isinstance(cell, bool) else cell for cell in column] for _, column in pairs
    ]
    return typed(head, columns, cells)


def need(*packages):
    for package in packages:
        try:
            return __import__(package)
        except ImportError:
            pass
    raise ImportError("the session has no package " + " or ".join(packages))


def read_arrow(file):
    need("pyarrow")
    import pyarrow.feather

    return pyarrow.feather.read_feather(file)


def write_arrow(value, file):
    need("pyarrow")
    import pyarrow.feather

    pyarrow.feather.write_feather(value, file)


def read_parquet(file):
    need("pandas")
    need("pyarrow", "fastparquet")
    return pandas.read_parquet(file)


def write_parquet(value, file):
    need("pyarrow", "fastparquet")
    value.to_parquet(file)


def read_pickle(file):
    with open(file, "rb") as source:
        return pickle.load(source)


def write_pickle(value, file):
    with open(file, "wb") as out:
        pickle.dump(value, out, protocol=4)


def digest_of(file):
    digest = hashlib.sha256()
    with open(file, "rb") as source:
        for block in iter(lambda: source.read(1 << 20), b""):
            digest.update(block)
    return ["sha256", digest.hexdigest()]


def report(*fields):
    sys.stdout.write("\n" + "\t".join(["<rserver-transfer>"] + [str(field) for field in fields]) + "\n")
    sys.stdout.flush()


def remove_files(files):
    for file in files:
        if file is not None and os.path.exists(file):
            os.remove(file)


def check(file):
    report("digest", *digest_of(file))


def load_file(file, form, name, types, main):
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
    main[name] = value
    describe(value)


def describe(value):
    shape = getattr(value, "shape", ())
    if len(shape) == 2:
        report("value", type(value).__name__, shape[0], shape[1])
        return
    rows = len(value) if hasattr(value, "__len__") and not isinstance(value, str) else 1
    report("value", type(value).__name__, rows, 1)


def save_file(name, form, file, main):
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


def keep_file(file, name, replaces):
    if not replaces and os.path.exists(name):
        os.remove(file)
        report("exists")
        return
    os.replace(file, name)
    report("kept")


def file_digest(name):
    if not os.path.exists(name):
        report("missing")
        return
    report("file", os.path.getsize(name), *(digest_of(name) + ["FALSE"]))
