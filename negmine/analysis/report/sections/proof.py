"""What `prove` came to last, as the report has it: which recipe trains the better student."""

from __future__ import annotations

from typing import Any

from pydantic import Field, ValidationError

from negmine.analysis.report.sections.base import Part, Section, Source
from negmine.stages.readiness import made_from
from negmine.storage.layout import short_name
from negmine.storage.proofs import read_result


class CurvePoint(Part):
    """The student on its way, with the first seed."""

    step: int = Field(description="batches trained")
    ndcg: float = Field(description="nDCG@10 of the tested queries")


class ProofRecipe(Part):
    """A recipe, and the students that were trained on its negatives."""

    recipe: str = Field(description="its name")
    about: str = Field(description="what it is, in words")
    seeds: int = Field(description="trainings; 0 for the student as it came")
    ndcg: float = Field(description="nDCG@10, mean over queries and seeds")
    mrr: float = Field(description="MRR@10")
    recall: float = Field(description="recall@100")
    got: float | None = Field(
        description="share of its negatives that are not random (the yield); null: none"
    )
    gain: float | None = Field(
        description="nDCG@10 more than the recipe `against`; null: it is that"
    )
    gain_low: float | None = Field(description="lower end of its 95 % interval")
    gain_high: float | None = Field(description="upper end")
    better: float | None = Field(description="share of queries that are better than with `against`")
    worse: float | None = Field(description="share of queries that are worse")
    curve: list[CurvePoint] = Field(description="the first seed, from the start to the end")


class Proof(Part):
    """The last result of `negmine prove`."""

    student: str = Field(description="the model that was trained")
    against: str = Field(description="the recipe that all are compared with")
    trained: int = Field(description="queries trained on")
    tested: int = Field(description="queries tested on")
    seeds: int = Field(description="trainings of each recipe that were wanted")
    is_current: bool = Field(
        description="whether candidates, rules and selection are those of this run; else the row `work` is not"
    )
    visible: float | None = Field(
        description="the smallest difference that would have been seen; null: nothing came out different"
    )
    recipes: list[ProofRecipe] = Field(description="best first, the student as it came last")
    verdict: list[str] = Field(description="what the numbers say")


def _build(source: Source) -> Proof | None:
    result = read_result(source.context.work)
    if result is None:
        return None
    try:
        return as_proof(result, made_from(source.context, source.states))
    except (KeyError, TypeError, AttributeError, ValidationError):
        return None  # written by another version, or by somebody else


def as_proof(result: dict[str, Any], current: str) -> Proof:
    """Return a result of `prove` as the report has it. current: what this run is made from."""
    start = next((row["ndcg@10"] for row in result["recipes"] if not row["seeds"]), None)
    return Proof(
        student=short_name(result["student"]),
        against=result["against"],
        trained=result["queries"]["trained"],
        tested=result["queries"]["tested"],
        seeds=result["training"]["seeds"],
        is_current=result["made_from"] == current,
        visible=result["visible"],
        recipes=[_recipe(row, start) for row in result["recipes"]],
        verdict=result["verdict"],
    )


def _recipe(row: dict[str, Any], start: float | None) -> ProofRecipe:
    gain = row["difference"] or dict.fromkeys(("mean", "low", "high", "better", "worse"))
    points = [] if start is None or not row["curve"] else [(0, start)]
    return ProofRecipe(
        recipe=row["recipe"],
        about=row["about"],
        seeds=row["seeds"],
        ndcg=row["ndcg@10"],
        mrr=row["mrr@10"],
        recall=row["recall@100"],
        got=row["yield"],
        gain=gain["mean"],
        gain_low=gain["low"],
        gain_high=gain["high"],
        better=gain["better"],
        worse=gain["worse"],
        curve=[CurvePoint(step=step, ndcg=value) for step, value in [*points, *row["curve"]]],
    )


PROOF = Section(_build)
