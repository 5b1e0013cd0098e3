"""The rules about one query's documents, asked of a bucket of queries at a time."""

from __future__ import annotations

import polars as pl

from negmine.analysis.lint.collector import NEGATIVE, POSITIVE, D, Q
from negmine.analysis.lint.findings import Findings

_UNIT = pl.when("loose").then(-1).otherwise("row").alias("unit")


def split(pairs: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return positives and negatives, with `unit`: what belongs together, a row or (-1) the whole query."""
    marked = pairs.with_columns(_UNIT)
    return marked.filter(pl.col("role") == POSITIVE), marked.filter(pl.col("role") == NEGATIVE)


def same_texts(positives: pl.DataFrame, negatives: pl.DataFrame, findings: Findings) -> None:
    """Find negatives that are a positive of their query, or their query."""
    first = positives.group_by(*Q, *D).agg(other=pl.col("row").min())
    same = negatives.join(first, on=[*Q, *D], how="inner")
    own = same.join(positives, on=[*Q, "unit", *D], how="semi")
    elsewhere = pl.when("loose").then("other").alias("other")
    findings.add("same_text_as_positive", own.select("row", "slot", elsewhere))
    findings.add("same_text_as_other_positive", same.join(own, on=["row", "slot"], how="anti"))
    is_query = (pl.col("da") == pl.col("qa")) & (pl.col("db") == pl.col("qb"))
    findings.add("same_text_as_query", negatives.filter(is_query))


def repeated(documents: pl.DataFrame) -> pl.DataFrame:
    """Return the positives, or the negatives, that stand in their row already."""
    many = documents.filter(~pl.col("loose")).filter(pl.struct("row", *D).is_duplicated())
    return many.filter(pl.col("slot") > pl.col("slot").min().over("row", *D))


def one_sided(pairs: pl.DataFrame, findings: Findings) -> None:
    """Find queries of labeled pairs with documents of one label only."""
    roles = pairs.filter("loose").group_by(*Q).agg(pl.col("row").min(), pl.col("role").n_unique())
    findings.add("one_sided_query", roles.filter(pl.col("role") == 1))


def relevant(
    negatives: pl.DataFrame,
    by_text: pl.DataFrame | None,
    by_id: pl.DataFrame | None,
    findings: Findings,
) -> None:
    """Find negatives that qrels call relevant. by_text: q, d. by_id: query_id, id."""
    found = [negatives.head(0).select("row", "slot")]
    if by_text is not None:
        found.append(negatives.join(by_text, on=[*Q, *D], how="semi").select("row", "slot"))
    if by_id is not None:
        known = negatives.join(by_id, on=["query_id", "id"], how="semi")
        found.append(known.select("row", "slot"))
    findings.add("relevant_in_qrels", pl.concat(found).unique())


def inverted(
    positives: pl.DataFrame,
    negatives: pl.DataFrame,
    rule: str,
    columns: list[str],
    findings: Findings,
) -> None:
    """Find negatives that score above a positive of their row, by any of the columns. Strictly above."""
    found = [negatives.head(0).select("row", "slot")]
    for column in columns:
        finite = pl.col(column).is_finite()
        anchor = positives.filter(finite).group_by(*Q, "unit").agg(anchor=pl.col(column).min())
        near = negatives.filter(finite).join(anchor, on=[*Q, "unit"], how="inner")
        found.append(near.filter(pl.col(column) > pl.col("anchor")).select("row", "slot"))
    findings.add(rule, pl.concat(found).unique())
