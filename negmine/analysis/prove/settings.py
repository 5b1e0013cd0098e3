"""The settings of `negmine prove`: one table for its flags, the keywords of `negmine.prove` and the docs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Literal

from negmine.config.table import SettingsTable, chosen, setting
from negmine.errors import SettingsError

_compared = partial(setting, group="What is compared", essential=True)
_trained = partial(setting, group="Training", essential=True)
_bounds = partial(setting, group="Time and place", essential=True)


class ProveSettings(SettingsTable):
    """Which student is trained on what, for how long, and what it is tested on."""

    student: str | None = _compared("Model to train: a name or a folder. Needed.", metavar="MODEL")
    leave_out: tuple[str, ...] = _compared(
        "Built-in recipe that is not trained: in-batch, random, margin or work. Repeatable.",
        (),
        metavar="RECIPE",
    )
    against: str = _compared(
        "Recipe that the table compares all others with.", "margin", metavar="RECIPE"
    )
    holdout: float = _compared("Share of the queries to test on.", 0.2, gt=0, lt=1)
    split_seed: int = _compared("Seed of the draw of those queries.", 13, ge=0)
    allow_few: bool = _compared("Go on with fewer than 30 queries to test on.", False)
    seeds: int = _trained("Trainings of each recipe, with seeds from 0.", 3, ge=1)
    loss: Literal["mnrl", "cached-mnrl"] = _trained(
        "MultipleNegativesRankingLoss, plain or cached (large batches in little memory).", "mnrl"
    )
    epochs: float = _trained("Passes over the training pairs.", 1.0, gt=0)
    max_steps: int | None = _trained("Batches of each training, in place of --epochs.", ge=1)
    learning_rate: float | None = _trained(
        "Highest learning rate. Default: the best of four for in-batch, tried on a tenth of the training "
        "queries.",
        gt=0,
    )
    train_batch_size: int | None = _trained(
        "Pairs in a batch. Default: 32, for a static student 128.", ge=2
    )
    max_length: int | None = _trained("Most tokens that the student reads of a text.", ge=1)
    device: Literal["auto", "cpu", "cuda"] = _bounds("Where the student runs.", "auto")
    max_minutes: float | None = _bounds(
        "Begin no training that would end after so many minutes; say what was left out.", gt=0
    )


def prove_settings(given: Mapping[str, Any]) -> ProveSettings:
    """Return the checked settings. given: field names to values; None and `none` are the default.

    Raises SettingsError, with the flag in its message, for what cannot work.
    """
    settings = chosen(ProveSettings, given, "prove")
    if settings.student is None:
        raise SettingsError("Which model shall be trained? Give --student MODEL.")
    return settings
