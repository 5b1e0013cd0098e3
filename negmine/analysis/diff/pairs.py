"""The rows of both runs side by side, and the counts and scores of every query that follow from them."""

from __future__ import annotations

import polars as pl

from negmine.analysis.diff.ranks import taus
from negmine.data.schemas import POSITIVE
from negmine.stages.write.sampling.base import Selection
from negmine.stages.write.selection import selected

KEY = ["query_id", "doc_id"]
KEPT = "kept"


def side(verdicts: pl.DataFrame, selection: Selection) -> pl.DataFrame:
    """Return rows of `verdicts` with four columns more.

    verdict: kept, or the reason. taken: whether `write` takes the row as a negative. deciding: the score
    that decides. place: the row's place by that score among the query's rows that have one, from 1, ties
    by doc_id.
    """
    taken = selected(verdicts, selection).select(*KEY, taken=pl.lit(True))
    score = f"{selection.score}_score"
    deciding = pl.col(score) if score in verdicts.columns else pl.lit(None)
    rows = verdicts.join(taken, on=KEY, how="left").with_columns(
        pl.col("taken").fill_null(False),
        verdict=pl.when("kept").then(pl.lit(KEPT)).otherwise("reason"),
        deciding=deciding.cast(pl.Float32),
    )
    rows = rows.sort("query_id", -pl.col("deciding"), "doc_id", nulls_last=True)
    place = pl.int_range(1, pl.len() + 1).over("query_id")
    return rows.with_columns(place=pl.when(pl.col("deciding").is_not_null()).then(place))


def paired(a: pl.DataFrame, b: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of two sides by (query_id, doc_id), with `in_a`, `in_b`, `positive`, `candidate`.

    positive: a known positive in one run at least. candidate: in both, and no known positive in both.
    """
    rows = _suffixed(a, "_a").join(_suffixed(b, "_b"), on=KEY, how="full", coalesce=True)
    positive_a, positive_b = ((pl.col(f"label_{x}") == POSITIVE).fill_null(False) for x in "ab")
    flags = pl.col("in_a", "in_b", "taken_a", "taken_b").fill_null(False)
    rows = rows.with_columns(flags, positive=positive_a | positive_b, both=positive_a & positive_b)
    candidate = pl.col("in_a") & pl.col("in_b") & ~pl.col("both")
    return rows.with_columns(candidate=candidate).drop("both").sort(KEY)


def _suffixed(rows: pl.DataFrame, suffix: str) -> pl.DataFrame:
    marked = rows.with_columns(**{"in": pl.lit(True)})
    return marked.rename({name: name + suffix for name in marked.columns if name not in KEY})


def per_query(rows: pl.DataFrame) -> pl.DataFrame:
    """Return a row per query of paired rows: counts, Jaccard, whether a positive is first, anchors.

    shared, went, came: rows in both, only in A, only in B. candidates: shared rows that are no known
    positive in both; nfr: those kept in A and removed in B; pfr: those removed in A and kept in B.
    flips: shared rows with another verdict. taken_a, taken_b, taken: negatives of A, of B, of both.
    rejected: negatives of A that B removes with a reason.
    """
    in_a, in_b, kept_a, kept_b = (pl.col(c) for c in ("in_a", "in_b", "kept_a", "kept_b"))
    both, candidate = in_a & in_b, pl.col("candidate")
    counts = rows.group_by("query_id", maintain_order=True).agg(
        shared=both.sum(),
        went=(in_a & ~in_b).sum(),
        came=(in_b & ~in_a).sum(),
        flips=(both & (pl.col("verdict_a") != pl.col("verdict_b"))).sum(),
        candidates=candidate.sum(),
        nfr=(candidate & kept_a & ~kept_b).sum(),
        pfr=(candidate & ~kept_a & kept_b).sum(),
        taken=(pl.col("taken_a") & pl.col("taken_b")).sum(),
        taken_a=pl.col("taken_a").sum(),
        taken_b=pl.col("taken_b").sum(),
        rejected=(pl.col("taken_a") & in_b & ~kept_b).sum(),
        **_by_deciding_score("a"),
        **_by_deciding_score("b"),
    )
    sizes = (pl.col(name).cast(pl.Int64) for name in ("taken", "taken_a", "taken_b"))
    return counts.with_columns(jaccard=jaccard(*sizes))


def _by_deciding_score(x: str) -> dict[str, pl.Expr]:
    """Return what a side's deciding scores say of a query.

    scored: a known positive has a score. right: a known positive has the highest one. anchor: the score that
    thresholds hang from. margin: anchor - highest score of a negative.
    """
    place, deciding = pl.col(f"place_{x}"), pl.col(f"deciding_{x}").cast(pl.Float64)
    anchor = pl.col(f"positive_score_{x}").cast(pl.Float64).max()
    return {
        f"scored_{x}": (pl.col("positive") & place.is_not_null()).any(),
        f"right_{x}": (pl.col("positive") & (place == 1)).any(),
        f"anchor_{x}": anchor,
        f"margin_{x}": anchor - deciding.filter(pl.col(f"taken_{x}")).max(),
    }


def jaccard(both: pl.Expr, a: pl.Expr, b: pl.Expr) -> pl.Expr:
    """Return the size of the intersection / that of the union, from sizes; 1 for two empty sets."""
    union = a + b - both
    return pl.when(union > 0).then(both / union).otherwise(1.0)


def rank_correlation(rows: pl.DataFrame, a: str, b: str) -> pl.DataFrame:
    """Return query_id, tau: Kendall's tau-b over the candidates, of A's column and B's."""
    return taus(rows.filter("candidate").select("query_id", x=f"{a}_a", y=f"{b}_b"))


def exchanged(rows: pl.DataFrame, query_ids: pl.Series) -> pl.DataFrame:
    """Return query_id, negatives_went, negatives_came: doc_ids taken in A only and in B only."""
    only = {
        "negatives_went": pl.col("taken_a") & ~pl.col("taken_b"),
        "negatives_came": pl.col("taken_b") & ~pl.col("taken_a"),
    }
    some = rows.filter(pl.col("query_id").is_in(query_ids.implode()))
    return some.group_by("query_id").agg(
        **{name: pl.col("doc_id").filter(which) for name, which in only.items()}
    )


def moves(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """Return how many shared rows have each pair of values in A and B: from, to, rows; equal pairs too."""
    pairs = rows.filter(pl.col("in_a") & pl.col("in_b"))
    named = (pl.col(f"{column}_{x}").alias(name) for x, name in (("a", "from"), ("b", "to")))
    return pairs.group_by(*named).agg(rows=pl.len())


def fates(rows: pl.DataFrame) -> pl.DataFrame:
    """Return what became of either run's negatives in the other: fate, a_in_b, b_in_a."""
    sides = []
    for one, other in ("ab", "ba"):
        fate = (
            pl.when(pl.col(f"taken_{other}"))
            .then(pl.lit("taken"))
            .when(~pl.col(f"in_{other}"))
            .then(pl.lit("no candidate"))
            .when(pl.col(f"kept_{other}"))
            .then(pl.lit("kept, not taken"))
            .otherwise(f"reason_{other}")
        )
        taken = rows.filter(f"taken_{one}").group_by(fate=fate).agg(rows=pl.len())
        sides.append(taken.with_columns(side=pl.lit(f"{one}_in_{other}")))
    return pl.concat(sides)
