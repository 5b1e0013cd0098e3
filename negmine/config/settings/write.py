"""The settings of stage 5, write: the training files and the data card."""

from __future__ import annotations

from functools import partial
from typing import Literal

from negmine.config.table import StageSettings, setting

# The groups under which help, docs and `negmine settings` show these settings.
_output = partial(setting, group="Output")
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
        "Negatives per query.", 5, gt=0, shared_with=("filter",), essential=True
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
        "Write what the judge calls relevant as further positives (positive_label says so).",
        False,
        essential="stage",
    )
    order: str = _output(
        "Which kept candidates come first: by fused rank, or by a score, named as for --score.",
        "fused",
        shared_with=("filter",),
        essential="stage",
    )
    sampling: Literal["top", "random"] = _output(
        "Take the best-ranked kept candidates, or draw from the first --pool of them.",
        "top",
        shared_with=("filter",),
        essential="stage",
    )
    pool: int = _output(
        "Kept candidates that --sampling random draws from.", 50, gt=0, shared_with=("filter",)
    )
    seed: int = _output("Seed of --sampling random.", 13, ge=0, shared_with=("filter",))
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
