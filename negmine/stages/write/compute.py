"""Write, the pure part: verdicts become provenance, provenance and texts become training rows.

Which candidates become negatives is decided in `selection`, what a row is in `formats`.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
import pyarrow as pa

from negmine.config.settings import WriteSettings
from negmine.data.frames import table
from negmine.data.schemas import POSITIVE_TEACHER, RANDOM, SHORT, provenance_schema
from negmine.stages.write.formats.base import OutputFormat
from negmine.stages.write.generated import IS_GENERATED
from negmine.stages.write.positives import IS_POSITIVE, positives
from negmine.stages.write.sampling.base import Selection
from negmine.stages.write.scales import NO_SCALES, Scales
from negmine.stages.write.selection import selected, wanted
from negmine.stages.write.weights import level, weight

_SHARE = "\0"  # stands between a query_id and the number of a positive: see `_dealt`


def provenance(
    verdicts: pl.DataFrame,
    selection: Selection,
    output: OutputFormat,
    opinions: Sequence[str],
    scales: Scales = NO_SCALES,
    randoms: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Return provenance for one part of `verdicts`: a row for each row of the training file, in its order.

    opinions: the names of all retrievers and scorers. randoms: query_id, negative_id of random negatives.
    """
    write = selection.write
    chosen = selected(verdicts, selection)
    sides = (
        positives(verdicts, write, selection.score, teacher_of(write, output)),
        _negatives(chosen, selection, opinions, scales),
    )
    if randoms is not None:
        sides = sides[0], with_random(sides[1], randoms, verdicts)
    if write.per == "query":
        return output.provenance(sides[0], sides[1].drop("place"), write)
    rows = output.provenance(*_dealt(*sides), write)
    return rows.with_columns(pl.col("query_id").str.extract(r"(?s)^(.*)\x00[0-9]+$"))


def teacher_of(settings: WriteSettings, output: OutputFormat) -> str | None:
    """Return the name of the scores that a format writes, if it has a place for any."""
    return None if output.teacher == "none" else settings.teacher


def _negatives(
    chosen: pl.DataFrame, selection: Selection, opinions: Sequence[str], scales: Scales
) -> pl.DataFrame:
    """Return the columns of provenance that are about negatives, positive_score, and place (see `selected`)."""
    found_by = [
        pl.when(pl.col(f"{name}_rank").is_not_null()).then(pl.lit(name))
        for name in selection.retrievers
    ]
    return chosen.select(
        "query_id",
        pl.col("doc_id").alias("negative_id"),
        pl.col("label").alias("negative_label"),
        "rank",
        "score",
        pl.concat_list(found_by).list.drop_nulls().alias("retrievers"),
        *[f"{name}_{column}" for name in opinions for column in ("rank", "score")],
        "sampling_probability",
        weight(selection, scales),
        level(selection, scales),
        *(name for name in ("round", "origin", "written_for") if name in chosen.columns),
        "positive_score",
        "place",
    )


def with_random(
    negatives: pl.DataFrame, randoms: pl.DataFrame, verdicts: pl.DataFrame
) -> pl.DataFrame:
    """Return every query's negatives with its random ones behind them, labelled `random`.

    A random negative has no rank, score, weight or level; its sampling_probability is null, too.
    """
    order = verdicts.group_by("query_id", maintain_order=True).agg(pl.col("positive_score").first())
    order = order.with_row_index("_row")
    added = randoms.join(order.drop("_row"), on="query_id", how="inner", maintain_order="left")
    added = added.with_columns(
        negative_label=pl.lit(RANDOM),
        retrievers=pl.lit([], pl.List(pl.String)),
        place=pl.lit(None, pl.Int64),
    )
    both = pl.concat([negatives, added], how="diagonal")
    rows = both.join(order.select("query_id", "_row"), on="query_id", maintain_order="left")
    return rows.sort("_row", maintain_order=True).drop("_row")


def _dealt(positives: pl.DataFrame, negatives: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return both sides as if each positive were a query of its own: its query_id has a number behind it.

    Negatives are dealt to the positives of a query one by one, in the order in which they were taken: equally
    many, and equally hard. Each positive gets all random negatives of the query.
    """
    number = pl.int_range(pl.len()).over("query_id")
    own = positives.with_columns(_number=number)
    counts = own.group_by("query_id").agg(_count=pl.len().cast(pl.Int64))
    rows = negatives.join(counts, on="query_id", how="inner", maintain_order="left")
    every = pl.int_ranges(0, pl.col("_count"))
    one = pl.concat_list(pl.col("place") % pl.col("_count"))
    numbers = pl.when(pl.col("place").is_null()).then(every).otherwise(one)
    rows = rows.with_columns(_number=numbers).drop("_count").explode("_number").drop("place")
    return _numbered(own), _numbered(rows)


def _numbered(rows: pl.DataFrame) -> pl.DataFrame:
    order = pl.col("query_id").rle_id()
    named = pl.concat_str("query_id", pl.lit(_SHARE), pl.col("_number").cast(pl.String))
    return (
        rows.sort(order, "_number", maintain_order=True)
        .with_columns(query_id=named)
        .drop("_number")
    )


def provenance_table(
    rows: pl.DataFrame, opinions: Sequence[str], output: OutputFormat, direction: str = ""
) -> pa.Table:
    """Return provenance under its schema: one negative a row, or lists where the format has lists.

    direction: said in the metadata (`negmine.direction`), unless it is the usual one.
    """
    has_teacher = POSITIVE_TEACHER in rows.columns
    schema = provenance_schema(
        opinions,
        output.has_lists,
        output.positive_lists,
        has_teacher,
        rounds="round" in rows.columns,
        origins="origin" in rows.columns,
        shared="written_for" in rows.columns,
    )
    made = table(rows, schema)
    if not direction:
        return made
    return made.replace_schema_metadata({**schema.metadata, "negmine.direction": direction})


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


def short(verdicts: pl.DataFrame, selection: Selection) -> pl.DataFrame:
    """Return the queries with fewer mined negatives than wanted: query_id, candidates, asked, got."""
    got = selected(verdicts, selection).group_by("query_id").agg(got=pl.len().cast(pl.Int64))
    asked = wanted(verdicts, selection).rename({"wanted": "asked"})
    return (
        verdicts.group_by("query_id", maintain_order=True)
        .agg(candidates=(~(IS_POSITIVE | IS_GENERATED)).sum().cast(pl.Int64))
        .join(got, on="query_id", how="left", maintain_order="left")
        .join(asked, on="query_id", how="left", maintain_order="left")
        .select("query_id", "candidates", "asked", pl.col("got").fill_null(0))
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
