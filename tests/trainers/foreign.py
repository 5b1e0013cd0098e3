"""Modules of trainers, loaded without what they do not need here.

Several trainers import half the world in `__init__`: models that want another version of transformers, search
engines, spaCy. Their loaders need none of it, so packages are made without running their `__init__`.
"""

import importlib
import importlib.util
import sys
import types
from contextlib import contextmanager
from unittest.mock import MagicMock


@contextmanager
def loader(package, module, *absent):
    """Give the module `package.module`, with every package on the way left bare.

    absent: modules that it imports and that need not be there; they are replaced by mocks.
    """
    before = dict(sys.modules)
    try:
        for name in absent:
            if importlib.util.find_spec(name.partition(".")[0]) is None:
                sys.modules[name] = MagicMock()
        spec = importlib.util.find_spec(package)
        path, parts = list(spec.submodule_search_locations), module.split(".")
        sys.modules[package] = _bare(package, path)
        for depth in range(1, len(parts)):
            name = ".".join([package, *parts[:depth]])
            path = [f"{folder}/{parts[depth - 1]}" for folder in path]
            sys.modules[name] = _bare(name, path)
        yield importlib.import_module(f"{package}.{module}")
    finally:
        for name in set(sys.modules) - set(before):
            if name.partition(".")[0] in (package, *absent):
                del sys.modules[name]


def _bare(name, path):
    package = types.ModuleType(name)
    package.__path__ = path
    return package
