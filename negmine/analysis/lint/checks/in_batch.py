"""False negatives in training batches, after what the run knows that a training file was written by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from negmine.analysis.lint.findings import Findings
from negmine.analysis.lint.places import ROWS
from negmine.analysis.lint.read.batches import TrainingFile
from negmine.analysis.lint.settings import LintSettings
from negmine.engine.context import Context
from negmine.stages.batch.count import false_negatives, measured
from negmine.stages.batch.fill import Ints, Rows
from negmine.stages.batch.points import shuffled
from negmine.stages.batch.rows import training_rows
from negmine.stages.opening import open_existing
from negmine.storage.layout import BATCH_MAP, BATCH_PROVENANCE

RULE = "in_batch_false_negative"
SEED = 13


def find_in_batches(
    files: Sequence[TrainingFile], settings: LintSettings, findings: Findings
) -> int:
    """Count false negatives for every size of --batches; return how many rows there are.

    Findings are rows with one, in the order of the file, in batches of the first size.
    """
    tables, total = list[dict[str, Any]](), 0
    for provenance, parts in _by_provenance(files).items():
        context = open_existing(provenance.parent.parent, {})
        artifact = f"{provenance.parent.name}/{provenance.name}"
        rows = training_rows(context, artifact, settings.near_duplicate).rows
        order = _order(context, artifact, rows)
        total += len(order)
        tables += _measured(rows, order, settings.batches, str(parts[0].path.parent))
        has_one = np.zeros(len(rows), np.int64)
        has_one[order] = false_negatives(rows, order, settings.batches[0])
        lengths = [part["rows"] for part in context.work.require(artifact).parts]
        for file in parts:
            _add(findings, file, has_one, lengths)
    findings.statistics[RULE] = {"orders": tables}
    return total


def _by_provenance(files: Sequence[TrainingFile]) -> dict[Path, list[TrainingFile]]:
    """Return the files that have a provenance, by its folder."""
    folders: dict[Path, list[TrainingFile]] = {}
    for file in files:
        if file.provenance is not None:
            folders.setdefault(file.provenance.parent, []).append(file)
    return folders


def _order(context: Context, artifact: str, rows: Rows) -> Ints:
    """Return the rows that are in batches, in the order of the file: of `negmine batch` those with a batch."""
    if artifact != BATCH_PROVENANCE:
        return np.arange(len(rows))
    batch = context.work.scan(BATCH_MAP).select("batch").collect()["batch"]
    return batch.is_not_null().arg_true().cast(pl.Int64).to_numpy()


def _measured(
    rows: Rows, order: Ints, sizes: Sequence[int], folder: str
) -> Iterator[dict[str, Any]]:
    for size in sizes:
        for name, one in (("file", order), ("shuffled", shuffled(order, SEED))):
            yield {"folder": folder, "batch_size": size, "order": name, **measured(rows, one, size)}


def _add(
    findings: Findings, file: TrainingFile, counts: NDArray[np.int64], lengths: Sequence[int]
) -> None:
    """Take in the rows of one file. lengths: rows of each part; the file's name has the number of its own."""
    number = int(file.path.stem.removeprefix("part-"))
    start = sum(lengths[:number])
    lines = np.flatnonzero(counts[start : start + lengths[number]]) + 1
    findings.add(RULE, pl.DataFrame({"row": lines + file.number * ROWS}))
