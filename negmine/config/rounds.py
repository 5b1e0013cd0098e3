"""Rounds: mining again with the model that was trained on what the last round wrote.

Round 2 has the models of --model, and those of round 1 under names of their own: `dense` of round 1 is
`round1_dense`. These are the setting `earlier_model`, which --round fills in; nobody needs to give it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from negmine.config.naming import split_name
from negmine.errors import SettingsError

OF_MODELS = ("query_model", "query_prompt", "document_prompt", "max_length", "dimensions")
_EARLIER = re.compile(r"round([0-9]+)_(\w+)", re.ASCII | re.IGNORECASE)


class Encoders(Protocol):
    """A dense model, see dense.py: its name, the encoder of documents, and that of queries."""

    @property
    def name(self) -> str:
        """The name of its columns."""

    @property
    def documents(self) -> Any:
        """The encoder of documents."""

    @property
    def queries(self) -> Any:
        """The encoder of queries."""


def is_earlier(name: str) -> bool:
    """Tell whether a name is that of an earlier round's model: `round1_dense`."""
    return _EARLIER.fullmatch(name) is not None


def earlier_name(name: str, number: int) -> str:
    """Return the name that a model of round `number` has in later rounds."""
    return f"round{number}_{name}"


def folder_name(name: str, number: int | None) -> str:
    """Return what the folders of a dense model are called in round `number`.

    A model keeps its folders in all rounds, so that nothing of it is made again: those of `dense` of round 1
    are called `dense`, those of `dense` of round 2 are called `round2_dense`, also in round 3.
    """
    match = _EARLIER.fullmatch(name)
    if match is not None:
        return match[2] if int(match[1]) == 1 else name
    return earlier_name(name, number) if number is not None and number > 1 else name


def check_order(number: int, last: int | None, work: str) -> None:
    """Raise SettingsError where round `number` cannot follow round `last` of a work directory.

    last: None where there is none. work: what the work directory is called.
    """
    if last is None and number > 1:
        raise SettingsError(
            f"--round {number} starts from round {number - 1}, and there is none in {work}. Give --since with "
            f"the work directory of round {number - 1}; round 1 is a run without --round."
        )
    if last is not None and number > last + 1:
        raise SettingsError(
            f"--round {number} starts from round {number - 1}, and {work} is in round {last}. Run round "
            f"{last + 1} first."
        )
    if last is not None and number < last:
        raise SettingsError(
            f"--round {number}: {work} is in round {last} already. Give another work directory, and --since "
            f"with that of round {max(number - 1, 1)}."
        )


def next_round(index: Mapping[str, Any], number: int, models: Sequence[Encoders]) -> dict[str, Any]:
    """Return the settings of stage index that round `number` starts from.

    index: the settings that were given in the last round. models: its dense models. They become earlier models
    and keep what was set for them. The new round has --model of the last one until it is given its own.
    """
    last = number - 1
    named = {
        one.name: one.name if is_earlier(one.name) else earlier_name(one.name, last)
        for one in models
    }
    kept = {name: value for name, value in index.items() if name != "query_model"}
    for field in OF_MODELS:
        own = [value for value in map(str, kept.get(field, ())) if not is_pin(value)]
        set_values = {named[one.name]: _set(one, field) for one in models}
        pins = [f"{name}={text}" for name, text in set_values.items() if text is not None]
        kept |= {field: (*own, *pins)} if own or pins else {}
    earlier = tuple(f"{named[one.name]}={one.documents.model}" for one in models)
    return {**kept, "earlier_model": earlier, "round": number}


def _set(model: Encoders, field: str) -> str | None:
    """Return what is set for a model, as text; None where nothing is."""
    if field == "query_model":
        return model.queries.model if model.queries.model != model.documents.model else None
    value = getattr(model.documents, field)
    return None if value is None else str(value)


def is_pin(value: str) -> bool:
    """Tell whether a value of a setting of models is that of an earlier round's model."""
    return is_earlier(split_name(value)[0])


def with_pins(before: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return given settings of stage index with what `before` has set for models of earlier rounds.

    A later command that gives a prompt, say, gives it to the models of --model: earlier ones keep theirs.
    """
    added: dict[str, Any] = {}
    for field in OF_MODELS:
        value = before.get(field, ())
        pins = [
            one
            for one in map(str, value if isinstance(value, list | tuple) else [value])
            if is_pin(one)
        ]
        if field in given and pins:
            new = given[field]
            several = list(new) if isinstance(new, list | tuple) else [new]
            own = [] if [str(one) for one in several] == ["none"] else several
            owners = {split_name(str(one))[0] for one in own}
            added[field] = (*own, *(pin for pin in pins if split_name(pin)[0] not in owners))
    return {**given, **added}
