"""The settings of stage 5, write: the training files and the data card."""

from __future__ import annotations

from functools import partial
from typing import Literal

from negmine.config.settings.retrieve import MOST
from negmine.config.table import StageSettings, setting

# The groups under which help, docs and `negmine settings` show these settings.
_output = partial(setting, group="Output")
_selection = partial(setting, group="Selection")
_card = partial(setting, group="Data card")


class WriteSettings(StageSettings):
    """What the training files look like."""

    format: tuple[str, ...] = (
        _output(  # of stages/write/formats/registry.py, which is a layer above
            "Format of the training files: triplet, n-tuple, kd, ids, flagembedding and others. Repeatable.",
            ("triplet",),
            essential=True,
        )
    )
    num_negatives: int = _output(
        "Negatives per query.", 5, gt=0, le=MOST, shared_with=("filter",), essential=True
    )
    teacher: str | None = _output(
        "Scores for distillation, of one scorer or retriever, named as for --score.",
        essential="stage",
    )
    instruction: str | None = _output(
        "What a query asks for, in formats that have a place for it.", essential="stage"
    )
    instruction_column: str | None = _output(
        "Column of the queries with an instruction for each; --instruction where it is empty."
    )
    relabel: bool = _output(
        "Write what the judge, or --near-positives, calls relevant as further positives (positive_label says "
        "so).",
        False,
        essential="stage",
    )
    order: str = _output(
        "Which kept candidates come first: by a score, named as for --score, or by `fused` rank. auto: by the "
        "score that thresholds read, if --score names it or a retriever has vectors; else fused.",
        "auto",
        shared_with=("filter",),
        essential="stage",
    )
    sampling: Literal[
        "top",
        "random",
        "softmax",
        "top1-random",
        "cyclic",
        "band",
        "margin-bins",
        "diverse",
        "one-per-retriever",
        "round-robin",
    ] = _selection(
        "Which kept candidates are taken. top: the best. random, softmax, top1-random: drawn from the first "
        "--pool. cyclic: every --step-th. band: those in --band. margin-bins: as many easy as hard ones. "
        "diverse: unlike each other. one-per-retriever: each retriever's best in turn. "
        "round-robin: one retriever a query.",
        "top",
        shared_with=("filter",),
        essential="stage",
    )
    pool: int = _selection(
        "Best kept candidates that --sampling random, softmax, top1-random and diverse take from.",
        50,
        gt=0,
        le=MOST,
        shared_with=("filter",),
    )
    seed: int = _selection(
        "Seed of everything that is drawn.", 13, ge=0, le=2**63 - 1, shared_with=("filter",)
    )
    temperature: float = _selection(
        "--sampling softmax: in units of the score; near 0 takes the best, a large one draws evenly.",
        0.05,
        gt=0,
        shared_with=("filter",),
    )
    step: int = _selection(
        "--sampling cyclic: take every step-th kept candidate.",
        5,
        gt=0,
        le=MOST,
        shared_with=("filter",),
    )
    band: str = _selection(
        "--sampling band: first and last fused rank, as 10:50, or standard deviations below the anchor, as "
        "0.5z:2z.",
        "10:50",
        shared_with=("filter",),
    )
    bins: int = _selection(
        "--sampling margin-bins: bins of equal width between a query's smallest and largest margin.",
        10,
        gt=0,
        le=MOST,
        shared_with=("filter",),
    )
    diversity: float = _selection(
        "--sampling diverse: 0 takes what is nearest to the query, 1 what is least like those taken.",
        0.5,
        ge=0,
        le=1,
        shared_with=("filter",),
    )
    per: Literal["query", "positive"] = _selection(
        "query: all positives of a query get the same negatives. positive: each gets --num-negatives of its "
        "own.",
        "query",
        shared_with=("filter",),
        essential="stage",
    )
    positives: Literal["all", "best", "sample"] = _selection(
        "Positives of a query that are written: all, the one with the best score, or one drawn by --seed.",
        "all",
        shared_with=("filter",),
        essential="stage",
    )
    drop_positives: Literal["none", "suspected"] = _selection(
        "Positives that are not written: none, or those that --suspect-share, --suspect-deviations or "
        "--suspect-neighbours suspects. Margins are still measured from them.",
        "none",
    )
    max_reuse: int | None = _selection(
        "Queries that a document may be a negative of, at most; those that rank it best keep it.",
        gt=0,
        shared_with=("filter",),
        essential="stage",
    )
    keep_share: float = _selection(
        "--round: share of a query's negatives that are taken from those of the last round first, where they "
        "are kept.",
        0.0,
        ge=0,
        le=1,
        shared_with=("filter",),
    )
    include: Literal["generated"] | None = _selection(
        "generated: documents that a language model wrote may be negatives.",
        essential="stage",
    )
    max_generated: int = _selection(
        "--include generated: of a query's negatives, at most so many are such documents.",
        1,
        gt=0,
        le=MOST,
    )
    random_negatives: int = _selection(
        "Random documents that each query gets as further negatives.",
        0,
        ge=0,
        le=MOST,
        essential="stage",
    )
    random_shared: int = _selection(
        "--random-negatives: rows of the queries' file, one after the other, that share them.",
        1,
        gt=0,
    )
    weight: Literal["none", "risk", "margin", "propensity"] = _selection(
        "Column weight of provenance. risk: 1 - risk. margin: more for hard negatives. propensity: more for "
        "those that annotators have probably seen.",
        "none",
        essential="stage",
    )
    level: bool = _selection(
        "Fill the column level of provenance: hard, medium or easy, a third of the negatives each.",
        False,
    )
    license: str | None = _card(
        "Licence of the texts, for the data card: the hub's word, such as cc-by-4.0, or any other text.",
        essential="stage",
    )
    language: tuple[str, ...] = _card(
        "Language of the texts, for the data card: a code such as en. Repeatable.",
        (),
        essential="stage",
    )

    @property
    def main_format(self) -> str:
        """The format named first: `provenance` is about it, and so are all analyses."""
        return self.format[0]

    @property
    def negatives_written(self) -> int:
        """Negatives of a full row: those that are mined, and random ones."""
        return self.num_negatives + self.random_negatives
