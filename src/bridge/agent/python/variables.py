"""Describes the variables of a workspace, each in a short and cheap way."""
import reprlib
import types

from _rserver_kernel.messages import text_of

MAX_VALUE_LENGTH = 80

_short = reprlib.Repr()
_short.maxother = _short.maxstring = _short.maxlong = MAX_VALUE_LENGTH


def list_variables(namespace, hidden):
    """`[{"name", "type", "size", "value"}]` in order of name; without modules and the session's own names."""
    return [
        {"name": name, "type": type_name(value), "size": size_of(value), "value": short_value(value)}
        for name, value in sorted(namespace.items())
        if not name.startswith("_")
        and not isinstance(value, types.ModuleType)
        and not (name in hidden and hidden[name] is value)
    ]


def type_name(value):
    return type(value).__name__


def size_of(value):
    """E.g. `150 x 4` of an array or a table, `3` of a list, `` of a number."""
    try:
        shape = None if isinstance(value, type) else getattr(value, "shape", None)
        if isinstance(shape, tuple):
            return " x ".join(str(int(extent)) for extent in shape)
        if isinstance(value, (str, bytes, list, tuple, dict, set, frozenset, bytearray)):
            return str(len(value))
    except Exception:
        pass
    return ""


def short_value(value):
    try:
        text = _describe(value)
    except Exception:
        text = text_of(type(value))
    text = " ".join(text.split())
    return text if len(text) <= MAX_VALUE_LENGTH else text[: MAX_VALUE_LENGTH - 1] + "\u2026"


def _describe(value):
    if isinstance(value, type):
        return "class " + value.__module__ + "." + value.__name__
    if isinstance(value, types.FunctionType):
        return "function " + value.__qualname__
    columns = getattr(value, "columns", None)
    if columns is not None and hasattr(value, "iloc"):
        return "columns: " + ", ".join(str(name) for name in list(columns[:20]))
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and shape and not callable(getattr(value, "fit", None)):
        # A repr of a large array is slow; its first values say as much.
        head = getattr(value, "iloc", None)
        head = head[:6] if head is not None else value.ravel()[:6]
        size = 1
        for extent in shape:
            size *= int(extent)
        return "[" + ", ".join(str(item) for item in head.tolist()) + (", \u2026]" if size > 6 else "]")
    return _short.repr(value)
