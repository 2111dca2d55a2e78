"""Finds objects by dotted names and attributes without running any code of theirs."""
import inspect
import sys

MISSING = object()


def resolve(namespace, path):
    """The object of a dotted name, or MISSING; calls nothing, and follows no property."""
    names = path.split(".")
    value = namespace.get(names[0], getattr(sys.modules["builtins"], names[0], MISSING))
    for name in names[1:]:
        if value is MISSING:
            return value
        static = static_attribute(value, name)
        if isinstance(static, property):
            return MISSING
        value = getattr(value, name, MISSING)
    return value


def static_attribute(owner, name):
    try:
        return inspect.getattr_static(owner, name)
    except AttributeError:
        return MISSING
