"""Variables as columns, the form between a variable and its file; as bits, where numpy is there."""
import datetime
import struct

from _rserver_transfer.packages import numpy

EPOCH = datetime.datetime(1970, 1, 1)
UTC = datetime.timezone.utc
INT_NA = -(2 ** 31)
INT64_NA = -(2 ** 63)
R_NA = struct.unpack("<d", struct.pack("<II", 1954, 0x7FF00000))[0]


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


# By kind: how numpy and how `struct` write a value, and what stands for a missing one.
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


def seconds_of(moment):
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    elapsed = moment - EPOCH
    return (elapsed.days * 86400 * 10 ** 6 + elapsed.seconds * 10 ** 6 + elapsed.microseconds) / 1e6
