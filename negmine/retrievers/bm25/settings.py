"""The settings of the BM25 index: what shapes it, and what `params.json` says of it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, NonNegativeInt

from negmine.config.settings import IndexSettings
from negmine.errors import SettingsError
from negmine.retrievers.bm25.analyzer import NONE, analyzer_of
from negmine.retrievers.bm25.formula import Formula

PARAMS = "params.json"
BM25_FIELDS: tuple[str, ...] = (
    "bm25_engine",
    "bm25_variant",
    "bm25_k1",
    "bm25_b",
    "bm25_delta",
    "fold_accents",
    "stemmer",
    "analyzer",
    "language_column",
)
_LATER = {"fold_accents": False, "analyzer": "words", "language_column": None}  # settings, when off


class ShardParams(BaseModel):
    """How many documents a shard has, and how many parts of the corpus they are."""

    documents: NonNegativeInt
    parts: NonNegativeInt


class Params(BaseModel):
    """What `params.json` has to say. tokens: of all documents."""

    engine: Literal["bm25s", "rank-bm25"]
    variant: str
    k1: float
    b: float
    delta: float
    stemmer: str | None
    fold_accents: bool = False
    analyzer: Literal["words", "none"] = "words"
    language_column: str | None = None
    tokens: NonNegativeInt
    shards: list[ShardParams]


def formula(settings: IndexSettings) -> Formula:
    """Return the formula that the settings ask for.

    Without `bm25_variant` it is lucene, or okapi for the engine rank-bm25. Raises SettingsError if
    the engine does not have the variant.
    """
    reference = settings.bm25_engine == "rank-bm25"
    variant = settings.bm25_variant or ("okapi" if reference else "lucene")
    if reference and variant != "okapi":
        raise SettingsError(
            f"--bm25-engine rank-bm25 has no variant {variant!r}. "
            "Use --bm25-variant okapi, or --bm25-engine bm25s."
        )
    return Formula(variant, settings.bm25_k1, settings.bm25_b, settings.bm25_delta)


def shaping(settings: IndexSettings) -> dict[str, Any]:
    """Return the settings that shape the index, with the variant that the default stands for."""
    values = settings.model_dump(mode="json", include=set(BM25_FIELDS))
    if settings.analyzer == NONE:
        values["fold_accents"] = False
    for name, off in _LATER.items():
        if values[name] == off:  # as in versions without this setting: their indexes stay valid
            del values[name]
    return {**values, "bm25_variant": formula(settings).variant}


def check(settings: IndexSettings) -> None:
    """Raise SettingsError now for what `build` would refuse, before any document is read."""
    formula(settings)
    analyzer_of(settings)


def cutting(settings: IndexSettings) -> dict[str, Any]:
    """Return how texts are cut into tokens, as `params.json` has it: later settings where they are on."""
    later = {name: value for name, value in shaping(settings).items() if name in _LATER}
    folds = later.pop("fold_accents", False)
    return {"fold_accents": folds, "stemmer": settings.stemmer, **later}
