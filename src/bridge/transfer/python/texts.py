"""The values of a column as text, and back."""
import datetime
import math

from _rserver_transfer.columns import EPOCH, list_of, seconds_of
from _rserver_transfer.decode import plain_values


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
