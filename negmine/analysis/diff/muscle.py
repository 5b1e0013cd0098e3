"""Flip rates after MUSCLE (Echterhoff et al. 2024): what a better mean hides, case by case."""

from __future__ import annotations

import polars as pl


def flips(right_a: pl.Expr, right_b: pl.Expr, same: pl.Expr) -> dict[str, pl.Expr]:
    """Return what a case is, as booleans whose means are the rates nfr, nfr_mc, pfr.

    nfr = mean[A right and B wrong]; nfr_mc = mean[B wrong and another answer than A's], which also counts
    from wrong to differently wrong; pfr = mean[A wrong and B right].
    """
    return {"nfr": right_a & ~right_b, "nfr_mc": ~right_b & ~same, "pfr": ~right_a & right_b}


def shift_rates(shift: pl.Expr) -> dict[str, pl.Expr]:
    """Return the rates over a continuous score's shifts D = S(B) - S(A): nfr, pfr, gain, regression.

    pfr = mean[D > 0]; nfr = mean[D < 0]; gain is the mean of D over D > 0, regression the mean of |D| over
    D < 0, each 0 where there is none.
    """
    return {
        "nfr": (shift < 0).mean(),
        "pfr": (shift > 0).mean(),
        "gain": shift.filter(shift > 0).mean().fill_null(0.0),
        "regression": shift.filter(shift < 0).abs().mean().fill_null(0.0),
    }


def jaccard(both: pl.Expr, a: pl.Expr, b: pl.Expr) -> pl.Expr:
    """The size of the intersection / that of the union, from sizes; 1 for two empty sets."""
    union = a + b - both
    return pl.when(union > 0).then(both / union).otherwise(1.0)
