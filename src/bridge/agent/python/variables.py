"""Describes the variables of a workspace, each in a short and cheap way that runs no code of the user's classes."""
import reprlib
import types

from _rserver_kernel.messages import text_of

MAX_VALUE_LENGTH = 80
MAX_MEMBERS = 300

# Packages whose objects tell their size and columns at no cost.
_TABULAR = ("numpy", "pandas", "polars", "pyarrow", "scipy", "torch", "xarray")

_PLAIN = (int, float, complex, bool, str, bytes, bytearray, list, tuple, dict, set, frozenset, range)
_KNOWN_MODULES = ("builtins", "datetime", "decimal", "fractions", "collections", "pathlib", "uuid")


class _Repr(reprlib.Repr):
    """Values of unknown classes are shown by their class: their own `__repr__` may be slow, or do things."""

    def repr_instance(self, value, level):
        kind = type(value)
        if kind.__module__.split(".")[0] in _KNOWN_MODULES or isinstance(value, _PLAIN):
            return reprlib.Repr.repr_instance(self, value, level)
        return "<" + kind.__module__ + "." + kind.__qualname__ + " object>"


_short = _Repr()
_short.maxother = _short.maxstring = _short.maxlong = MAX_VALUE_LENGTH


def list_variables(namespace, hidden):
    """`[{"name", "type", "size", "value"}]` in order of name; without modules and the session's own names."""
    return [
        dict(describe(value), name=name)
        for name, value in sorted(namespace.items())
        if not isinstance(value, types.ModuleType) and is_own(name, value, hidden)
    ]


def is_own(name, value, hidden):
    return not name.startswith("_") and not (name in hidden and hidden[name] is value)


def describe(value):
    return {"type": type_name(value), "size": size_of(value), "value": short_value(value)}


def type_name(value):
    return type(value).__name__


def size_of(value):
    """E.g. `150 x 4` of an array or a table, `3` of a list, `` of a number."""
    try:
        shape = _shape(value)
        if shape is not None:
            return " x ".join(str(int(extent)) for extent in shape)
        if isinstance(value, (str, bytes, list, tuple, dict, set, frozenset, bytearray)):
            return str(len(value))
    except Exception:
        pass
    return ""


def _shape(value):
    if not _is_tabular(value):
        return None
    shape = getattr(value, "shape", None)
    return tuple(shape) if isinstance(shape, tuple) else None


def _is_tabular(value):
    return not isinstance(value, type) and type(value).__module__.split(".")[0] in _TABULAR


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
    if isinstance(value, types.ModuleType):
        return "module " + value.__name__
    columns = columns_of(value)
    if columns is not None:
        return "columns: " + ", ".join(str(name) for name in columns[:20])
    shape = _shape(value)
    if shape and hasattr(value, "tolist"):
        # A repr of a large array is slow; its first values say as much.
        head = getattr(value, "iloc", None)
        head = head[:6] if head is not None else value.ravel()[:6]
        size = 1
        for extent in shape:
            size *= int(extent)
        return "[" + ", ".join(str(item) for item in head.tolist()) + (", \u2026]" if size > 6 else "]")
    if type(value).__module__.split(".")[0] == "numpy":
        return repr(value)  # scalars
    return _short.repr(value)


def columns_of(value):
    """The columns of a table, or None."""
    if not _is_tabular(value):
        return None
    columns = getattr(value, "columns", None)
    if columns is None or not hasattr(value, "shape") or callable(columns):
        return None
    return list(columns[:MAX_MEMBERS])


def members_of(value):
    """(names, types, access) of what a value holds by name: columns, keys, attributes."""
    columns = columns_of(value)
    if columns is not None:
        names = [name for name in columns if isinstance(name, str)]
        return names, ["column"] * len(names), "["
    if isinstance(value, dict):
        pairs = [(key, item) for key, item in _first_items(value) if isinstance(key, str)]
        return [key for key, _ in pairs], [kind_of(item) for _, item in pairs], "["
    if isinstance(value, (type, types.ModuleType)) or callable(value):
        return [], [], "."
    fields = getattr_plain(value, "__dict__")
    if not isinstance(fields, dict):
        return [], [], "."
    pairs = [pair for pair in _first_items(fields) if isinstance(pair[0], str) and pair[0][:1] != "_"]
    return [name for name, _ in pairs], [kind_of(item) for _, item in pairs], "."


def getattr_plain(value, name):
    """An attribute that every object has, past any `__getattribute__` of its class."""
    try:
        return object.__getattribute__(value, name)
    except AttributeError:
        return None


def _first_items(mapping):
    # dict's own, in case the class of a mapping has another.
    items = []
    for item in dict.items(mapping):
        items.append(item)
        if len(items) == MAX_MEMBERS:
            break
    return items


def kind_of(value):
    """`module`, `class`, `dataframe`, `function` or `instance`."""
    if isinstance(value, types.ModuleType):
        return "module"
    if isinstance(value, type):
        return "class"
    if isinstance(value, property):
        return "property"
    if columns_of(value) is not None:
        return "dataframe"
    return "function" if callable(value) else "instance"


def children(namespace, path):
    """`[{"name", "type", "size", "value"}]` of what a variable holds; `path` as `child` takes it."""
    value = namespace[path[0]]
    for step in path[1:]:
        value = child(value, step)
    names = members_of(value)[0]
    if not names and isinstance(value, (list, tuple)):
        names = [str(position) for position in range(min(len(value), MAX_MEMBERS))]
    items = []
    for name in names:
        try:
            items.append(dict(describe(child(value, name)), name=name))
        except Exception:
            items.append({"name": name, "type": "unknown", "size": "", "value": ""})
    return items


def child(value, name):
    """A column, an item by its key or position, or an attribute; runs no property."""
    if columns_of(value) is not None:
        return value[name]
    if isinstance(value, dict):
        return dict.__getitem__(value, name)
    if isinstance(value, (list, tuple)):
        return value[int(name)]
    return getattr_plain(value, "__dict__")[name]

