"""Makes columns of variables."""
import datetime

from _rserver_transfer.columns import EPOCH, INT64_NA, INT_NA, R_NA, Column, Content, seconds_of
from _rserver_transfer.packages import numpy, pandas


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


def refuse(name, value):
    raise TypeError(
        "{0} is of type {1}, which this format cannot hold".format(name, type(value).__name__)
    )


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


def is_missing(value):
    if value is None:
        return True
    return pandas is not None and (value is pandas.NaT or value is getattr(pandas, "NA", None))


def zone_name(zone):
    return getattr(zone, "key", None) or getattr(zone, "zone", None) or "UTC"
