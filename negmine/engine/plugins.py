"""Plug-ins: a user's own retriever or scorer, named `package.module:factory`."""

from __future__ import annotations

import importlib
from typing import Any

from negmine.errors import SettingsError


def plugin_name(spec: str) -> str:
    """Return what columns and folders are called after a plug-in: its factory's name."""
    return spec.rsplit(":", 1)[-1]


def load_plugin(spec: str, flag: str) -> Any:
    """Import the module and return its factory.

    Raises SettingsError where the module or the factory is not there.
    """
    module, factory = spec.split(":", 1)
    try:
        return getattr(importlib.import_module(module), factory)
    except (ImportError, AttributeError) as error:
        raise SettingsError(f"{flag} {spec}: {error}. Is the package installed here?") from error
