"""Where the dense retriever's artifacts lie: vectors, a FAISS index over them, the run."""

from __future__ import annotations

from negmine.config.resolved import ResolvedConfig
from negmine.storage.layout import short_name

ENCODED = ("1-index/dense", "2-retrieve/vectors")  # what has the fingerprint of the model
FAMILIES = (*ENCODED, "2-retrieve/dense", "1-index/faiss", "2-retrieve/faiss", "2-retrieve/recall")
"""What artifacts' names begin with, before the name of the model. `searched` is a record, not a result."""


def vectors(config: ResolvedConfig) -> str:
    """Return the vectors' artifact: of stage 1, or of stage 2 where only candidates are encoded."""
    only_candidates = config.index.dense_scope == "candidates"
    return (
        f"2-retrieve/vectors-{_model(config)}"
        if only_candidates
        else f"1-index/dense-{_model(config)}"
    )


def faiss(config: ResolvedConfig) -> str:
    """Return the FAISS index over the vectors."""
    return f"{vectors(config).split('/')[0]}/faiss-{_model(config)}"


def run(config: ResolvedConfig) -> str:
    """Return the run."""
    return f"2-retrieve/dense-{_model(config)}"


def searched(config: ResolvedConfig) -> str:
    """Return the record of what the run has searched."""
    return f"2-retrieve/searched-{_model(config)}"


def recall(config: ResolvedConfig) -> str:
    """Return the measured recall of the FAISS index."""
    return f"2-retrieve/recall-{_model(config)}"


def _model(config: ResolvedConfig) -> str:
    index = config.index
    return "vectors" if index.document_vectors is not None else short_name(index.model)
