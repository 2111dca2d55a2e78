"""Completion, inspection and the is-complete check by IPython, as replies of the Jupyter protocol."""
import inspect as standard_inspect
import keyword
import re

from IPython.utils.tokenutil import line_at_cursor, token_at_cursor

from _rserver_kernel.messages import encode_bundle

# Above this many matches nobody reads the types.
MAX_TYPED_MATCHES = 200

_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*$")


def complete(shell, code, cursor):
    try:
        from IPython.core.completer import provisionalcompleter, rectify_completions
    except ImportError:
        return _complete_line(shell, code, cursor)
    with provisionalcompleter():
        completions = list(
            rectify_completions(code, shell.Completer.completions(code, cursor))
        )
    start = completions[0].start if completions else cursor
    end = completions[0].end if completions else cursor
    reply = {
        "matches": [completion.text for completion in completions],
        "cursor_start": start,
        "cursor_end": end,
        "metadata": {},
    }
    if len(completions) <= MAX_TYPED_MATCHES:
        reply["metadata"]["_jupyter_types_experimental"] = [
            {
                "text": completion.text,
                "type": _type_of(shell, code[:start] + completion.text, completion),
                "start": completion.start,
                "end": completion.end,
                "signature": getattr(completion, "signature", "") or "",
            }
            for completion in completions
        ]
    return reply


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


def _type_of(shell, completed, completion):
    """What a completed dotted name stands for; calls nothing and runs no property. Else what IPython says."""
    if completion.text.startswith("%"):
        return "magic"
    found = _DOTTED.search(completed)
    name = found.group(0) if found else ""
    if keyword.iskeyword(name):
        return "keyword"
    first, _, rest = name.partition(".")
    for namespace in (shell.user_ns, shell.ns_table["builtin"]):
        if first in namespace:
            return _kind(_static(namespace[first], rest))
    return getattr(completion, "type", "<unknown>")


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
