"""Makes variables of columns: of pandas and numpy where they are there, else Python's own."""
import datetime
import math
from collections import OrderedDict

from _rserver_transfer.columns import EPOCH, INT64_NA, INT_NA, UTC, bits_of, list_of
from _rserver_transfer.packages import numpy, pandas


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
