"""The settings of stage generate: negatives that a language model writes."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Literal

from negmine.config.table import StageSettings, setting

# The groups under which help, docs and `negmine settings` show these settings.
_generate = partial(setting, group="Written documents")

KINDS = ("query-only", "contrast", "near-topic")


class GenerateSettings(StageSettings):
    """Documents that a language model writes as candidates; off without --generate-kind."""

    generate_kind: tuple[str, ...] = _generate(
        "What a language model writes for a query. query-only: from the query alone. contrast: a positive with "
        "one detail changed. near-topic: the same topic, another question. Off by default. Repeatable.",
        (),
        essential="stage",
    )
    generate_url: str | None = _generate(
        "The model that writes: base URL of an OpenAI-compatible endpoint.", essential="stage"
    )
    generate_model: str | None = _generate("The model's name at that endpoint.", essential="stage")
    generate_local: str | None = _generate(
        "A model on this machine instead: a folder, a hub name, or a .gguf file.", essential="stage"
    )
    generate_for: Literal["queries", "short"] = _generate(
        "Write for all queries, or for those of 5-write/short: that got too few negatives.",
        "queries",
        essential="stage",
    )
    share_generated: bool = _generate(
        "A document that was written for one query may also become a candidate of other queries near to it.",
        False,
    )
    generate_count: int = _generate(
        "Documents per query and kind.", 1, gt=0, le=1_000, essential="stage"
    )
    generate_query_only_prompt: Path | None = _generate(
        "Your own prompt for --generate-kind query-only, with {query} in it.", remote=True
    )
    generate_contrast_prompt: Path | None = _generate(
        "Your own prompt for --generate-kind contrast, with {query} and {document} in it.",
        remote=True,
    )
    generate_near_topic_prompt: Path | None = _generate(
        "Your own prompt for --generate-kind near-topic, with {query} and {document} in it.",
        remote=True,
    )
    generate_max_tokens: int = _generate(
        "Tokens an answer may have; one that is cut off is not used.", 512, gt=0
    )
    generate_extra: str | None = _generate(
        "JSON that is added to every call, such as a temperature; null removes a field."
    )
    generate_budget: str | None = _generate(
        "Most that one command may spend, as 5000, 5000calls or 2000000tokens.", essential="stage"
    )
    generate_concurrency: int = _generate(
        "Queries that are written for at the same time.", 8, gt=0, le=10_000, speed=True
    )
    generate_timeout: float = _generate(
        "Seconds to wait for a whole answer.", 120.0, gt=0, speed=True
    )
    generate_retries: int = _generate("Times a failed call is tried again.", 6, ge=0, speed=True)

    @property
    def generator(self) -> str | None:
        """The name of the model that writes, if there is one."""
        return self.generate_model or self.generate_local

    def prompt(self, kind: str) -> Path | None:
        """The user's own prompt for a kind."""
        value: Path | None = getattr(self, f"generate_{kind.replace('-', '_')}_prompt")
        return value
