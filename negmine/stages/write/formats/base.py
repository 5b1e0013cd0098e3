"""What every output format says of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import polars as pl
import pyarrow as pa

from negmine.config.settings import WriteSettings

FOR_SENTENCE_TRANSFORMERS = (
    "The columns are text (and labels) only, in the order that a `SentenceTransformerTrainer` "
    "reads them."
)
Build = Callable[[pl.DataFrame, pl.DataFrame, WriteSettings], pl.DataFrame]
Source = Literal["rows", "queries", "documents", "settings"]


def _always(settings: WriteSettings) -> bool:
    return True


@dataclass(frozen=True)
class FormatFile:
    """One file of a format that has several, beside its rows.

    name: path in the folder of the format; its end says how it is written: .parquet, .jsonl (a row a line),
    .json (one list), .tsv. Rows with the single column `line` are written as they are.

    source: what it is made from, piece by piece. `rows`: provenance as for `OutputFormat.rows`. `queries`:
    query_id, query (its text), query_number, instruction. `documents`: doc_id, text, number. `settings`: one
    empty row, once. Only queries and documents of the rows come; numbers count them from 0.

    rows(piece, settings): the rows of the file. schema: of Parquet. texts: columns of a .tsv in which white
    space may become blanks; elsewhere a tab or line feed is an error. header: a .tsv has the names of its
    columns in its first line. wanted(settings): whether there is such a file.
    """

    name: str
    source: Source
    rows: Callable[[pl.DataFrame, WriteSettings], pl.DataFrame]
    schema: pa.Schema | None = None
    texts: tuple[str, ...] = ()
    header: bool = False
    wanted: Callable[[WriteSettings], bool] = _always


@dataclass(frozen=True)
class OutputFormat:
    """One format of training files. A format is one file here, which defines FORMAT, and a line in `registry`.

    schema(settings): the columns that the trainer reads, and nothing else.

    provenance(positives, negatives, settings): one row for each row of the training file, in its
    order. `positives` has query_id, positive_id, positive_label (and positive_teacher_score with a teacher);
    `negatives` has query_id, negative_id, rank, score, retrievers, `<name>_rank` and `<name>_score` of each
    retriever and scorer, positive_score. Rows of a query stand together; negatives come best first. `joins` has
    the usual ways to bring the two together.

    rows(provenance, texts, settings): the columns of `schema`, row for row. `provenance` is what the
    function above returned, with the query's text in `query`, its instruction (never null) in `instruction`,
    and with a teacher also `teacher_score` of the negatives. `texts` has doc_id, text (with the title, if
    there is one). Formats with `main` also have `query_number`, and `number` in `texts`.

    Each part is made alone, in any order: the functions look at nothing but their arguments.

    main: without it, rows are written as `part-00000` and so on, of `file_kind`. With it, they are one file of
    this name, `files` are written beside it, and `head` and `tail` stand around its rows where it is .json.
    """

    name: str
    schema: Callable[[WriteSettings], pa.Schema]
    provenance: Build
    rows: Build
    has_lists: bool  # provenance has a list of negatives in each row; else at most one negative
    row_per: str  # "one row per ...", for the report
    reading: str  # one sentence that says what a row is, for the data card
    columns: str  # one sentence on the columns and who reads them, for the data card
    about: str = ""  # a few sentences for docs/reference/formats.md, of negmine's own formats
    command: str = ""  # how the trainer is started, for docs/reference/formats.md
    positive_lists: bool = False  # provenance has a list of positives in each row, too
    has_columns: bool = True  # else its lines are bare lists, which `load_dataset` cannot read
    only_full_queries: bool = False  # a query with fewer than --num-negatives negatives has no row
    file_kind: Literal["parquet", "jsonl"] = "parquet"
    teacher: Literal["none", "optional", "required"] = "none"  # whether it has a place for scores
    instruction: Literal["no", "one", "each"] = "no"  # a place for it: of all queries, or of each
    most_negatives: int | None = None  # how many --num-negatives it can hold
    main: str = ""
    files: tuple[FormatFile, ...] = ()
    head: str = "["
    tail: str = "]"
    texts: tuple[str, ...] = ()  # of `main`, where it is .tsv: see FormatFile
