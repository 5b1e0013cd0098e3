"""Settings of stage generate that cannot work, or have a value that cannot be read."""

from __future__ import annotations

from typing import Any

from negmine.config.endpoints import budget_of, check_url
from negmine.config.extra import extra_fields
from negmine.config.naming import nearest
from negmine.config.secrets import has_secret
from negmine.config.settings import GenerateSettings
from negmine.config.settings.generate import KINDS
from negmine.errors import SettingsError

KEY = "NEGMINE_GENERATE_KEY"


def check_generating(settings: GenerateSettings) -> None:
    """Raise SettingsError where nobody could write what the settings ask for."""
    kinds = settings.generate_kind
    for kind in kinds:
        if kind not in KINDS:
            raise SettingsError(
                f"--generate-kind {kind}: there is no such kind.{nearest(kind, KINDS)} "
                f"There are: {', '.join(KINDS)}."
            )
    if len(set(kinds)) != len(kinds):
        raise SettingsError(f"--generate-kind: name each once. Given: {', '.join(kinds)}.")
    if settings.generate_url is not None:
        check_url("--generate-url", settings.generate_url, KEY)
    if settings.generate_extra is not None and has_secret(settings.generate_extra):
        raise SettingsError(
            f"--generate-extra has a key in it, and would be stored. Leave it out: the key is sent from {KEY}."
        )
    if (settings.generate_url is None) != (not settings.generate_model):
        raise SettingsError(
            "--generate-url and --generate-model go together. Give both, or turn both off with none."
        )
    if settings.generate_url is not None and settings.generate_local is not None:
        raise SettingsError("--generate-url and --generate-local: one model writes. Leave one out.")
    if kinds and settings.generator is None:
        raise SettingsError(
            f"--generate-kind {kinds[0]}: which model writes? Give --generate-url and --generate-model, or "
            "--generate-local."
        )
    generate_budget(settings)
    generate_extra(settings)


def generate_budget(settings: GenerateSettings) -> dict[str, int]:
    """Return what --generate-budget allows: {"calls": 5000} or {"tokens": 2000000}, or nothing said."""
    return budget_of("--generate-budget", settings.generate_budget, "calls")


def generate_extra(settings: GenerateSettings) -> dict[str, Any]:
    """Return what --generate-extra adds to the body of every call, and what it removes (null)."""
    return extra_fields(
        "--generate-extra", settings.generate_extra, "--generate-url", settings.generate_url
    )
