"""The settings of stage 5, write: the training files and the data card."""

from __future__ import annotations

from functools import partial
from typing import Literal

from negmine.config.settings.retrieve import MOST
from negmine.config.table import StageSettings, setting

# The groups under which help, docs and `negmine settings` show these settings.
_output = partial(setting, group="Output")
_card = partial(setting, group="Data card")


class WriteSettings(StageSettings):
    """What the training files look like."""

    format: str = _output(  # one of stages/write/formats/registry.py, which is a layer above
        "Shape of the training files, as sentence-transformers names them.",
        "triplet",
        essential=True,
    )
    num_negatives: int = _output(
        "Negatives per query.", 5, gt=0, le=MOST, shared_with=("filter",), essential=True
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
        "Kept candidates that --sampling random draws from.",
        50,
        gt=0,
        le=MOST,
        shared_with=("filter",),
    )
    seed: int = _output(
        "Seed of --sampling random.", 13, ge=0, le=2**63 - 1, shared_with=("filter",)
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
