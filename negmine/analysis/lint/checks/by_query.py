"""The rules about the documents of one query, checked for a bucket of queries at a time."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from negmine.analysis.lint.findings import Findings
from negmine.analysis.lint.keys import QUERY_KEY, TEXT_KEY
from negmine.analysis.lint.occurrences import NEGATIVE, POSITIVE
from negmine.analysis.lint.reference import Relevant

_KEY = [*QUERY_KEY, *TEXT_KEY]
_GROUP = pl.when("is_pair").then(-1).otherwise("row").alias("group")


def split(pairs: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return positives and negatives, with `group`: documents that are compared, a row or (-1) the query."""
    marked = pairs.with_columns(_GROUP)
    return marked.filter(pl.col("role") == POSITIVE), marked.filter(pl.col("role") == NEGATIVE)


def other_row() -> pl.Expr:
    """Return `other` for a finding in the own group: only a labeled pair's positive is in another row."""
    return pl.when("is_pair").then("other").alias("other")


def same_texts(positives: pl.DataFrame, negatives: pl.DataFrame, findings: Findings) -> None:
    """Find negatives that are a positive of their query, or their query."""
    first = positives.group_by(_KEY).agg(other=pl.col("row").min())
    same = negatives.join(first, on=_KEY, how="inner")
    own = same.join(positives, on=[*_KEY, "group"], how="semi")
    findings.add("same_text_as_positive", own.select("row", "slot", other_row()))
    findings.add("same_text_as_other_positive", same.join(own, on=["row", "slot"], how="anti"))
    is_query = pl.all_horizontal(
        pl.col(text) == pl.col(query) for text, query in zip(TEXT_KEY, QUERY_KEY, strict=True)
    )
    findings.add("same_text_as_query", negatives.filter(is_query))


def repeated(documents: pl.DataFrame) -> pl.DataFrame:
    """Return the positives, or the negatives, that stand in their row already."""
    key = ["row", *TEXT_KEY]
    copies = documents.filter(~pl.col("is_pair")).filter(pl.struct(key).is_duplicated())
    return copies.filter(pl.col("slot") > pl.col("slot").min().over(key))


def one_sided(pairs: pl.DataFrame, findings: Findings) -> None:
    """Find queries of labeled pairs whose documents have one label only."""
    labeled = pairs.filter("is_pair").group_by(QUERY_KEY)
    roles = labeled.agg(pl.col("row").min(), pl.col("role").n_unique())
    findings.add("one_sided_query", roles.filter(pl.col("role") == 1))


def relevant_in_qrels(negatives: pl.DataFrame, relevant: Relevant, findings: Findings) -> None:
    """Find negatives that qrels call relevant, by text or by id."""
    hits = [negatives.head(0).select("row", "slot")]
    for pairs, key in ((relevant.by_text, _KEY), (relevant.by_id, ["query_id", "id"])):
        if pairs is not None:
            hits.append(negatives.join(pairs, on=key, how="semi").select("row", "slot"))
    findings.add("relevant_in_qrels", pl.concat(hits).unique())


def inverted(
    positives: pl.DataFrame,
    negatives: pl.DataFrame,
    rule: str,
    columns: Sequence[str],
    findings: Findings,
) -> None:
    """Find negatives that score strictly above a positive of their group, in any of the columns."""
    hits = [negatives.head(0).select("row", "slot")]
    for column in columns:
        finite = pl.col(column).is_finite()
        scored = positives.filter(finite).group_by(*QUERY_KEY, "group")
        lowest = scored.agg(positive_score=pl.col(column).min())
        beside = negatives.filter(finite).join(lowest, on=[*QUERY_KEY, "group"], how="inner")
        higher = beside.filter(pl.col(column) > pl.col("positive_score"))
        hits.append(higher.select("row", "slot"))
    findings.add(rule, pl.concat(hits).unique())
