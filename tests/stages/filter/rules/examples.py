"""A worked example for every rule: settings, rows, and the rows where the rule fires.

A test demands one for every rule, and that its numbers come out.
"""

from typing import Any, NamedTuple

import polars as pl

from negmine.config.settings import FilterSettings
from negmine.data.schemas import FEATURES

ROW = {
    "query_id": "q", "label": "unlabeled", "rank": 1, "dense_score": 0.5, "positive_score": 0.8,
    "percentile_limit": None, "same_text_as_positive": False, "same_text_as_query": False,
    "contaminated": False, "risk_score": None, "guide_score": None, "judge_verdict": None,
}  # fmt: skip
UNPG = [0.02, 0.05, 0.10, 0.12, 0.15, 0.18, 0.20, 0.22, 0.25, 0.28, 0.30, 0.95]


class Example(NamedTuple):
    """Columns that are not named hold what `ROW` has; features are null. The score that decides is dense."""

    rule: str
    settings: dict[str, Any]
    columns: dict[str, list[Any]]
    fires: list[bool]

    @property
    def filter(self) -> FilterSettings:
        return FilterSettings(score="dense", **self.settings)

    @property
    def rows(self) -> pl.DataFrame:
        height = len(self.fires)
        empty = {field.name: [None] * height for field in FEATURES}
        columns = empty | {name: [value] * height for name, value in ROW.items()} | self.columns
        rows = pl.DataFrame(columns, strict=False)
        floats = pl.col(pl.Float64).cast(pl.Float32)
        return rows.with_columns(floats)


JUDGE = {"judge_url": "http://localhost/v1", "judge_model": "m"}
VERDICTS = {"judge_verdict": ["relevant", "not_relevant", "abstained", None]}
EXAMPLES = (
    Example("is_positive", {}, {"label": ["positive", "unlabeled"]}, [True, False]),
    Example("partly_relevant", {}, {"label": ["partly_relevant", "unlabeled"]}, [True, False]),
    Example(
        "contaminated",
        {"decontaminate": ["evaluation"], "drop_contaminated": "rows"},
        {"contaminated": [True, False]},
        [True, False],
    ),
    Example("same_text_as_positive", {}, {"same_text_as_positive": [True, False]}, [True, False]),
    Example("same_text_as_query", {}, {"same_text_as_query": [True, False]}, [True, False]),
    Example(
        "near_duplicate_of_positive",
        {"near_duplicate": 0.95},
        {"positive_similarity": [0.96, 0.95, 0.94, None]},
        [True, True, False, False],
    ),
    Example(
        "same_parent_as_positive",
        {"same_parent": "article"},
        {"same_parent": [True, False]},
        [True, False],
    ),
    Example(
        "contains_answer",
        {"contains_answer": "answers"},
        {"contains_answer": [True, False]},
        [True, False],
    ),
    Example("in_skipped_top", {"skip_top": 2}, {"rank": [1, 2, 3]}, [True, True, False]),
    Example(
        "not_scored",
        {"relative_margin": 0.05},
        {"dense_score": [None, 0.1, 0.1], "positive_score": [0.8, 0.8, None]},
        [True, False, True],
    ),
    Example("above_max_score", {"max_score": 0.7}, {"dense_score": [0.71, 0.70, 0.69]}, [True, False, False]),
    Example("below_min_score", {"min_score": 0.5}, {"dense_score": [0.49, 0.50, 0.51]}, [True, False, False]),
    Example(
        "too_close_to_positive",
        {"relative_margin": 0.05},
        {"dense_score": [0.77, 0.76, 0.75]},
        [True, False, False],
    ),
    Example(
        "too_close_to_positive",
        {"absolute_margin": 0.25},
        {"dense_score": [0.6, 0.5], "positive_score": [0.75, 0.75]},
        [True, False],
    ),
    Example(
        "too_close_to_positive",
        {"relative_margin": 0.05, "strong_rank": 2},
        {"dense_score": [0.81, 0.79, 0.70], "positive_score": [0.80] * 3},
        [False, False, False],
    ),
    Example(
        "too_close_to_positive",
        {"relative_margin": 0.05, "strong_rank": 2},
        {"dense_score": [0.82, 0.81, 0.79, 0.70], "positive_score": [0.80] * 4},
        [True, True, True, False],
    ),
    Example(
        "above_percentile",
        {"max_percentile": 5},
        {"dense_score": [0.41, 0.40], "percentile_limit": [0.40, 0.40]},
        [True, False],
    ),
    Example("above_positive", {"above_positive": 0.1}, {"dense_score": [0.91, 0.89]}, [True, False]),
    Example("score_outlier", {"iqr": 1.5}, {"dense_score": UNPG}, [False] * 11 + [True]),
    Example("score_outlier", {"iqr": 5.0}, {"dense_score": UNPG}, [False] * 12),
    Example(
        "owned_by_similar_query",
        {"owner_query": 0.9},
        {"owner_query_similarity": [0.95, 0.5, None]},
        [True, False, False],
    ),
    Example(
        "near_positives",
        {"near_positives": 10},
        {"neighbours": [0.01, 0.0, -0.2, None]},
        [True, False, False, False],
    ),
    Example(
        "above_max_signal",
        {"max_signal": ("positive_similarity=0.8",)},
        {"positive_similarity": [0.85, 0.75, None]},
        [True, False, False],
    ),
    Example("too_risky", {"max_risk": 0.05}, {"risk_score": [0.06, 0.05, None]}, [True, False, True]),
    Example(
        "suspected_by_guide",
        {"guide_model": ("g",)},
        {"label": ["positive"] + ["unlabeled"] * 3, "guide_score": [0.70, 0.71, 0.70, None]},
        [False, True, False, True],
    ),
    Example("judged_relevant", JUDGE, VERDICTS, [True, False, False, False]),
    Example("judge_abstained", JUDGE, VERDICTS, [False, False, True, False]),
    Example("not_judged", JUDGE, VERDICTS, [False, False, False, True]),
)  # fmt: skip


def half(setting: str) -> list[tuple[Example, Example]]:
    """Return the examples that set a number, each with the one where it is half as large."""
    return [
        (one, one._replace(settings=one.settings | {setting: type(value)(value / 2)}))
        for one in EXAMPLES
        if (value := one.settings.get(setting))
    ]
