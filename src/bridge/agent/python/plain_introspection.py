"""Completion, inspection and the is-complete check by the standard library, as replies of the Jupyter protocol."""
import codeop
import inspect as standard_inspect
import keyword
import os
import pkgutil
import re
import sys
import warnings

_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*\.?$|[^\W\d]\w*$")
_IMPORT = re.compile(r"^\s*(?:import|from)\s+(?:[\w., ]*,\s*)?(\w*)$")
_STRING = re.compile(r"""(?:^|[^\w])[rbu]?(["'])((?:(?!\1).)*)$""")
_CALL = re.compile(r"([^\W\d]\w*(?:\.[^\W\d]\w*)*)\s*\([^()]*$")
_ENDS_BLOCK = ("return", "pass", "raise", "break", "continue")


def complete(namespace, code, cursor):
    line = code[:cursor].rsplit("\n", 1)[-1]
    imported = _IMPORT.match(line)
    if imported:
        return _reply(_modules(imported.group(1)), imported.group(1), cursor)
    quoted = _STRING.search(line)
    if quoted and line.count(quoted.group(1)) % 2 == 1:
        return _reply(_files(quoted.group(2)), quoted.group(2), cursor)
    found = _DOTTED.search(line)
    text = found.group(0) if found else ""
    if "." in text:
        path, prefix = text.rsplit(".", 1)
        owner = _resolve(namespace, path)
        types = {name: _static_type(owner, name) for name in _attributes(owner, prefix)}
        return _reply(types, prefix, cursor)
    return _reply(_globals(namespace, text), text, cursor)


def _reply(types, prefix, cursor):
    start = cursor - len(prefix)
    names = sorted(types)
    return {
        "matches": names,
        "cursor_start": start,
        "cursor_end": cursor,
        "metadata": {
            "_jupyter_types_experimental": [
                {"text": name, "type": types[name], "start": start, "end": cursor} for name in names
            ]
        },
    }


def _globals(namespace, prefix):
    if not prefix:
        return {name: _type_of(value) for name, value in namespace.items() if name[:1] != "_"}
    types = {word: "keyword" for word in keyword.kwlist if word.startswith(prefix)}
    for space in (sys.modules["builtins"].__dict__, namespace):
        for name, value in space.items():
            if name.startswith(prefix) and (name[:1] != "_" or prefix[0] == "_"):
                types[name] = _type_of(value)
    return types


def _attributes(owner, prefix):
    if owner is _MISSING:
        return []
    return [
        name
        for name in dir(owner)
        if name.startswith(prefix) and (name[:1] != "_" or prefix[:1] == "_")
    ]


def _modules(prefix):
    names = {module[1] for module in pkgutil.iter_modules()} | set(sys.builtin_module_names)
    return {name: "module" for name in names if name.startswith(prefix) and not name.startswith("_")}


def _files(prefix):
    folder, start = os.path.split(prefix)
    try:
        names = os.listdir(os.path.expanduser(folder) or ".")
    except OSError:
        return {}
    types = {}
    for name in names:
        path = os.path.join(folder, name)
        if name.startswith(start):
            is_folder = os.path.isdir(os.path.expanduser(path))
            types[path + "/" if is_folder else path] = "path"
    return types


_MISSING = object()


def _resolve(namespace, path):
    """The object of a dotted name; calls nothing."""
    names = path.split(".")
    value = namespace.get(names[0], getattr(sys.modules["builtins"], names[0], _MISSING))
    for name in names[1:]:
        if value is _MISSING:
            return value
        value = getattr(value, name, _MISSING)
    return value


def _static_type(owner, name):
    try:
        return _type_of(standard_inspect.getattr_static(owner, name))
    except AttributeError:
        return "<unknown>"


def _type_of(value):
    if standard_inspect.ismodule(value):
        return "module"
    if standard_inspect.isclass(value):
        return "class"
    if isinstance(value, property):
        return "property"
    return "function" if callable(value) else "instance"


def inspect(namespace, code, cursor, detail):
    name = _name_at(code, cursor)
    value = _resolve(namespace, name) if name else _MISSING
    if value is _MISSING:
        return {"found": False, "data": {}, "metadata": {}}
    fields = [
        ("Signature", _signature(name, value)),
        ("Type", type(value).__name__),
        ("String form", _shortened(value)),
        ("File", _quiet(standard_inspect.getsourcefile, value)),
        ("Source" if detail else "Docstring", _body(value, detail)),
    ]
    lines = []
    for label, text in fields:
        if text:
            separator = "\n" if "\n" in text else " "
            lines.append("\x1b[31m" + label + ":\x1b[39m" + separator + text)
    return {"found": True, "data": {"text/plain": "\n".join(lines)}, "metadata": {}}


def _name_at(code, cursor):
    """The dotted name under the cursor, else the function in whose arguments the cursor is."""
    end = cursor
    while end < len(code) and (code[end].isalnum() or code[end] == "_"):
        end += 1
    found = _DOTTED.search(code[:end])
    if found and found.group(0).strip(".") and not keyword.iskeyword(found.group(0)):
        return found.group(0).strip(".")
    call = _CALL.search(code[:cursor])
    return call.group(1) if call else ""


def _body(value, detail):
    source = _quiet(standard_inspect.getsource, value) if detail else None
    return source or _quiet(standard_inspect.getdoc, value)


def _signature(name, value):
    signature = _quiet(standard_inspect.signature, value) if callable(value) else None
    return None if signature is None else name + str(signature)


def _shortened(value):
    text = _quiet(str, value) or ""
    return text if len(text) <= 200 else text[:200] + "..."


def _quiet(function, value):
    try:
        return function(value)
    except Exception:
        return None


def is_complete(code):
    if not code.strip():
        return {"status": "complete"}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compiled = codeop.compile_command(code, "<cell>", "exec")
    except (SyntaxError, OverflowError, ValueError):
        return {"status": "invalid"}
    lines = code.split("\n")
    last = lines[-1]
    in_block = last[:1] in (" ", "\t") and last.strip() != ""
    if compiled is not None and not in_block:
        return {"status": "complete"}
    indent = len(last) - len(last.lstrip())
    if last.rstrip().endswith(":"):
        indent += 4
    elif last.split()[:1] and last.split()[0] in _ENDS_BLOCK:
        indent = max(0, indent - 4)
    return {"status": "incomplete", "indent": " " * indent}
