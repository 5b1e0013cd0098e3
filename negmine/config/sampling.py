"""Which settings each way of `--sampling` reads, and how far down a query's kept candidates it looks."""

from __future__ import annotations

from negmine.config.settings import WriteSettings
from negmine.errors import SettingsError

SETTINGS: dict[str, tuple[str, ...]] = {
    "top": (),
    "random": ("pool", "seed"),
    "softmax": ("pool", "seed", "temperature"),
    "top1-random": ("pool", "seed"),
    "cyclic": ("step",),
    "band": ("band",),
    "margin-bins": ("bins", "seed"),
    "diverse": ("pool", "diversity"),
    "one-per-retriever": (),
    "round-robin": ("seed",),
}
"""By the name of a sampling, in the order of the help: the settings that it reads."""

ALWAYS = ("num_negatives", "order", "sampling")
_DRAWN_POSITIVE = ("seed",)  # --positives sample draws, too


def settings_in_use(write: WriteSettings) -> tuple[str, ...]:
    """Return the names of the settings that say which candidates are written as negatives.

    Settings that are off are left out, so that artifacts made before there were any keep their identity.
    """
    names = [*ALWAYS, *SETTINGS[write.sampling]]
    if write.per == "positive":
        names += ["per", "relabel"]
    if write.positives != "all":
        names.append("positives")
    if write.positives == "sample":
        names += _DRAWN_POSITIVE
    if write.max_reuse is not None:
        names.append("max_reuse")
    if write.keep_share:
        names.append("keep_share")
    return tuple(dict.fromkeys(names))


def settings_of_negatives(write: WriteSettings) -> tuple[str, ...]:
    """Return the names of the settings that say what is written as negatives: those above, and `include`.

    What a model wrote is in no measure of the leak, so `settings_in_use` is without it.
    """
    included = ("include", "max_generated") if write.include is not None else ()
    return (*settings_in_use(write), *included)


def idle_settings(write: WriteSettings) -> frozenset[str]:
    """Return the settings of samplings that are not in use: a change of them changes no row."""
    every = {name for names in SETTINGS.values() for name in names}
    used = {*settings_in_use(write), *_drawn_beside(write)}
    return frozenset(every - used)


def _drawn_beside(write: WriteSettings) -> tuple[str, ...]:
    return ("seed",) if write.random_negatives else ()


def reach(write: WriteSettings) -> int | None:
    """Return how many of a query's best kept candidates can become negatives; None where all can."""
    if write.per == "positive" or write.max_reuse is not None or write.keep_share:
        return None
    if "pool" in SETTINGS[write.sampling]:
        return write.pool
    return write.num_negatives if write.sampling == "top" else None


def band_of(text: str) -> tuple[str, float, float]:
    """Return what `--band` says: `rank` or `z`, the first and the last value.

    10:50 are ranks, 0.5z:2z standard deviations below the anchor. Raises SettingsError for anything else.
    """
    by = "z" if "z" in text else "rank"
    first, colon, last = text.replace(" ", "").partition(":")
    ends = [first, last] if by == "rank" else [first.removesuffix("z"), last.removesuffix("z")]
    read = int if by == "rank" else float
    try:
        low, high = (float(read(end)) for end in ends)
    except ValueError:
        colon = ""
        low = high = 0.0
    if not colon or not low <= high or (by == "rank" and low < 1):
        raise SettingsError(
            f"--band {text}: give the first and the last rank, as 10:50, or standard deviations below the "
            "anchor, as 0.5z:2z. The first comes before the last, and ranks start at 1."
        )
    return by, low, high
