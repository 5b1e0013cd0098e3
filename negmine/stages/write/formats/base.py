"""What every output format says of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import polars as pl
import pyarrow as pa

FOR_SENTENCE_TRANSFORMERS = (
    "The columns are text (and labels) only, in the order that a `SentenceTransformerTrainer` "
    "reads them."
)
Build = Callable[[pl.DataFrame, pl.DataFrame, int], pl.DataFrame]


@dataclass(frozen=True)
class OutputFormat:
    """One format of training files. A format is one file here, which defines FORMAT, and a line in `registry`.

    The last argument of the three functions is `--num-negatives`.

    schema(num_negatives): the columns that the trainer reads, and nothing else.

    provenance(positives, negatives, num_negatives): one row for each row of the training file, in its
    order. `positives` has query_id, positive_id, positive_label; `negatives` has query_id, negative_id,
    rank, score, retrievers, `<name>_rank` and `<name>_score` of each retriever and scorer, positive_score.
    Rows of a query stand together; negatives come best first. `joins` has the usual ways to bring the two
    together.

    rows(provenance, texts, num_negatives): the columns of `schema`, row for row. `provenance` is what the
    function above returned, with the query's text in `query`. `texts` has doc_id, text (with the title, if
    there is one).

    Each part is made alone, in any order: the functions look at nothing but their arguments.
    """

    name: str
    schema: Callable[[int], pa.Schema]
    provenance: Build
    rows: Build
    has_lists: bool  # provenance has a list of negatives in each row; else at most one negative
    row_per: str  # "one row per ...", for the report
    reading: str  # one sentence that says what a row is, for the data card
    columns: str  # one sentence on the columns and who reads them, for the data card
    about: str  # a few sentences for docs/reference/tables.md
    most_negatives: int | None = None  # the largest --num-negatives that makes sense
    only_full_queries: bool = False  # a query with fewer than --num-negatives negatives has no row
    file_kind: Literal["parquet", "jsonl"] = "parquet"
