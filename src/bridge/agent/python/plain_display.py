"""Rich representations and `display` for sessions without IPython, by the same methods that IPython asks for."""
import builtins
import pprint
import sys
import uuid

from _rserver_kernel.messages import channel, display_message

_METHODS = (
    ("_repr_html_", "text/html"),
    ("_repr_markdown_", "text/markdown"),
    ("_repr_svg_", "image/svg+xml"),
    ("_repr_png_", "image/png"),
    ("_repr_jpeg_", "image/jpeg"),
    ("_repr_latex_", "text/latex"),
    ("_repr_json_", "application/json"),
    ("_repr_javascript_", "application/javascript"),
    ("_repr_pdf_", "application/pdf"),
)
_CONTAINERS = (dict, list, tuple, set, frozenset)
_WIDTH = 79


def mime_bundle(value):
    """(data, metadata) of a value: its `_repr_*_` methods and, always, its text."""
    data, metadata = {}, {}
    if not isinstance(value, type):
        _ask_bundle(value, data, metadata)
        for method, mime in _METHODS:
            if mime not in data:
                _add(data, metadata, mime, _ask(value, method))
        figures = sys.modules.get("_rserver_kernel.plain_figures")
        if figures is not None and figures.is_figure(value):
            data["image/png"] = figures.png_of(value)
    data.setdefault("text/plain", text_repr(value))
    return data, metadata


def show_itself(value):
    """Whether a value has shown itself, by its `_ipython_display_`."""
    method = None if isinstance(value, type) else getattr(type(value), "_ipython_display_", None)
    if method is None:
        return False
    try:
        method(value)
        return True
    except NotImplementedError:
        return False
    except Exception:
        _report()
        return False


def text_repr(value):
    text = builtins.repr(value)
    if isinstance(value, _CONTAINERS) and len(text) > _WIDTH:
        options = {} if sys.version_info < (3, 8) else {"sort_dicts": False}
        return pprint.pformat(value, width=_WIDTH, **options)
    return text


def _ask_bundle(value, data, metadata):
    method = getattr(type(value), "_repr_mimebundle_", None)
    if method is None:
        return
    try:
        bundle = method(value, include=None, exclude=None)
    except Exception:
        _report()
        return
    if isinstance(bundle, tuple):
        bundle, more = bundle
        metadata.update(more)
    data.update(bundle or {})


def _ask(value, name):
    method = getattr(type(value), name, None)
    if not callable(method):
        return None
    try:
        return method(value)
    except NotImplementedError:
        return None
    except Exception:
        _report()
        return None


def _add(data, metadata, mime, answer):
    if answer is None:
        return
    if isinstance(answer, tuple):
        answer, more = answer
        metadata[mime] = more
    data[mime] = answer


def _report():
    """A representation that fails is told of; the others are shown all the same."""
    import traceback

    sys.stderr.write(traceback.format_exc())


class DisplayHandle:
    """What `display(..., display_id=True)` returns: shows and updates one place."""

    def __init__(self, display_id):
        self.display_id = display_id

    def display(self, value, **kwargs):
        display(value, display_id=self.display_id, **kwargs)

    def update(self, value, **kwargs):
        display(value, display_id=self.display_id, update=True, **kwargs)


def display(*values, **options):
    """Shows values. Options: `display_id` (True or a text), `update`, `raw` (values are mime bundles), `metadata`,
    `clear`."""
    display_id = options.get("display_id")
    if display_id is True:
        display_id = uuid.uuid4().hex
    if options.get("clear"):
        clear_output(wait=True)
    for value in values:
        if not options.get("raw") and show_itself(value):
            continue
        data, metadata = (value, {}) if options.get("raw") else mime_bundle(value)
        metadata.update(options.get("metadata") or {})
        transient = {} if display_id is None else {"display_id": display_id}
        channel.send(display_message(data, metadata, transient, bool(options.get("update"))))
    return None if display_id is None else DisplayHandle(display_id)


def clear_output(wait=False):
    """Clears what the cell has shown; `wait`: only when something new comes."""
    channel.send({"type": "clear", "wait": bool(wait)})


display.clear_output = clear_output
