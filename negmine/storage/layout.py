"""Where artifacts lie in a work directory: `2-retrieve/bm25` is a folder of stage retrieve."""

from __future__ import annotations

import re

from negmine.config.naming import plugin_name

CORPUS, QUERIES, QRELS = "1-index/corpus", "1-index/queries", "1-index/qrels"
SHINGLES = "1-index/shingles"
GIVEN_INDEX = "1-index/given"
CANDIDATES = "2-retrieve/candidates"
GENERATED = "2-generate/documents"
TEXTS = (CORPUS, QUERIES, GENERATED)  # artifacts that hold texts
GENERATED_CANDIDATES = "2-generate/candidates"  # those of retrieve, and written documents
GENERATED_LIKENESS = "2-generate/likeness"
FEATURES, LIMITS = "4-filter/features", "4-filter/limits"
CONTAMINATED = "4-filter/contaminated"
RISK_MODEL, RISK = "4-filter/risk-model", "4-filter/risk"
SURVIVORS, VERDICTS = "4-filter/survivors", "4-filter/verdicts"
SUSPECTS = "4-filter/suspects"
TESTED = "4-filter/tested"  # suspects before the judge is asked about them
CARD = "5-write"  # README.md lies beside the training files that it describes
PROVENANCE, SHORT = f"{CARD}/provenance", f"{CARD}/short"
REUSE, SCALES, REFRESH = f"{CARD}/reuse", f"{CARD}/scales", f"{CARD}/refresh"
BATCHES = "6-batch"  # made by `negmine batch` alone
BATCH_MAP, BATCH_PROVENANCE = f"{BATCHES}/map", f"{BATCHES}/provenance"

# Beside the artifacts: what was computed or paid for once is kept by content.
VECTORS, PAIR_SCORES, CALLS = "vectors", "scores", "judge"


def stage_of(artifact: str) -> str:
    """Return the stage that an artifact belongs to: `2-retrieve/bm25` belongs to `retrieve`."""
    return artifact.split("/")[0].split("-", 1)[1]


def training(format_name: str) -> str:
    """Return the artifact of the training files in a format, which a plug-in may be."""
    return f"{CARD}/{plugin_name(format_name)}"


def provenance(format_name: str, main_format: str) -> str:
    """Return the artifact of a format's provenance; that of the main format is `5-write/provenance`."""
    return PROVENANCE if format_name == main_format else f"{PROVENANCE}-{plugin_name(format_name)}"


def batched(format_name: str) -> str:
    """Return the artifact of the training files in the order of batches."""
    return f"{BATCHES}/{plugin_name(format_name)}"


def short_name(model: str) -> str:
    """Return the name of a model in folder names: the last part of its name or path."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", model.rstrip("/").rsplit("/", 1)[-1]) or "model"
