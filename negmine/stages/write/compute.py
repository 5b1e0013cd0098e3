"""Write, the pure part: verdicts become provenance, provenance and texts become training rows.

Which candidates become negatives is decided in `selection`, what a row is in `formats`.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
import pyarrow as pa

from negmine.config.settings import WriteSettings
from negmine.data.frames import table
from negmine.data.schemas import (
    JUDGED_POSITIVE,
    POSITIVE,
    POSITIVE_TEACHER,
    SHORT,
    provenance_schema,
)
from negmine.stages.filter.rules import judged_relevant
from negmine.stages.write.formats.base import OutputFormat
from negmine.stages.write.selection import selected

IS_POSITIVE = pl.col("label") == POSITIVE


def provenance(
    verdicts: pl.DataFrame,
    settings: WriteSettings,
    output: OutputFormat,
    retrievers: Sequence[str],
    opinions: Sequence[str],
    people_first: bool,
) -> pl.DataFrame:
    """Return provenance for one part of `verdicts`: a row for each row of the training file, in its order.

    opinions: the names of all retrievers and scorers. people_first: see `selected`.
    """
    return output.provenance(
        _positives(verdicts, settings, teacher_of(settings, output)),
        _negatives(selected(verdicts, settings, people_first), retrievers, opinions),
        settings,
    )


def teacher_of(settings: WriteSettings, output: OutputFormat) -> str | None:
    """Return the name of the scores that a format writes, if it has a place for any."""
    return None if output.teacher == "none" else settings.teacher


def _positives(
    verdicts: pl.DataFrame, settings: WriteSettings, teacher: str | None
) -> pl.DataFrame:
    """Return query_id, positive_id, positive_label of each query: the positives of qrels first.

    With `relabel`, what the judge calls relevant follows them, as `judged_positive`. With a teacher, its score
    is positive_teacher_score.
    """
    is_judged = pl.lit(False)
    if settings.relabel:
        is_judged = pl.col("reason") == judged_relevant.__name__
    scores = {} if teacher is None else {POSITIVE_TEACHER: pl.col(f"{teacher}_score")}
    label = pl.when(IS_POSITIVE).then(pl.lit(POSITIVE)).otherwise(pl.lit(JUDGED_POSITIVE))
    return (
        verdicts.filter(IS_POSITIVE | is_judged.fill_null(False))
        .sort(pl.col("query_id").rle_id(), ~IS_POSITIVE, maintain_order=True)
        .select("query_id", pl.col("doc_id").alias("positive_id"), positive_label=label, **scores)
    )


def _negatives(
    chosen: pl.DataFrame, retrievers: Sequence[str], opinions: Sequence[str]
) -> pl.DataFrame:
    """Return the columns of provenance that are about negatives, and positive_score."""
    found_by = [
        pl.when(pl.col(f"{name}_rank").is_not_null()).then(pl.lit(name)) for name in retrievers
    ]
    return chosen.select(
        "query_id",
        pl.col("doc_id").alias("negative_id"),
        pl.col("label").alias("negative_label"),
        "rank",
        "score",
        pl.concat_list(found_by).list.drop_nulls().alias("retrievers"),
        *[f"{name}_{column}" for name in opinions for column in ("rank", "score")],
        "positive_score",
    )


def provenance_table(rows: pl.DataFrame, opinions: Sequence[str], output: OutputFormat) -> pa.Table:
    """Return provenance under its schema: one negative a row, or lists where the format has lists."""
    has_teacher = POSITIVE_TEACHER in rows.columns
    schema = provenance_schema(opinions, output.has_lists, output.positive_lists, has_teacher)
    return table(rows, schema)


def document_ids(provenance: pl.DataFrame) -> pl.Series:
    """Return the doc_ids whose texts a part of training data needs, each once."""
    both = (_flat(provenance[name]) for name in ("positive_id", "negative_id"))
    return pl.concat(both).drop_nulls().unique().alias("doc_id")


def _flat(values: pl.Series) -> pl.Series:
    return values.explode() if values.dtype == pl.List else values


def without_score(provenance: pl.DataFrame, teacher: str) -> pl.DataFrame:
    """Return query_id, doc_id of the written documents that have no score of the teacher, or no finite one."""
    sides = [("positive_id", POSITIVE_TEACHER), ("negative_id", f"{teacher}_score")]
    pairs = [_pairs(provenance, id_column, score) for id_column, score in sides]
    is_lacking = ~pl.col("score").is_finite().fill_null(False)
    return pl.concat(pairs).drop_nulls("doc_id").filter(is_lacking).unique(maintain_order=True)


def _pairs(provenance: pl.DataFrame, id_column: str, score: str) -> pl.DataFrame:
    rows = provenance.select("query_id", doc_id=id_column, score=score)
    lists = [name for name in ("doc_id", "score") if rows.schema[name] == pl.List]
    return rows.explode(lists) if lists else rows


def sought(queries: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    """Return query_id, query (its text) and instruction of queries; without an instruction it is empty.

    queries: query_id, text, and the column that `instruction_column` names.
    """
    default = settings.instruction or ""
    instruction = pl.lit(default)
    if settings.instruction_column is not None:
        own = pl.col(settings.instruction_column).cast(pl.String)
        is_blank = own.str.strip_chars().fill_null("") == ""
        instruction = pl.when(is_blank).then(pl.lit(default)).otherwise(own)
    return queries.select("query_id", pl.col("text").alias("query"), instruction=instruction)


def training_table(
    provenance: pl.DataFrame,
    queries: pl.DataFrame,
    documents: pl.DataFrame,
    settings: WriteSettings,
    output: OutputFormat,
) -> pa.Table:
    """Return the rows of the training file under the schema of the format, row for row with provenance.

    queries: as `sought` returns them. documents: doc_id, text (with the title, if there is one), at least those
    of `document_ids`.
    """
    rows = output.rows(complete(provenance, queries, settings, output), documents, settings)
    return table(rows, output.schema(settings))


def complete(
    provenance: pl.DataFrame, queries: pl.DataFrame, settings: WriteSettings, output: OutputFormat
) -> pl.DataFrame:
    """Return provenance with what formats read besides: the columns of `queries`, teacher_score."""
    teacher = teacher_of(settings, output)
    scores = {} if teacher is None else {"teacher_score": pl.col(f"{teacher}_score")}
    return provenance.join(queries, on="query_id", how="left", maintain_order="left").with_columns(
        **scores
    )


def short(verdicts: pl.DataFrame, settings: WriteSettings) -> pl.DataFrame:
    """Return the queries with fewer than `num_negatives` negatives: query_id, candidates, asked, got."""
    kept = pl.col("kept").sum().clip(upper_bound=settings.num_negatives).cast(pl.Int64)
    return (
        verdicts.group_by("query_id", maintain_order=True)
        .agg(candidates=(~IS_POSITIVE).sum().cast(pl.Int64), got=kept)
        .with_columns(asked=pl.lit(settings.num_negatives, pl.Int64))
        .filter(pl.col("got") < pl.col("asked"))
    )


def short_table(queries: pl.DataFrame) -> pa.Table:
    """Return the queries of `short` under their schema."""
    return table(queries, SHORT)


def count_short(rows: pl.LazyFrame) -> dict[str, object]:
    """Return the manifest's counts of queries with too few negatives, or none."""
    got = rows.select("asked", "got").collect()
    return {
        "queries_short": got.height,
        "queries_without_negatives": int((got["got"] == 0).sum()),
        "negatives_missing": int((got["asked"] - got["got"]).sum()),
    }
