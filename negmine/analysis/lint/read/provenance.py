"""The provenance that negmine writes beside its training files: ids, and the scores that its rules read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl

from negmine.analysis.lint.places import ROWS
from negmine.storage.manifest import MANIFEST, Manifest, read_manifest
from negmine.storage.parquet import read_part

_MADE_FROM = {"4-filter/verdicts", "6-batch/map"}


def provenance_of(path: Path) -> Path | None:
    """Return the part of `provenance` that is row for row beside a part of a training file, if there is one.

    They belong together where both were made from the same verdicts, or the same map of batches, for the same
    format.
    """
    own_format = f"provenance-{path.parent.name}"
    both = (_beside(path, folder) for folder in ("provenance", own_format))
    return next((part for part in both if part is not None), None)


def _beside(path: Path, folder: str) -> Path | None:
    part = path.parent.parent / folder / path.with_suffix(".parquet").name
    try:
        training, provenance = _manifest(path.parent), _manifest(part.parent)
        shared = _MADE_FROM & training.inputs.keys()
        is_same = bool(shared) and all(
            training.inputs[name] == provenance.inputs[name] for name in shared
        )
        own, other = training.settings, provenance.settings
        fits = other["format"] == path.parent.name and all(
            own[key] == other[key] for key in own.keys() & other.keys()
        )
    except (OSError, ValueError, KeyError):
        return None
    return part if is_same and fits and part.is_file() else None


def other_format(path: Path) -> str | None:
    """Return the format of the provenance beside a training file, if it is not the file's own."""
    try:
        written = str(_manifest(path.parent.parent / "provenance").settings["format"])
    except (OSError, ValueError, KeyError):
        return None
    return None if written == path.parent.name else written


def _manifest(folder: Path) -> Manifest:
    return read_manifest(folder / MANIFEST)


def provenance_join(part: Path) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """Return a function that gives the batches of a training file their ids and scores."""
    columns = ["query_id", "positive_id", "negative_id", "score", "positive_score"]
    rows = read_part(part, columns)
    scalars = [name for name in columns[1:] if not isinstance(rows.schema[name], pl.List)]
    rows = rows.with_columns(pl.concat_list(name).alias(name) for name in scalars)

    def join(batch: pl.DataFrame) -> pl.DataFrame:
        own = rows[batch["row"] % ROWS - 1]
        ids = {
            "query_id": own["query_id"],
            "positive_ids": own["positive_id"],
            "negative_ids": own["negative_id"],
        }
        scores = {"positive_scores": own["positive_score"], "negative_scores": own["score"]}
        if batch["is_pair"].any():  # the row of a pair has one document, its provenance row two
            scores = {}
        floats = {name: series.cast(pl.List(pl.Float64)) for name, series in scores.items()}
        return batch.with_columns(**ids, **floats)

    return join
