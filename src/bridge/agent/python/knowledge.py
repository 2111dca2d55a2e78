"""Tells the kernel what a cell changed in the workspace, so that it can answer about it while the next cell runs.

Only differences travel, as `workspace` messages (see agent.ts). Looking is cheap and runs no code of the user's.
"""
import inspect
import os
import re
import time
import types

from _rserver_kernel.variables import describe, is_own, kind_of, members_of

# In one message at most: variables described, names of one module or class, functions, and the time it may take.
MAX_OBJECTS = 200
MAX_NAMES = 2000
MAX_FUNCTIONS = 30
MAX_FILES = 500
MAX_SECONDS = 0.02

_CHAIN = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_MAX_SOURCE = 100000


class Workspace:
    """What the kernel knows of the workspace of this session."""

    def __init__(self):
        self._serial = None
        self._forget()

    def _forget(self):
        self._seen = {}
        self._described = {}
        self._spaces = set()
        self._functions = set()
        self._folder = None

    def tell_everything(self, known, namespace, hidden):
        """Before a cell: the message for a kernel that knows another state than the one told last, else None."""
        if known is None or known == self._serial:
            return None
        self._forget()
        fields = {"full": True, "search": ["builtins"]}
        self._tell_space("builtins", vars(__import__("builtins")), fields)
        return self._message(namespace, hidden, (), fields)

    def tell_changes(self, known, namespace, hidden, source):
        """After a cell: the message about what is new, or None."""
        if known is None:
            return None
        chains = set(_CHAIN.findall(source[:_MAX_SOURCE]))
        return self._message(namespace, hidden, chains, {})

    def _message(self, namespace, hidden, chains, fields):
        try:
            self._tell_objects(namespace, hidden, chains, fields)
            self._tell_functions(namespace, chains, fields)
            self._tell_files(fields)
        except Exception:
            self._serial = None  # the next cell tells everything
            return None
        if not fields:
            return None
        # From the clock, so that an agent which is installed anew never repeats a number.
        self._serial = int(time.time() * 100) if self._serial is None else self._serial + 1
        return dict(fields, type="workspace", serial=self._serial)

    def _tell_objects(self, namespace, hidden, chains, fields):
        mentioned = {chain.split(".", 1)[0] for chain in chains}
        seen = {
            name: (id(value), type(value))
            for name, value in namespace.items()
            if is_own(name, value, hidden)
        }
        # What a cell changes in place keeps its id.
        changed = [
            name for name, mark in seen.items() if name in mentioned or self._seen.get(name) != mark
        ]
        gone = [name for name in self._seen if name not in seen]
        objects = []
        deadline = time.time() + MAX_SECONDS
        for position, name in enumerate(changed):
            if position >= MAX_OBJECTS or time.time() > deadline:
                seen[name] = None  # told after the next cell
                continue
            described = self._described_object(name, namespace[name], fields)
            if self._described.get(name) != described:
                self._described[name] = described
                objects.append(described)
        for name in gone:
            self._described.pop(name, None)
        self._seen = seen
        if objects:
            fields["objects"] = objects
        if gone:
            fields["gone"] = gone

    def _described_object(self, name, value, fields):
        described = dict(describe(value), name=name, kind=kind_of(value))
        names, types_, access = members_of(value)
        if names:
            described.update(members=names, types=types_, access=access)
        if isinstance(value, types.ModuleType):
            described["space"] = value.__name__
            self._tell_space(value.__name__, vars(value), fields)
        else:
            kind = value if isinstance(value, type) else type(value)
            described["space"] = kind.__module__ + "." + kind.__qualname__
            self._tell_space(described["space"], class_members(kind), fields)
        if described["kind"] in ("function", "class"):
            signature = signature_of(value)
            if signature:
                described["signature"] = signature
        return described

    def _tell_space(self, label, members, fields):
        if label in self._spaces:
            return
        self._spaces.add(label)
        names = [name for name in members if name[:1] != "_"][:MAX_NAMES]
        fields.setdefault("spaces", {})[label] = [
            name + ":" + kind_of_member(members[name]) for name in names
        ]

    def _tell_functions(self, namespace, chains, fields):
        """Signatures of functions of modules and classes which the code names."""
        found = {}
        for chain in chains:
            if len(found) >= MAX_FUNCTIONS:
                break
            if chain in self._functions or chain in self._seen:
                continue
            self._functions.add(chain)
            value = static_value(namespace, chain)
            if isinstance(value, types.ModuleType):
                self._tell_space(value.__name__, vars(value), fields)
            signature = signature_of(value) if callable(value) else None
            if signature:
                found[chain] = signature
        if found:
            fields["functions"] = found

    def _tell_files(self, fields):
        try:
            folder = (os.getcwd(), os.stat(".").st_mtime)
            if folder == self._folder:
                return
            fields["files"] = sorted(name for name in os.listdir(".") if name[:1] != ".")[:MAX_FILES]
            self._folder = folder
        except OSError:
            pass


def class_members(kind):
    """The members of a class by name, also inherited ones, without running anything."""
    members = {}
    for base in reversed(kind.__mro__):
        members.update(vars(base))
    return members


def kind_of_member(value):
    if isinstance(value, (staticmethod, classmethod)):
        return "function"
    if isinstance(value, types.GetSetDescriptorType):
        return "property"
    return kind_of(value)


def static_value(namespace, chain):
    """The value of a dotted name by modules and classes alone, or None; runs no property."""
    names = chain.split(".")
    value = namespace.get(names[0])
    if value is None and len(names) == 1:
        value = vars(__import__("builtins")).get(names[0])
    for name in names[1:]:
        if isinstance(value, types.ModuleType):
            value = vars(value).get(name)
        elif value is not None:
            value = class_members(value if isinstance(value, type) else type(value)).get(name)
        if isinstance(value, (staticmethod, classmethod)):
            value = value.__func__
    return value


def signature_of(value):
    try:
        return str(inspect.signature(value))[:1000]
    except Exception:
        return None
