"""Recipes: where the negatives of a training come from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from negmine.config.effective import MARGIN, threshold_score
from negmine.config.naming import flag, nearest
from negmine.config.tables import all_fields, stage_of_field
from negmine.engine.context import Context
from negmine.errors import SettingsError
from negmine.stages.filter.rules import turned_off
from negmine.stages.opening import open_existing

Flags = Mapping[str, Any]

IN_BATCH, RANDOM, PEER, WORK = "in-batch", "random", "margin", "work"
PLAIN = (IN_BATCH, RANDOM)  # nothing is mined for these
UNTRAINED = "untrained"
_NAME = re.compile(r"[\w.+-]+")
BUILT_IN = {
    IN_BATCH: "no negatives but the positives of the other pairs in the batch",
    RANDOM: "random documents",
    PEER: f"relative margin {MARGIN} alone, hardest first, as sentence-transformers mines",
    WORK: "the settings of the work directory",
    UNTRAINED: "the student as it came",
}


def recipe_names(own: Mapping[str, Flags], left_out: tuple[str, ...], against: str) -> list[str]:
    """Return the names of all recipes, the built-in ones first.

    own: the user's. Raises SettingsError for a name that is taken or unknown, or for fewer than two recipes.
    """
    for name in left_out:
        if name not in BUILT_IN or name == UNTRAINED:
            built_in = [one for one in BUILT_IN if one != UNTRAINED]
            raise SettingsError(
                f"--leave-out {name}: no built-in recipe.{nearest(name, built_in)} "
                f"They are {', '.join(built_in)}."
            )
    for name in own:
        if not _NAME.fullmatch(name):
            raise SettingsError(f"--recipe {name!r}: a name has letters, digits, and . _ + - only.")
        if name in BUILT_IN:
            raise SettingsError(f"--recipe {name}: this is a built-in recipe. Choose another name.")
    names = [name for name in (*BUILT_IN, *own) if name not in (UNTRAINED, *left_out)]
    if len(names) < 2:
        raise SettingsError("There is nothing to compare: give a --recipe, or leave out fewer.")
    if against not in names:
        raise SettingsError(f"--against {against}: the recipes are {', '.join(names)}.")
    return names


def recipe_context(
    context: Context, name: str, own: Mapping[str, Flags], config: Path | None = None
) -> Context:
    """Return the context under which a recipe decides and selects.

    context: of the work directory, with the settings that it remembers, or that `config` has. Raises
    SettingsError for a setting of another stage than filter and write: nothing is scored again.
    """
    if name in own:
        return _own(context, name, own[name], config)
    if name == PEER:
        return _peer(context)
    return context


def _own(context: Context, name: str, flags: Flags, config: Path | None) -> Context:
    for field in flags:
        if field in all_fields() and stage_of_field(field) not in ("filter", "write"):
            raise SettingsError(
                f"--recipe {name}: {flag(field)} belongs to {stage_of_field(field)}. A recipe has settings of "
                "filter and write only: nothing is scored again."
            )
    return open_existing(context.work.name, flags, config, context.progress)


def _peer(context: Context) -> Context:
    config = context.config
    rules = turned_off(config.filter)
    score = threshold_score(rules.model_copy(update={"score": None}), config.retrievers)
    update = {"relative_margin": MARGIN, "score": score, "judged_negatives": "ignore"}
    write = config.write.model_copy(update={"order": score, "sampling": "top"})
    rules = rules.model_copy(update=update)
    return replace(context, config=replace(config, filter=rules, write=write))
