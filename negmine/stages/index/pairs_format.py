"""`--pairs-format auto`: which form the user's file has, by its first row."""

from __future__ import annotations

from collections.abc import Callable

from negmine.config.pairs_formats import AUTO, GIVEN, WITH_NEGATIVES
from negmine.config.resolved import ResolvedConfig
from negmine.data.sources.columns import listed
from negmine.data.sources.formats import read_rows
from negmine.data.sources.mined_files import forms_of
from negmine.data.sources.places import Places
from negmine.data.sources.problems import Problems
from negmine.data.sources.rows import Row
from negmine.errors import InputError, NegmineError

_BY_THE_USER = ("flag", "file")


def form_of_pairs(
    config: ResolvedConfig, places: Places, note: Callable[[str], None]
) -> str | None:
    """Return the form of a file of --pairs that has negatives, and note it; None for every other.

    Only a file that this command names is looked at: a work directory remembers the form. One that cannot be
    read has no form here; stage index tells what is wrong with it. Raises InputError where two forms fit.
    """
    index = config.index
    named = index.pairs is not None and config.origins.get("pairs") in _BY_THE_USER
    if not named or index.pairs_format != AUTO or index.pairs is None:
        return None
    first = _first_row(config, places)
    if first is None:
        return None
    forms = forms_of(index, first.values)
    if len(forms) > 1:
        raise InputError(
            f"{index.pairs} may be {' or '.join(forms)}, by its columns: {listed(first.values)}. Say which, as "
            f"in --pairs-format {forms[-1]}."
        )
    if not forms or forms[0] not in WITH_NEGATIVES:
        return None
    use = f"candidates of the retriever {GIVEN}" if index.given_negatives else "documents alone"
    note(f"{index.pairs.name} is read as --pairs-format {forms[0]}: its negatives are {use}")
    return forms[0]


def _first_row(config: ResolvedConfig, places: Places) -> Row | None:
    assert config.index.pairs is not None
    try:
        file = places.local(places.files(config.index.pairs)[0])
        return next(read_rows(file, Problems(skip=True)), None)
    except (NegmineError, OSError, IndexError):
        return None
