"""Where the late retriever's artifacts lie: token vectors, the run."""

from __future__ import annotations

from negmine.config.resolved import ResolvedConfig
from negmine.storage.layout import short_name

NAME = "late"
ENCODED = ("1-index/late", "2-retrieve/tokens")  # what has the fingerprint of the model
FAMILIES = (*ENCODED, "2-retrieve/late")
"""What artifacts' names begin with, before the name of the model."""


def tokens(config: ResolvedConfig) -> str:
    """Return the token vectors' artifact: of stage 1, or of stage 2 where only candidates are encoded."""
    family = ENCODED[config.index.late_scope == "candidates"]
    return f"{family}-{_model(config)}"


def run(config: ResolvedConfig) -> str:
    """Return the run."""
    return f"2-retrieve/late-{_model(config)}"


def _model(config: ResolvedConfig) -> str:
    return short_name(str(config.index.late_model))
