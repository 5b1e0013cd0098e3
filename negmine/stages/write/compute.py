"""Write, the pure part: verdicts become provenance, provenance and texts become training rows.

Which candidates become negatives is decided in `selection`, what a row is in `formats`.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
import pyarrow as pa

from negmine.config.settings import WriteSettings
from negmine.data.frames import table
from negmine.data.schemas import JUDGED_POSITIVE, POSITIVE, SHORT, provenance_schema
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
        _positives(verdicts, settings.relabel),
        _negatives(selected(verdicts, settings, people_first), retrievers, opinions),
        settings.num_negatives,
    )


def _positives(verdicts: pl.DataFrame, relabel: bool) -> pl.DataFrame:
    """Return query_id, positive_id, positive_label of each query: the positives of qrels first.

    With `relabel`, what the judge calls relevant follows them, as `judged_positive`.
    """
    is_judged = (pl.col("reason") == judged_relevant.__name__) if relabel else pl.lit(False)
    label = pl.when(IS_POSITIVE).then(pl.lit(POSITIVE)).otherwise(pl.lit(JUDGED_POSITIVE))
    return (
        verdicts.filter(IS_POSITIVE | is_judged.fill_null(False))
        .sort(pl.col("query_id").rle_id(), ~IS_POSITIVE, maintain_order=True)
        .select("query_id", pl.col("doc_id").alias("positive_id"), positive_label=label)
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
    return table(rows, provenance_schema(opinions, output.has_lists))


def document_ids(provenance: pl.DataFrame) -> pl.Series:
    """Return the doc_ids whose texts a part of training data needs, each once."""
    negatives = provenance["negative_id"]
    flat = negatives.explode() if negatives.dtype == pl.List else negatives
    return pl.concat([provenance["positive_id"], flat]).drop_nulls().unique().alias("doc_id")


def training_table(
    provenance: pl.DataFrame,
    queries: pl.DataFrame,
    documents: pl.DataFrame,
    num_negatives: int,
    output: OutputFormat,
) -> pa.Table:
    """Return the rows of the training file under the schema of the format, row for row with provenance.

    queries: query_id, text. documents: doc_id, text (with the title, if there is one), at least those of
    `document_ids`.
    """
    with_query = provenance.join(
        queries.select("query_id", pl.col("text").alias("query")),
        on="query_id",
        how="left",
        maintain_order="left",
    )
    rows = output.rows(with_query, documents.select("doc_id", "text"), num_negatives)
    return table(rows, output.schema(num_negatives))


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
