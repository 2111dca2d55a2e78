"""Inspection and the is-complete check by the standard library, as replies of the Jupyter protocol."""
import codeop
import inspect as standard_inspect
import keyword
import re
import warnings

from _rserver_kernel.plain_objects import MISSING, resolve

_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*\.?$|[^\W\d]\w*$")
_CALL = re.compile(r"([^\W\d]\w*(?:\.[^\W\d]\w*)*)\s*\([^()]*$")
_ENDS_BLOCK = ("return", "pass", "raise", "break", "continue")


def inspect(namespace, code, cursor, detail):
    name = _name_at(code, cursor)
    value = resolve(namespace, name) if name else MISSING
    if value is MISSING:
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
