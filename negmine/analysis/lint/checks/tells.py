"""Whether length and style give away which negatives a language model wrote.

A logistic regression on the features of style.py separates them, and its AUC is measured on texts that it was
not fitted to. A student that can tell them so learns the style, and not what answers a query.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from negmine.analysis.lint.checks.style import FEATURES, features
from negmine.analysis.lint.findings import Findings
from negmine.analysis.lint.occurrences import NEGATIVE
from negmine.data.auc import area

RULE = "generated_tells"
WRITTEN_ID = r"^generated-[a-z-]+-[0-9a-f]{20}$"  # doc_ids of stage generate
LEAST = 30  # different texts of each kind below which nothing is measured
MOST = 2_000  # of each kind that are looked at: those with the lowest keys
FOLDS = 5
TELLING = 3  # features that are named
_COLUMNS = ("text_a", "text_b", "text", "query")


class Tells:
    """Keeps up to MOST different negatives that a model wrote, and as many that were found."""

    def __init__(self) -> None:
        self._kept: dict[bool, pl.DataFrame] = {}

    def take(self, documents: pl.DataFrame) -> None:
        """Take in occurrences: role, id, text_a, text_b, text, query."""
        negatives = documents.filter(pl.col("role") == NEGATIVE, pl.col("id").is_not_null())
        is_written = pl.col("id").str.contains(WRITTEN_ID)
        for kind in (True, False):
            new = negatives.filter(is_written == kind).select(_COLUMNS)
            both = pl.concat([self._kept[kind], new]) if kind in self._kept else new
            by_key = both.sort("text_a", "text_b", "query")
            self._kept[kind] = by_key.unique(
                ["text_a", "text_b"], keep="first", maintain_order=True
            ).head(MOST)

    def find(self, least_auc: float, findings: Findings) -> None:
        """Find whether the AUC is at least this."""
        written, found = (self._kept.get(kind, pl.DataFrame()) for kind in (True, False))
        if not written.height:
            findings.unchecked[RULE] = (
                "no negative has the id of a document that stage generate wrote"
            )
            return
        if min(written.height, found.height) < LEAST:
            findings.unchecked[RULE] = (
                f"needs {LEAST} different negatives that a model wrote, and {LEAST} that were found; there are "
                f"{written.height:,} and {found.height:,}"
            )
            return
        findings.statistics[RULE] = statistics = separated(written, found)
        findings.shares[RULE] = statistics["auc"]
        findings.counts[RULE] = int(statistics["auc"] >= least_auc)


def separated(written: pl.DataFrame, found: pl.DataFrame) -> dict[str, Any]:
    """Return auc, how many texts of both kinds, and the features with the largest weights.

    written, found: text, query. auc: of cross-validated log-odds, FOLDS folds of equal shares; written texts
    have the label 1. telling: of each feature the AUC that it has alone, above 0.5 where written texts have
    more of it.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    values = np.concatenate([features(written), features(found)])
    labels = np.repeat([True, False], [written.height, found.height])
    model = make_pipeline(
        StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=1000)
    )
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    odds = cross_val_predict(model, values, labels, cv=folds, method="decision_function")
    weights: NDArray[np.float64] = model.fit(values, labels)[-1].coef_[0]
    names = list(FEATURES)
    most = np.argsort(-np.abs(weights), kind="stable")[:TELLING]
    return {
        "auc": round(area(labels, odds), 4),
        "written": written.height,
        "found": found.height,
        "telling": [
            {
                "feature": names[place],
                "auc": round(area(labels, values[:, place]), 4),
            }
            for place in most.tolist()
        ],
    }
