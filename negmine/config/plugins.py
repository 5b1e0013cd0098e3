"""Plug-ins: a user's own retriever, scorer or output format, named `package.module:factory`.

`package.module:factory:NAME` is the same under another name.
"""

from __future__ import annotations

import importlib
from functools import reduce
from typing import Any

from negmine.config.naming import nearest
from negmine.errors import SettingsError


def load_plugin(spec: str, flag: str) -> Any:
    """Import the module and return its factory.

    Raises SettingsError where the module or the factory is not there.
    """
    module, factory, *names = spec.split(":")
    if len(names) > 1:
        raise SettingsError(
            f"{flag} {spec}: say package.module:factory, or package.module:factory:NAME."
        )
    try:
        imported = importlib.import_module(module)
    except (ImportError, ValueError) as error:  # ValueError: an empty name
        raise SettingsError(
            f"{flag} {spec}: {error}. Is the package installed here? The folder of a module of your own has "
            "to be in PYTHONPATH, in each command that uses it; a work directory remembers the name."
        ) from error
    except (Exception, SystemExit) as error:  # TypeError: a name that begins with dots
        raise SettingsError(
            f"{flag} {spec}: importing it ends in {type(error).__name__}: {error}. Try: "
            f"python -c 'import {module}'"
        ) from error
    try:
        return reduce(getattr, factory.split("."), imported)
    except AttributeError as error:
        raise SettingsError(f"{flag} {spec}: {error}.{nearest(factory, dir(imported))}") from error
