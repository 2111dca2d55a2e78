"""Completion by the standard library, as a reply of the Jupyter protocol."""
import importlib.util
import keyword
import os
import pkgutil
import re
import sys

from _rserver_kernel.knowledge import signature_of
from _rserver_kernel.plain_objects import MISSING, resolve, static_attribute
from _rserver_kernel.variables import columns_of, kind_of

MAX_SIGNATURES = 40

_IMPORT = re.compile(r"^\s*(?:import|from)\s+(?:[\w., ]*,\s*)?([\w.]*)$")
_FROM = re.compile(r"^\s*from\s+([\w.]+)\s+import\s+(?:[\w, ]*,\s*)?\(?(\w*)$")
_KEY = re.compile(r"""([^\W\d]\w*(?:\.[^\W\d]\w*)*)\[\s*[rb]?(["'])([^"']*)$""")
_STRING = re.compile(r"""(?:^|[^\w])[rbu]?(["'])((?:(?!\1).)*)$""")
_LITERAL = re.compile(r"""(?:(["'])(?:(?!\1).)*\1|(\[[^\]]*\])|(\{[^}]*\}))\.(\w*)$""")
_OF_EXPRESSION = re.compile(r"[)\]}\"']\s*\.\w*$")
_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*\.?$|[^\W\d]\w*$")
_ARGUMENT = re.compile(
    r"([^\W\d]\w*(?:\.[^\W\d]\w*)*)\s*\((?:(?:[^()]|\([^()]*\))*,)?\s*(\w*)$"
)


def complete(namespace, code, cursor):
    line = code[:cursor].rsplit("\n", 1)[-1]
    start, found = _complete_line(namespace, line)
    start = cursor - (len(line) - start)
    names = list(found)
    if len(names) > MAX_SIGNATURES:
        found = {name: (kind, None) for name, (kind, _) in found.items()}
    return {
        "matches": names,
        "cursor_start": start,
        "cursor_end": cursor,
        "metadata": {
            "_jupyter_types_experimental": [
                {
                    "text": name,
                    "type": found[name][0],
                    "start": start,
                    "end": cursor,
                    "signature": _signature(found[name][1]),
                }
                for name in names
            ]
        },
    }


def _signature(value):
    return (signature_of(value) or "") if callable(value) else ""


def _complete_line(namespace, line):
    """(where the completed word begins, {match: (kind, value or None)} in order)."""
    imported = _FROM.match(line)
    if imported:
        return imported.start(2), _members_of_module(imported.group(1), imported.group(2))
    imported = _IMPORT.match(line)
    if imported:
        return imported.start(1), _sorted(_modules(imported.group(1)))
    key = _KEY.search(line)
    if key:
        return key.start(3), _keys(resolve(namespace, key.group(1)), key.group(3))
    quoted = _STRING.search(line)
    if quoted and line.count(quoted.group(1)) % 2 == 1:
        return quoted.start(2), _sorted(_files(quoted.group(2)))
    literal = _LITERAL.search(line)
    if literal:
        kind = str if literal.group(1) else list if literal.group(2) else dict
        return literal.start(4), _attributes(kind, literal.group(4))
    if _OF_EXPRESSION.search(line):
        return len(line), {}
    found = _DOTTED.search(line)
    text = found.group(0) if found else ""
    if "." in text:
        path, prefix = text.rsplit(".", 1)
        return len(line) - len(prefix), _attributes(resolve(namespace, path), prefix)
    matches = _arguments(namespace, line)
    matches.update(_sorted(_globals(namespace, text)))
    return len(line) - len(text), matches


def _sorted(types):
    return {name: types[name] for name in sorted(types)}


def _globals(namespace, prefix):
    if not prefix:
        return {name: (kind_of(value), value) for name, value in namespace.items() if name[:1] != "_"}
    matches = {word: ("keyword", None) for word in keyword.kwlist if word.startswith(prefix)}
    for space in (sys.modules["builtins"].__dict__, namespace):
        for name, value in space.items():
            if name.startswith(prefix) and (name[:1] != "_" or prefix[0] == "_"):
                matches[name] = (kind_of(value), value)
    return matches


def _arguments(namespace, line):
    """Names of arguments of the call in which the line ends."""
    found = _ARGUMENT.search(line)
    if not found:
        return {}
    signature = signature_of(resolve(namespace, found.group(1))) or ""
    names = re.findall(r"(?:^\(|, )([^\W\d]\w*)", signature)
    return {name + "=": ("param", None) for name in names if name.startswith(found.group(2))}


def _attributes(owner, prefix):
    if owner is MISSING:
        return {}
    names = [name for name in dir(owner) if name.startswith(prefix) and (name[:1] != "_" or prefix[:1] == "_")]
    matches = {}
    for name in names:
        value = static_attribute(owner, name)
        matches[name] = ("<unknown>", None) if value is MISSING else (kind_of(value), value)
    return matches


def _keys(owner, prefix):
    columns = columns_of(owner)
    names = columns if columns is not None else owner if isinstance(owner, dict) else []
    kind = "column" if columns is not None else "dict key"
    return {name: (kind, None) for name in names if isinstance(name, str) and name.startswith(prefix)}


def _modules(prefix):
    package, _, start = prefix.rpartition(".")
    if package:
        try:
            path = importlib.util.find_spec(package).submodule_search_locations
        except (ImportError, AttributeError, ValueError):
            return {}
        names = {package + "." + module[1] for module in pkgutil.iter_modules(path or [])}
    else:
        names = {module[1] for module in pkgutil.iter_modules()} | set(sys.builtin_module_names)
    return {
        name: ("module", None)
        for name in names
        if name.startswith(prefix) and (start[:1] == "_" or not name.rpartition(".")[2].startswith("_"))
    }


def _members_of_module(name, prefix):
    module = sys.modules.get(name)
    matches = {} if module is None else _attributes(module, prefix)
    for path, found in _modules(name + "." + prefix).items():
        matches.setdefault(path.rpartition(".")[2], found)
    return _sorted(matches)


def _files(prefix):
    folder, start = os.path.split(prefix)
    try:
        names = os.listdir(os.path.expanduser(folder) or ".")
    except OSError:
        return {}
    matches = {}
    for name in names:
        path = os.path.join(folder, name)
        if name.startswith(start) and (name[:1] != "." or start[:1] == "."):
            is_folder = os.path.isdir(os.path.expanduser(path))
            matches[path + "/" if is_folder else path] = ("path", None)
    return matches
