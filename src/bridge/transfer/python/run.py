"""Runs one function of the transfer code, whose modules are a package that is gone afterwards.

Run with `exec` in a namespace that holds SOURCES (pairs of a module's name and its source, in the order in which they
build on each other, the last one with the function), NAME (of the function) and ARGUMENTS.
"""
import sys
import types


def run(sources, name, arguments):
    try:
        for module_name, source in sources:
            module = types.ModuleType(module_name)
            sys.modules[module_name] = module
            exec(compile(source, "<" + module_name + ">", "exec"), module.__dict__)
        getattr(module, name)(*arguments)
    finally:
        for module_name, _ in sources:
            sys.modules.pop(module_name, None)


run(SOURCES, NAME, ARGUMENTS)  # noqa: F821
