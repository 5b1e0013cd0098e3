"""From raw frames to batches that look the same whatever the file was.

A batch has a row per row of the file: `row` (int64: file number * 2^40 + line), `query`, `positives` and
`negatives` (lists of texts), `positive_scores`, `negative_scores` (lists, null where there are none),
`query_id`, `positive_ids`, `negative_ids` (null where there are none), and `is_pair`: true for a labeled pair,
whose row has one document, so that its query's other documents stand in other rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from negmine.analysis.lint.places import ROWS
from negmine.analysis.lint.read.files import raw_frames
from negmine.analysis.lint.read.labels import LabelReader
from negmine.analysis.lint.read.list_lengths import LengthCheck
from negmine.analysis.lint.read.rows import row_batch
from negmine.analysis.lint.read.shapes import ROW_NUMBER, Shape, shortened
from negmine.analysis.lint.settings import LintSettings
from negmine.data.sources.problems import Problems


@dataclass
class TrainingFile:
    """A file of training data; shape, rows and notes are known once it has been read.

    number: its place among the files, from 0. provenance: the table of ids and scores beside it, if any. name:
    what the report calls it, which is the address of a copy.
    """

    path: Path
    number: int
    provenance: Path | None = None
    name: str = ""
    shape: Shape | None = None
    rows: int = 0
    notes: list[str] = field(default_factory=list)


def batches(
    file: TrainingFile, settings: LintSettings, problems: Problems
) -> Iterator[pl.DataFrame]:
    """Yield the batches of a file, and fill in its shape, its rows and its notes."""
    labels = LabelReader(file.path.name, settings.label_threshold)
    lengths = LengthCheck(file.path)
    for shape, raw in raw_frames(file.path, settings, problems):
        if file.shape is None and shape.is_misordered:
            file.notes.append(_order_note(file, shape))
        file.shape = shape
        file.rows += raw.height
        readable = lengths.fitting(raw, shape, problems)
        make = row_batch if shape.label is None else labels.batch
        row = (pl.col(ROW_NUMBER) + file.number * ROWS).alias("row")
        yield make(readable, shape).with_columns(row).drop(ROW_NUMBER)
    file.notes += labels.notes


def _order_note(file: TrainingFile, shape: Shape) -> str:
    wanted = shortened([shape.query, shape.positive, *shape.negatives])
    return (
        f"{file.path.name}: the columns stand in the order {shortened(shape.text_order)}. "
        f"sentence-transformers goes by the order, not by names. Write them in the order {wanted}."
    )
