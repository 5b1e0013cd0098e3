"""Where the late retriever's artifacts lie: token vectors, an index over them, the run."""

from __future__ import annotations

from negmine.config.resolved import ResolvedConfig
from negmine.config.settings.index import FLAT
from negmine.storage.layout import short_name

NAME = "late"
ENCODED = ("1-index/late", "2-retrieve/tokens")  # what has the fingerprint of the model


def tokens(config: ResolvedConfig) -> str:
    """Return the token vectors' artifact: of stage 1, or of stage 2 where only candidates are encoded."""
    family = ENCODED[config.index.late_scope == "candidates"]
    return f"{family}-{_model(config)}"


def has_index(config: ResolvedConfig) -> bool:
    """Tell whether an index over tokens searches."""
    return config.index.late_scope == "all" and config.index.late_index != FLAT


def approximate(config: ResolvedConfig) -> str:
    """Return the FAISS index over the tokens of documents."""
    return f"1-index/faiss_{NAME}-{_model(config)}"


def recall(config: ResolvedConfig) -> str:
    """Return the measured recall of that index."""
    return f"2-retrieve/recall_{NAME}-{_model(config)}"


def run(config: ResolvedConfig) -> str:
    """Return the run."""
    return f"2-retrieve/late-{_model(config)}"


def _model(config: ResolvedConfig) -> str:
    return short_name(str(config.index.late_model))
