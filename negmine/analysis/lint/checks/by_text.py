"""The rules about one text among all queries, and about whole rows, a bucket at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import sqrt

import polars as pl

from negmine.analysis.lint.collector import NEGATIVE, POSITIVE, D, Q
from negmine.analysis.lint.findings import Findings

LEAST_USES = 10  # queries that a hub serves at least
_TOLD = 5  # hubs that are told with their uses


def duplicates(rows: pl.DataFrame, findings: Findings) -> None:
    """Find rows that repeat an earlier one. rows: ra, rb, row."""
    many = rows.filter(pl.struct("ra", "rb").is_duplicated())
    first = pl.col("row").min().over("ra", "rb")
    again = many.with_columns(first.alias("other")).filter(pl.col("row") > pl.col("other"))
    findings.add("duplicate_row", again)


def elsewhere(documents: pl.DataFrame, findings: Findings) -> None:
    """Find negatives that are the positive of another query."""
    is_negative = pl.col("role") == NEGATIVE
    known = (
        documents.filter(pl.col("role") == POSITIVE)
        .group_by(*D, *Q)
        .agg(pl.col("row").min())
        .sort("row")
    )
    owners = known.group_by(*D, maintain_order=True).agg(
        first=pl.col("row").first(),
        second=pl.col("row").get(1, null_on_oob=True),
        owner_a=pl.col("qa").first(),
        owner_b=pl.col("qb").first(),
    )
    own = (pl.col("owner_a") == pl.col("qa")) & (pl.col("owner_b") == pl.col("qb"))
    found = documents.filter(is_negative).join(owners, on=D, how="inner")
    other = pl.when(own).then("second").otherwise("first")
    findings.add(
        "positive_elsewhere", found.with_columns(other=other).filter(pl.col("other").is_not_null())
    )


def not_in_corpus(documents: pl.DataFrame, corpus: pl.DataFrame | None, findings: Findings) -> int:
    """Find texts that no document has; return how many distinct texts there are. corpus: d."""
    texts = documents.group_by(*D).agg(pl.col("row").min())
    lost = texts if corpus is None else texts.join(corpus, on=D, how="anti")
    findings.add("not_in_corpus", lost)
    return texts.height


@dataclass
class Hubs:
    """Counts how many queries every negative serves, and finds those that serve very many."""

    at_least: float  # queries
    negatives: int = 0
    total: int = 0
    squares: int = 0
    candidates: list[pl.DataFrame] = field(default_factory=list)

    def take(self, documents: pl.DataFrame) -> None:
        """Take in a bucket of documents."""
        mine = documents.filter(pl.col("role") == NEGATIVE)
        uses = (
            mine.select(*D, *Q).unique().group_by(*D).agg(pl.len().cast(pl.Int64).alias("queries"))
        )
        self.negatives += uses.height
        self.total += int(uses["queries"].sum())
        self.squares += int((uses["queries"] ** 2).sum())
        self.candidates.append(uses.filter(pl.col("queries") >= self.at_least))

    def tell(self, findings: Findings, documents: Iterator[list[pl.DataFrame | None]]) -> None:
        """Add the slots that hubs fill to the findings; `documents` are all buckets again."""
        if not self.negatives:
            return
        mean = self.total / self.negatives
        deviation = sqrt(max(self.squares / self.negatives - mean**2, 0.0))
        limit = max(self.at_least, mean + 2 * deviation)
        hubs = pl.concat(self.candidates).filter(
            pl.col("queries") >= self.at_least, pl.col("queries") > mean + 2 * deviation
        )
        hubs = hubs.sort("queries", descending=True)
        for (rows,) in documents if hubs.height else ():
            if rows is not None:
                used = rows.filter(pl.col("role") == NEGATIVE).join(hubs, on=D, how="semi")
                findings.add("hub_negative", used)
        findings.about["hub_negative"] = {
            "hubs": hubs.height,
            "distinct_negatives": self.negatives,
            "mean_queries": round(mean, 3),
            "limit_queries": round(limit, 3),
            "largest": hubs["queries"].head(_TOLD).to_list(),
        }
