"""What came of the trainings: a table of recipes, every difference between two, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from negmine.analysis.prove.compare import Difference, difference
from negmine.analysis.prove.evaluate import METRICS
from negmine.analysis.prove.plan import Recipe
from negmine.analysis.prove.recipes import BUILT_IN, UNTRAINED, Flags
from negmine.analysis.prove.runs import Outcome
from negmine.analysis.prove.verdict import of_seeds, of_training, sentences

BySeed = Mapping[int | None, NDArray[np.float32]]  # seed to metrics of every query


def compared(
    chosen: Sequence[Recipe],
    own: Mapping[str, Flags],
    outcomes: Sequence[Outcome],
    groups: NDArray[np.int64],
    against: str,
) -> dict[str, Any]:
    """Return the table of recipes, best first, every difference, and the verdict in sentences."""
    recipe_of = {recipe.name: recipe for recipe in chosen}
    done: dict[str, list[Outcome]] = {}
    for one in outcomes:
        done.setdefault(one.run.recipe, []).append(one)
    values = {name: {one.run.seed: one.values for one in every} for name, every in done.items()}
    main = {
        name: float(np.mean([one.values[:, 0] for one in every])) for name, every in done.items()
    }
    ranked = sorted((name for name in done if name != UNTRAINED), key=lambda name: -main[name])
    pairs = {
        (one, other): _difference(values[one], values[other], groups)
        for one, other in combinations(ranked, 2)
    }
    rows = [
        _row(name, recipe_of.get(name), own.get(name), done[name])
        | {"difference": _against(name, against, values, groups)}
        for name in [*ranked, *(name for name in done if name == UNTRAINED)]
    ]
    leads = [pairs[ranked[0], name] for name in ranked[1:]]
    seen = [gain.visible for gain in pairs.values() if gain.error]
    digests = [[one.run.digest for one in done[name]] for name in ranked[:2]]
    alike = digests[0] == digests[-1]
    seconds = sum(median(one.seconds for one in done[name]) for name in ranked)
    return {
        "recipes": rows,
        "differences": [
            {"recipe": one, "other": other, **gain.as_dict()}
            for (one, other), gain in pairs.items()
        ],
        "visible": median(seen) if seen else None,
        "best": ranked[0],
        "verdict": [
            *(sentences(ranked, leads, len(groups), seconds, alike) if leads else []),
            *of_seeds(min(len(done[name]) for name in ranked)),
            *of_training(ranked[0], _difference(values[ranked[0]], values[UNTRAINED], groups)),
        ],
        "seconds_per_seed": seconds,
    }


def _against(
    name: str, against: str, values: Mapping[str, BySeed], groups: NDArray[np.int64]
) -> dict[str, Any] | None:
    """Return the difference to the recipe that all are compared with; None for it itself."""
    if name == against or against not in values:
        return None
    return _difference(values[name], values[against], groups).as_dict()


def _difference(one: BySeed, other: BySeed, groups: NDArray[np.int64]) -> Difference:
    """Return the difference in the first metric, over the seeds that both have.

    The student as it came has no seed: it stands beside each of the other's.
    """
    if None in one:
        one = dict.fromkeys(other, one[None])
    if None in other:
        other = dict.fromkeys(one, other[None])
    seeds = [seed for seed in one if seed in other]
    first = np.stack([one[seed][:, 0] for seed in seeds])
    return difference(first, np.stack([other[seed][:, 0] for seed in seeds]), groups)


def _row(
    name: str, recipe: Recipe | None, own: Flags | None, done: Sequence[Outcome]
) -> dict[str, Any]:
    mean = np.mean([one.values for one in done], axis=(0, 1))
    return {
        "recipe": name,
        "settings": None if own is None else dict(own),
        "about": BUILT_IN.get(name, ""),
        "seeds": 0 if recipe is None else len(done),
        **{metric: float(value) for metric, value in zip(METRICS, mean, strict=True)},
        "negatives": 0 if recipe is None else recipe.negatives,
        "yield": None if recipe is None else recipe.share,
        "conflicts": None if recipe is None else recipe.conflicts,
        "curve": [list(point) for one in done for point in one.curve],
        "seconds": median(one.seconds for one in done),
    }
