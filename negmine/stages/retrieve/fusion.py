"""The fused score of a candidate: what its places in several runs come to, as one number.

Only the order of fused scores means something: no threshold reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl

from negmine.config.fusion import INTERSECTION, RELATIVE_SCORE, RRF, UNION, Fusion


def is_candidate(retrievers: Sequence[str], candidates: str) -> pl.Expr:
    """Tell whether a row of `<retriever>_rank` columns is a candidate. candidates: see `Fusion`."""
    if candidates not in (UNION, INTERSECTION):
        return pl.col(f"{candidates}_rank").is_not_null()
    in_runs = [pl.col(f"{name}_rank").is_not_null() for name in retrievers]
    return pl.any_horizontal(in_runs) if candidates == UNION else pl.all_horizontal(in_runs)


def fused_score(retrievers: Sequence[str], fusion: Fusion) -> pl.Expr:
    """Return the weighted sum of what each retriever gives, float64; null for what is no candidate.

    Reads query_id, `<retriever>_rank` and `<retriever>_score`. The order of the retrievers changes nothing, not
    even the last bit.
    """
    candidate = is_candidate(retrievers, fusion.candidates)
    given = [
        (METHODS[fusion.method](name, fusion, candidate) * fusion.weight(name)).fill_null(0.0)
        for name in retrievers
    ]
    return pl.when(candidate).then(_sum(given))


def _sum(values: Sequence[pl.Expr]) -> pl.Expr:
    """Add up, from the lowest to the highest: a sum of more than two floats depends on their order."""
    if len(values) <= 2:
        return pl.sum_horizontal(values)
    return pl.concat_list(values).list.sort().list.sum()


def _reciprocal_rank(name: str, fusion: Fusion, candidate: pl.Expr) -> pl.Expr:
    """1 / (k + rank); null where the retriever did not find the document.

    Reciprocal rank fusion, Cormack, Clarke and Buettcher 2009.
    """
    return 1 / (fusion.rrf_k + pl.col(f"{name}_rank").cast(pl.Float64))


def _relative_score(name: str, fusion: Fusion, candidate: pl.Expr) -> pl.Expr:
    """(score - lowest) / (highest - lowest) over the query's candidates that the retriever found.

    1 where all of them have the same score; null where it did not find the document. Weaviate's
    relativeScoreFusion, from its version 1.20 on.
    """
    listed = candidate & pl.col(f"{name}_rank").is_not_null()
    score = pl.when(listed).then(pl.col(f"{name}_score").cast(pl.Float64))
    lowest, highest = score.min().over("query_id"), score.max().over("query_id")
    return (
        pl.when(highest > lowest)
        .then((score - lowest) / (highest - lowest))
        .when(score.is_not_null())
        .then(1.0)
    )


METHODS: dict[str, Callable[[str, Fusion, pl.Expr], pl.Expr]] = {
    RRF: _reciprocal_rank,
    RELATIVE_SCORE: _relative_score,
}
