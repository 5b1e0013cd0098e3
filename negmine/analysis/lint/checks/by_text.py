"""The rules about one text among all queries, and about whole rows, checked for a bucket at a time."""

from __future__ import annotations

import polars as pl

from negmine.analysis.lint.findings import Findings
from negmine.analysis.lint.keys import QUERY_KEY, TEXT_KEY
from negmine.analysis.lint.occurrences import NEGATIVE, POSITIVE


def duplicates(rows: pl.DataFrame, findings: Findings) -> None:
    """Find rows that repeat an earlier one. rows: row, and the hash of its texts row_a, row_b."""
    key = ["row_a", "row_b"]
    copies = rows.filter(pl.struct(key).is_duplicated())
    copies = copies.with_columns(other=pl.col("row").min().over(key))
    findings.add("duplicate_row", copies.filter(pl.col("row") > pl.col("other")))


def positives_elsewhere(documents: pl.DataFrame, findings: Findings) -> None:
    """Find negatives that are the positive of another query."""
    is_positive = documents.filter(pl.col("role") == POSITIVE)
    by_query = is_positive.group_by(*TEXT_KEY, *QUERY_KEY).agg(pl.col("row").min()).sort("row")
    owners = by_query.group_by(TEXT_KEY, maintain_order=True).agg(
        pl.col("row").first().alias("first"),
        pl.col("row").get(1, null_on_oob=True).alias("second"),
        *(pl.col(column).first().alias(f"first_{column}") for column in QUERY_KEY),
    )
    negatives = documents.filter(pl.col("role") == NEGATIVE).join(owners, on=TEXT_KEY, how="inner")
    is_own = pl.all_horizontal(pl.col(column) == pl.col(f"first_{column}") for column in QUERY_KEY)
    other = pl.when(is_own).then("second").otherwise("first")
    hits = negatives.with_columns(other=other).filter(pl.col("other").is_not_null())
    findings.add("positive_elsewhere", hits)


def not_in_corpus(documents: pl.DataFrame, corpus: pl.DataFrame | None, findings: Findings) -> int:
    """Find texts that no document of the corpus has; return how many distinct texts there are.

    corpus: text_a, text_b; None for a bucket without documents.
    """
    texts = documents.group_by(TEXT_KEY).agg(pl.col("row").min())
    missing = texts if corpus is None else texts.join(corpus, on=TEXT_KEY, how="anti")
    findings.add("not_in_corpus", missing)
    return texts.height
