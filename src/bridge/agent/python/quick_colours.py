"""Coloured tracebacks in a third of the time.

IPython has the colours of every frame made anew: stack_data makes a class of lexer for each, for which Pygments compiles
the grammar of Python once more, and IPython a formatter for each traceback. Here they are kept.
"""
import contextlib
import functools


@contextlib.contextmanager
def quick_colours():
    """While a traceback is written. Where the libraries are not as known here, they do it their own way."""
    try:
        places = _places()
    except Exception:
        places = ()
    originals = [(owner, name, getattr(owner, name)) for owner, name, _ in places]
    for owner, name, value in places:
        setattr(owner, name, value)
    try:
        yield
    finally:
        for owner, name, value in originals:
            setattr(owner, name, value)


@functools.lru_cache(maxsize=None)
def _places():
    """(module, name, what stands there meanwhile)"""
    import pygments.formatters.terminal256 as terminal
    import pygments.lexers
    import stack_data

    by_name = pygments.lexers.get_lexer_by_name
    lexer = _lexer_class()(stripnl=False)

    def get_lexer_by_name(name, **options):
        return lexer if name == "python3" and not options else by_name(name, **options)

    return (
        (pygments.lexers, "get_lexer_by_name", get_lexer_by_name),
        (stack_data, "style_with_executing_node", functools.lru_cache()(stack_data.style_with_executing_node)),
        (terminal, "Terminal256Formatter", functools.lru_cache()(terminal.Terminal256Formatter)),
    )


def _lexer_class():
    """A lexer of Python whose subclasses take over its compiled grammar."""
    from pygments.lexer import RegexLexerMeta
    from pygments.lexers.python import PythonLexer

    grammar = PythonLexer()._tokens

    class KnownGrammar(RegexLexerMeta):
        def __call__(cls, *args, **options):
            cls._tokens = grammar
            return super(KnownGrammar, cls).__call__(*args, **options)

    return KnownGrammar("QuickPythonLexer", (PythonLexer,), {})
