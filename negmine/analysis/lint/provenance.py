"""What negmine wrote beside its training files: ids, and the scores that the rules read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl

from negmine.analysis.lint.findings import ROWS
from negmine.storage.workdir import read_part

_LISTS = ("positive", "negative")


def beside(path: Path) -> Path | None:
    """Return the part of `provenance` that is row for row beside a part of a training file, if there is one.

    They belong together where both were made from the same verdicts for the same format.
    """
    folder = path.parent
    part = folder.parent / "provenance" / path.with_suffix(".parquet").name
    try:
        mine, theirs = (
            json.loads((one.parent / "_manifest.json").read_text()) for one in (path, part)
        )
        same = mine["inputs"]["4-filter/verdicts"] == theirs["inputs"]["4-filter/verdicts"]
        settings = {
            key: theirs["settings"][key]
            for key in mine["settings"].keys() & theirs["settings"].keys()
        }
        fits = theirs["settings"]["format"] == folder.name and all(
            mine["settings"][key] == value for key, value in settings.items()
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return part if same and fits and part.is_file() else None


def of_another_format(path: Path) -> str | None:
    """Return the format that the provenance beside a training file was written for, if it is another."""
    try:
        manifest = path.parent.parent / "provenance" / "_manifest.json"
        written = str(json.loads(manifest.read_text())["settings"]["format"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return None if written == path.parent.name else written


def reader(part: Path) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """Return a function that gives the batches of a training file their ids and scores."""
    columns = ["query_id", "positive_id", "negative_id", "score", "positive_score"]
    known = read_part(part, columns)
    for name in ("negative_id", "score"):
        if not isinstance(known.schema[name], pl.List):
            known = known.with_columns(pl.concat_list(name))
    known = known.with_columns(pl.concat_list("positive_id"), pl.concat_list("positive_score"))

    def join(batch: pl.DataFrame) -> pl.DataFrame:
        here = known[batch["row"] % ROWS - 1]
        loose = batch["loose"].any()
        scores = (
            {}
            if loose
            else {"positive_scores": here["positive_score"], "negative_scores": here["score"]}
        )
        return batch.with_columns(
            here["query_id"],
            here["positive_id"].alias("positive_ids"),
            here["negative_id"].alias("negative_ids"),
            *(series.cast(pl.List(pl.Float64)).alias(name) for name, series in scores.items()),
        )

    return join
