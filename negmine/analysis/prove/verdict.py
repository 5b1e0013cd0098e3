"""What the differences say, in sentences: which recipe is best, how sure, and what being surer would cost."""

from __future__ import annotations

from collections.abc import Sequence

from negmine.analysis.prove.compare import Difference, queries_needed

POINTS = 100.0  # metrics are shown from 0 to 100
SMALL = 30  # times as many queries: no experiment that one would make shows such a lead


def of_training(best: str, gain: Difference) -> list[str]:
    """Say where training has not helped. gain: of the best recipe over the student as it came."""
    if gain.low > 0:
        return []
    how = "is worse than" if gain.high < 0 else "is not clearly better than"
    return [
        f"Even {best} {how} the student as it came: {_points(gain)}. Bring more pairs, or another --student. "
        "With a --learning-rate of your own, try a lower one."
    ]


def of_seeds(seeds: int) -> list[str]:
    """Say what one seed cannot tell. seeds: how many trainings the recipe with the fewest has."""
    if seeds > 1:
        return []
    return [
        "With one seed, nothing is known of how much seeds differ: the intervals are too narrow, and another "
        "seed may name another winner. Train more: --seeds 3."
    ]


def sentences(
    ranked: Sequence[str], leads: Sequence[Difference], queries: int, seconds: float, alike: bool
) -> list[str]:
    """Return the verdict.

    ranked: recipes by their mean, best first. leads: the difference of the first to each other one, in that
    order. queries: tested on. seconds: that one more seed of all recipes would take. alike: whether the first
    two have the same rows.
    """
    best, others = ranked[0], ranked[1:]
    if leads[0].error == 0:
        return [_equal(best, others[0], alike)]
    beaten = [name for name, lead in zip(others, leads, strict=True) if lead.low > 0]
    open_ = [name for name, lead in zip(others, leads, strict=True) if lead.low <= 0]
    first = leads[0]
    said = []
    if not open_:
        said.append(f"{best} is best: {_points(first)} over {others[0]}.")
    elif beaten:
        said.append(
            f"{best} has the highest mean. It is better than {_list(beaten)}. Against {_list(open_)}, the "
            f"difference may be chance ({open_[0]}: {_points(leads[others.index(open_[0])])})."
        )
    else:
        said.append(
            f"No recipe is better than the others by more than chance: {best} leads {others[0]} by "
            f"{_points(first)}."
        )
    if not open_:
        return said
    other, lead = next((n, one) for n, one in zip(others, leads, strict=True) if one.low <= 0)
    return [*said, *_surer(f"{best} over {other}", lead, queries, seconds)]


def _surer(whose: str, lead: Difference, queries: int, seconds: float) -> list[str]:
    """Say what a clearer answer would take, where the first is not clearly ahead. whose: `A over B`."""
    minutes = f"One more seed of all recipes takes about {max(seconds / 60, 0.1):.1f} minutes."
    needed = queries_needed(lead, queries)
    if needed is None or needed > SMALL * queries:
        return [
            f"The lead of {whose} is so small that it hardly matters which of these two you take."
        ]
    return [
        f"To see so small a lead, about {needed:,} queries to test on are needed; there were {queries:,}.",
        minutes,
    ]


def _equal(best: str, other: str, alike: bool) -> str:
    """Say why two recipes came out equal in every query."""
    if alike:
        return f"{best} and {other} have the same rows, and so give the same models: nothing is better."
    return (
        f"{best} and {other} came out equal in every query, though their rows differ: the training has hardly "
        "changed the student. Train longer (--epochs, --max-steps), or with a higher --learning-rate."
    )


def _points(lead: Difference) -> str:
    values = (POINTS * value for value in (lead.mean, lead.low, lead.high))
    mean, low, high = (f"{value:+.2f}" for value in values)
    return f"{mean} points of nDCG@10 ({low} to {high})"


def _list(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
