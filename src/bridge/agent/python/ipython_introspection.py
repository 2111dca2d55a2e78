"""Completion, inspection and the is-complete check by IPython, as replies of the Jupyter protocol."""
import inspect as standard_inspect
import keyword
import re

from IPython.utils.tokenutil import line_at_cursor, token_at_cursor

from _rserver_kernel.knowledge import signature_of
from _rserver_kernel.messages import encode_bundle

# Above this many matches nobody reads the types, or the signatures.
MAX_TYPED_MATCHES = 200
MAX_SIGNATURES = 40

_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*$")
# An attribute of something that no look at live objects can tell: of a call, of an item.
_OF_EXPRESSION = re.compile(r"[)\]]\s*\.\w*$")
_IMPORTS = re.compile(r"^\s*(?:from\s+[\w.]+\s+)?import\s")


def complete(shell, code, cursor):
    try:
        from IPython.core.completer import provisionalcompleter, rectify_completions
    except ImportError:
        return _complete_line(shell, code, cursor)
    with provisionalcompleter():
        completions = list(shell.Completer.completions(code, cursor))
        if not completions and _OF_EXPRESSION.search(code[:cursor]):
            completions = _by_jedi(shell, code, cursor)
        completions = list(rectify_completions(code, completions))
    if _IMPORTS.match(code[:cursor].rsplit("\n", 1)[-1]):
        completions.sort(key=lambda completion: completion.text)  # IPython's are in no order
    start = completions[0].start if completions else cursor
    end = completions[0].end if completions else cursor
    texts = [completion.text for completion in completions]
    if texts and code[start : start + 1] == "." and all(text[:1] == "." for text in texts):
        # IPython's own fallback counts the dot in; people look for the name.
        start, texts = start + 1, [text[1:] for text in texts]
    reply = {"matches": texts, "cursor_start": start, "cursor_end": end, "metadata": {}}
    if len(completions) <= MAX_TYPED_MATCHES:
        reply["metadata"]["_jupyter_types_experimental"] = [
            {"text": text, "type": kind, "start": start, "end": end, "signature": signature}
            for text, (kind, signature) in zip(
                texts, (_kind_and_signature(shell, code[:start] + text, completion, len(texts))
                        for text, completion in zip(texts, completions))
            )
        ]
    return reply


def _by_jedi(shell, code, cursor):
    """Slow, and no better on live objects, but it knows what calls give."""
    if not hasattr(shell.Completer, "use_jedi"):
        return []
    shell.Completer.use_jedi = True
    try:
        return list(shell.Completer.completions(code, cursor))
    finally:
        shell.Completer.use_jedi = False


def _complete_line(shell, code, cursor):
    """IPython 5, which completes a single line."""
    line, offset = line_at_cursor(code, cursor)
    text, matches = shell.complete("", line, cursor - offset)
    return {
        "matches": matches,
        "cursor_start": cursor - len(text),
        "cursor_end": cursor,
        "metadata": {},
    }


def _kind_and_signature(shell, completed, completion, count):
    """What a completed dotted name stands for; calls nothing and runs no property. Else what IPython says."""
    said = getattr(completion, "type", "<unknown>"), getattr(completion, "signature", "") or ""
    if completion.text.startswith("%"):
        return "magic", ""
    if completed.endswith("="):
        return "param", ""
    found = _DOTTED.search(completed)
    name = found.group(0) if found else ""
    if keyword.iskeyword(name):
        return "keyword", ""
    if _IMPORTS.match(completed.rsplit("\n", 1)[-1]):
        return ("module", "") if said[0] == "<unknown>" else said
    if not name or said[0] in ("dict key", "path"):
        return said
    first, _, rest = name.partition(".")
    for namespace in (shell.user_ns, shell.ns_table["builtin"]):
        if first in namespace:
            value = _static(namespace[first], rest)
            signature = signature_of(value) if count <= MAX_SIGNATURES and callable(value) else None
            return _kind(value), signature or said[1]
    return said


def _static(value, path):
    for name in path.split(".") if path else ():
        try:
            value = standard_inspect.getattr_static(value, name)
        except AttributeError:
            return None
    return value


def _kind(value):
    if standard_inspect.ismodule(value):
        return "module"
    if standard_inspect.isclass(value):
        return "class"
    if isinstance(value, property):
        return "property"
    return "function" if callable(value) else "instance"


def inspect(shell, code, cursor, detail):
    name = token_at_cursor(code, cursor)
    try:
        bundle = shell.object_inspect_mime(name, detail_level=detail)
    except (KeyError, SyntaxError):
        return {"found": False, "data": {}, "metadata": {}}
    if not isinstance(bundle, dict):
        bundle = {"text/plain": bundle}
    if not shell.enable_html_pager:
        # As ipykernel does: front ends would prefer it, and the coloured text reads better.
        bundle.pop("text/html", None)
    return {"found": True, "data": encode_bundle(bundle), "metadata": {}}


def is_complete(shell, code):
    manager = getattr(shell, "input_transformer_manager", None) or shell.input_splitter
    status, spaces = manager.check_complete(code)
    reply = {"status": status}
    if status == "incomplete":
        reply["indent"] = " " * (spaces or 0)
    return reply
