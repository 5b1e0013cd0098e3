"""The settings of `negmine generate-queries`: one table for its flags, keywords and docs."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from functools import partial
from pathlib import Path
from typing import Any

from negmine.config.generating import check_generating
from negmine.config.settings import GenerateSettings
from negmine.config.table import SettingsTable, chosen, setting
from negmine.errors import SettingsError

_which = partial(setting, group="Which queries", essential=True)
_SAME = (
    "generate_url", "generate_model", "generate_local", "generate_max_tokens", "generate_extra",
    "generate_budget", "generate_concurrency", "generate_timeout", "generate_retries",
)  # fmt: skip


def _same(name: str) -> Any:
    """Return a field as stage generate has it."""
    return copy(GenerateSettings.model_fields[name])


class QuerySettings(SettingsTable):
    """Which documents get a query, what counts as one, and which model writes."""

    documents: int = _which(
        "Documents that get a query: so many, drawn from those that are no query's positive.",
        100,
        ge=1,
    )
    found_within: int = _which(
        "A query counts if a retriever finds its document among its first K.",
        10,
        ge=1,
        metavar="K",
    )
    per_document: int = _which("Queries that are asked for of each document.", 1, ge=1, le=1_000)
    seed: int = _which("Seed of the draw of documents.", 13, ge=0)
    prompt: Path | None = _which("Your own prompt, with {document} in it.")
    generate_url: str | None = _same("generate_url")
    generate_model: str | None = _same("generate_model")
    generate_local: str | None = _same("generate_local")
    generate_max_tokens: int = _same("generate_max_tokens")
    generate_extra: str | None = _same("generate_extra")
    generate_budget: str | None = _same("generate_budget")
    generate_concurrency: int = _same("generate_concurrency")
    generate_timeout: float = _same("generate_timeout")
    generate_retries: int = _same("generate_retries")

    @property
    def writer(self) -> GenerateSettings:
        """The model that writes, as stage generate has it."""
        return GenerateSettings(**{name: getattr(self, name) for name in _SAME})


def query_settings(given: Mapping[str, Any]) -> QuerySettings:
    """Return the checked settings. given: field names to values; None and `none` are the default.

    Raises SettingsError, with the flag in its message, for what cannot work.
    """
    settings = chosen(QuerySettings, given, "generate-queries")
    check_generating(settings.writer)
    if settings.writer.generator is None:
        raise SettingsError(
            "Which model writes? Give --generate-url and --generate-model, or --generate-local."
        )
    return settings
