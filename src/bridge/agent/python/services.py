"""The types which variables have as inputs and outputs of a web service, in the words of R Server."""

_SCALARS = ((bool, "logical"), (int, "integer"), (float, "numeric"), (str, "character"))
# Of numpy's types: the letter that says of which kind one is.
_KINDS = {"b": "logical", "i": "integer", "u": "integer", "f": "numeric", "U": "character", "S": ""}


def types(namespace, names):
    """`{name: {"type", "class"}}`: an empty type where no service can have such a value; absent names are left out."""
    return {
        name: {"type": service_type(namespace[name]), "class": type(namespace[name]).__name__}
        for name in names
        if name in namespace
    }


def service_type(value):
    for kind, name in _SCALARS:
        if isinstance(value, kind):
            return name
    if isinstance(value, (list, tuple, range, set, frozenset)):
        return "vector"
    package = type(value).__module__.split(".")[0]
    if package == "pandas":
        return _type_of_pandas(value)
    return _type_of_numpy(value) if package == "numpy" else _type_of_date(value)


def _type_of_pandas(value):
    if hasattr(value, "columns"):
        return "data.frame"
    return "vector" if hasattr(value, "dtype") and hasattr(value, "__len__") else _type_of_date(value)


def _type_of_numpy(value):
    dimensions = getattr(value, "ndim", None)
    if dimensions == 0:
        return _KINDS.get(value.dtype.kind, "")
    return {1: "vector", 2: "matrix"}.get(dimensions, "")


def _type_of_date(value):
    import datetime

    return "character" if isinstance(value, datetime.date) else ""
