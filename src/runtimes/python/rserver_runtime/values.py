# Between Python values and JSON, as docs/data-types.md has it. numpy and pandas are served when the session has them
# imported; imported here only for inputs that are declared to be theirs.
import datetime
import decimal
import importlib
import json
import math
import sys

_SPECIAL = {"NaN": float("nan"), "Inf": float("inf"), "-Inf": float("-inf")}
# Beyond it a double, which is what JSON readers have, skips whole numbers.
_EXACT = 2 ** 53


class NotPlain(Exception):
    """A value has no form in JSON."""


def to_json(pairs):
    """A list of (name, value already plain) as bytes."""
    return json.dumps(pairs, allow_nan=False, separators=(",", ":")).encode("ascii")


def from_json(value):
    """json.loads() has done most; "NaN" and the like become floats in an array of numbers."""
    if isinstance(value, dict):
        return {key: from_json(item) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    if _holds_special_numbers(value):
        return [_SPECIAL[item] if isinstance(item, str) else item for item in value]
    return [from_json(item) for item in value]


def as_declared(value, declared):
    """What the declared type of an input is in Python; "" for none."""
    if declared == "numeric":
        return _SPECIAL[value] if isinstance(value, str) else float(value)
    if declared == "data.frame":
        pandas = _installed("pandas")
        return value if pandas is None else pandas.DataFrame(value)
    if declared == "matrix":
        numpy = _installed("numpy")
        return value if numpy is None else numpy.array(value)
    return value


def _installed(name):
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def _holds_special_numbers(items):
    has_number = has_special = False
    for item in items:
        if isinstance(item, str):
            if item not in _SPECIAL:
                return False
            has_special = True
        elif item is None:
            continue
        elif isinstance(item, bool) or not isinstance(item, (int, float)):
            return False
        else:
            has_number = True
    return has_number and has_special


def plain(value, path):
    """The value made of None, bool, int, float, str, list and dict only. `path` names it in errors."""
    try:
        return _plain(value, path)
    except RecursionError:
        raise NotPlain("%s contains itself or is nested too deep" % path)


def _plain(value, path):
    if value is None or isinstance(value, (bool, str)):
        return value if type(value) in _PLAIN_TYPES else _plain_subclass(value, path)
    if isinstance(value, int) and not _is_enum(value):
        return int(value) if -_EXACT <= value <= _EXACT else _large_integer(int(value))
    if isinstance(value, float):
        return _number(float(value))
    if isinstance(value, dict):
        return _mapping(value.items(), path)
    if isinstance(value, (list, tuple, range)):
        return [_plain(item, "%s[%d]" % (path, i)) for i, item in enumerate(value)]
    if isinstance(value, (set, frozenset)):
        return [_plain(item, "an element of %s" % path) for item in _sorted(value)]
    if isinstance(value, (datetime.date, datetime.time)):
        return _moment(value)
    if isinstance(value, datetime.timedelta):
        return _number(value.total_seconds())
    if isinstance(value, decimal.Decimal):
        return _number(float(value))
    for module, convert in (("pandas", _from_pandas), ("numpy", _from_numpy)):
        if module in sys.modules:
            converted = convert(sys.modules[module], value, path)
            if converted is not _NONE_OF_IT:
                return converted
    _refuse(value, path)


_PLAIN_TYPES = (type(None), bool, str)
_NONE_OF_IT = object()


def _plain_subclass(value, path):
    if _is_enum(value):
        _refuse(value, path)
    return str.__str__(value)


def _is_enum(value):
    enum = sys.modules.get("enum")
    return enum is not None and isinstance(value, enum.Enum)


def _refuse(value, path):
    raise NotPlain(
        "%s is of type %s, which has no form in JSON; fetch it as a workspace object." % (path, _type_name(value))
    )


def _type_name(value):
    kind = type(value)
    return kind.__name__ if kind.__module__ in ("builtins", "__main__") else "%s.%s" % (kind.__module__, kind.__name__)


def _number(value):
    if math.isfinite(value):
        return value
    if math.isnan(value):
        return "NaN"
    return "Inf" if value > 0 else "-Inf"


def _large_integer(value):
    """As a number when a double holds it exactly, else as its digits."""
    try:
        return value if int(float(value)) == value else str(value)
    except OverflowError:
        return str(value)


def _mapping(items, path):
    plain_items = {}
    for key, item in items:
        name = key if isinstance(key, str) else str(key)
        if name in plain_items:
            raise NotPlain("%s has two entries named %r" % (path, name))
        plain_items[name] = _plain(item, "%s[%r]" % (path, key))
    return plain_items


def _sorted(values):
    try:
        return sorted(values)
    except TypeError:
        return list(values)


def _moment(value):
    """ISO 8601; with a time zone in UTC, without one as it is; no zeros at the end of a fraction."""
    if value != value:  # pandas' NaT is a datetime too
        return None
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        return _trimmed(value.astimezone(datetime.timezone.utc).replace(tzinfo=None).isoformat()) + "Z"
    return _trimmed(value.isoformat())


def _trimmed(text):
    return text.rstrip("0") if "." in text else text


def _from_numpy(numpy, value, path):
    if isinstance(value, numpy.ma.MaskedArray):
        return _nested(value.tolist(), lambda item: _plain(item, path))
    if isinstance(value, numpy.ndarray):
        return _array(numpy, value, path)
    if isinstance(value, numpy.generic):
        return _array(numpy, numpy.asarray(value), path)
    return _NONE_OF_IT


def _array(numpy, array, path):
    kind = array.dtype.kind
    if kind in "bU" or (kind in "iu" and array.dtype.itemsize < 8):
        return array.tolist()
    if kind == "f":
        if array.dtype.itemsize > 8:
            array = array.astype(float)
        return array.tolist() if numpy.isfinite(array).all() else _nested(array.tolist(), _number)
    if kind in "iu":
        return _nested(array.tolist(), lambda item: _plain(item, path))
    if kind == "M":
        return _nested(array.astype("datetime64[us]").tolist(), lambda item: None if item is None else _moment(item))
    if kind == "m":
        return _nested(
            array.astype("timedelta64[us]").tolist(), lambda item: None if item is None else item.total_seconds()
        )
    if kind == "O":
        return _nested(array.tolist(), lambda item: _plain(item, "an element of %s" % path), array.ndim)
    raise NotPlain(
        "%s is an array of %s, which has no form in JSON; fetch it as a workspace object." % (path, array.dtype)
    )


def _nested(items, convert, depth=None):
    """Converts the leaves of nested lists. `depth` tells lists in an object array from the array's own."""
    if isinstance(items, list) and depth != 0:
        return [_nested(item, convert, None if depth is None else depth - 1) for item in items]
    return convert(items)


def _from_pandas(pandas, value, path):
    # Another thread may be in the middle of importing it.
    if not hasattr(pandas, "DataFrame"):
        return _NONE_OF_IT
    if value is pandas.NaT or value is getattr(pandas, "NA", pandas.NaT):
        return None
    if isinstance(value, pandas.DataFrame):
        return _frame(pandas, value, path)
    if isinstance(value, (pandas.Series, pandas.Index)):
        return _column(pandas, value, path)
    if isinstance(value, (pandas.Categorical, pandas.api.extensions.ExtensionArray)):
        return _column(pandas, pandas.Series(value), path)
    if isinstance(value, (pandas.Period, pandas.Interval)):
        return str(value)
    return _NONE_OF_IT


def _frame(pandas, frame, path):
    columns = {}
    for i, label in enumerate(frame.columns):
        name = label if isinstance(label, str) else str(label)
        if name in columns:
            raise NotPlain("%s has two columns named %r" % (path, name))
        columns[name] = _column(pandas, frame.iloc[:, i], "%s[%r]" % (path, label))
    return columns


def _column(pandas, column, path):
    numpy = sys.modules["numpy"]
    if isinstance(column.dtype, numpy.dtype) and column.dtype.kind in "biuf":
        return _array(numpy, column.to_numpy(), path)
    # A missing item of a column of strings or dates is None, NaN, NaT or NA: null, one and all.
    is_missing = pandas.isna(column)
    return [
        None if missing is True else _plain(item, "%s[%d]" % (path, i))
        for i, (item, missing) in enumerate(zip(column.tolist(), is_missing.tolist()))
    ]
