# The workspace in binary form: dill where the session has it, else pickle.
import importlib
import pickle
import sys
import types


_BUFFER_BYTES = 1024 * 1024


class WorkspaceError(Exception):
    """An operation failed; `code` is one of the server's error codes."""

    def __init__(self, code, message):
        super(WorkspaceError, self).__init__(message)
        self.code = code


class Workspace(object):
    def __init__(self, executor):
        self._namespace = vars(executor.module)
        self._own_names = executor.own_names

    def names(self):
        """User objects as people think of them: no modules, nothing with a leading underscore, nothing of IPython's."""
        return sorted(
            name
            for name, value in self._objects()
            if not name.startswith("_") and not isinstance(value, types.ModuleType)
        )

    def get(self, name, path):
        value = self._existing(name)
        with open(path, "wb") as file:
            try:
                _dump(value, file)
            except Exception as error:
                raise WorkspaceError("RUNTIME_OBJECT_NOT_SERIALIZABLE", _blame({name: value}, error))

    def set(self, name, path):
        with open(path, "rb") as file:
            content = file.read()
        try:
            self._namespace[name] = _pickler().loads(content)
        except Exception as error:
            raise WorkspaceError(
                "RUNTIME_OBJECT_BAD_BYTES", "The bytes for '%s' are no Python object: %s" % (name, _describe(error))
            )

    def delete(self, name):
        self._existing(name)
        del self._namespace[name]

    def save(self, file):
        """All objects in one piece, so that what they share stays shared; modules by name, to be imported again.

        Returns what went wrong, or "".
        """
        objects = dict(self._objects())
        modules = {
            name: objects.pop(name).__name__
            for name in list(objects)
            if isinstance(objects[name], types.ModuleType)
        }
        try:
            _dump({"format": 1, "modules": modules, "objects": objects}, file)
            file.flush()
        except Exception as error:
            return _blame(objects, error)
        return ""

    def load(self, path):
        try:
            with open(path, "rb", _BUFFER_BYTES) as file:
                saved = _pickler().load(file)
            modules, objects = saved["modules"], saved["objects"]
        except Exception as error:
            raise WorkspaceError("RUNTIME_SNAPSHOT_BAD", "The workspace cannot be loaded: %s" % _describe(error))
        for name, module in sorted(modules.items()):
            try:
                self._namespace[name] = importlib.import_module(module)
            except Exception as error:
                sys.stderr.write("The snapshot's module '%s' cannot be imported here: %s\n" % (module, error))
        self._namespace.update(objects)

    def _objects(self):
        hidden = self._own_names | _ipython_names()
        return [item for item in list(self._namespace.items()) if item[0] not in hidden and not _is_system(item[0])]

    def _existing(self, name):
        if name not in self._namespace or name in self._own_names:
            raise WorkspaceError("RUNTIME_OBJECT_NOT_FOUND", "The workspace has no object '%s'." % name)
        return self._namespace[name]


def _is_system(name):
    return name.startswith("__") and name.endswith("__")


def _ipython_names():
    """What IPython keeps in the workspace for itself, when the session uses it."""
    shell_module = sys.modules.get("IPython.core.interactiveshell")
    if shell_module is None or not shell_module.InteractiveShell.initialized():
        return frozenset()
    shell = shell_module.InteractiveShell.instance()
    history = {"_i%d" % i for i in range(1, shell.execution_count + 1)}
    results = {"_%d" % i for i in range(1, shell.execution_count + 1)}
    return frozenset(shell.user_ns_hidden) | history | results | {"_", "__", "___", "_i", "_ii", "_iii", "In", "Out"}


def _pickler():
    """dill knows functions and classes that were made in the session; pickle knows only what can be imported."""
    try:
        import dill
    except ImportError:
        return pickle
    return dill


def _blame(objects, error):
    """What to say of objects that could not be saved together: every one that is to blame, with its reason."""
    reasons = []
    for name in sorted(objects):
        try:
            _dump(objects[name], _Nowhere())
        except Exception as reason:
            reasons.append("'%s' (%s)" % (name, _describe(reason)))
    return "These objects cannot be saved: %s" % (", ".join(reasons) or _describe(error))


def _dump(value, file):
    pickler = _pickler()
    if pickler is not pickle:
        pickler.dump(value, file, protocol=4)
    else:
        _ImportablePickler(file, protocol=4).dump(value)


class _Nowhere(object):
    def write(self, content):
        return len(content)


class _ImportablePickler(pickle.Pickler):
    """Plain pickle stores functions and classes by name only: those of the session could never be read back."""

    def persistent_id(self, value):
        if isinstance(value, (type, types.FunctionType)) and value.__module__ == "__main__":
            raise pickle.PicklingError("'%s' is made in the session; install dill to save it" % value.__name__)
        return None


def _describe(error):
    return "%s: %s" % (type(error).__name__, error)
