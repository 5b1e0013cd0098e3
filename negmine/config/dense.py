"""The models of the dense retrievers: one for each --model, with its name and what is set for it.

A setting of models is a value for all of them, or NAME=VALUE for one: `--query-prompt e5="query: "`. A value
for all is not for models of earlier rounds: they keep what they had.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from negmine.config.naming import flag, nearest, split_name
from negmine.config.rounds import is_earlier
from negmine.config.settings import IndexSettings
from negmine.errors import SettingsError

NAME = "dense"  # of the first model without a name; the second is dense_2
_NUMBERS = ("dimensions", "max_length")


@dataclass(frozen=True)
class EncoderSettings:
    """What shapes the vectors of one encoder: its model, and what is set for it."""

    model: str
    query_prompt: str | None = None
    document_prompt: str | None = None
    max_length: int | None = None
    dimensions: int | None = None


@dataclass(frozen=True)
class DenseModel:
    """One dense retriever.

    name: of its columns and folders. documents, queries: the encoders, which are the same unless --query-model
    names another for queries.
    """

    name: str
    documents: EncoderSettings
    queries: EncoderSettings

    @property
    def has_query_model(self) -> bool:
        """Queries have an encoder of their own."""
        return self.queries.model != self.documents.model


def names_of(models: Sequence[str]) -> list[str]:
    """Return the names of --model: their own, else by their place: dense, dense_2."""
    return [
        split_name(value)[0] or (f"{NAME}_{place}" if place > 1 else NAME)
        for place, value in enumerate(models, 1)
    ]


def dense_models(index: IndexSettings) -> tuple[DenseModel, ...]:
    """Return the models of --model in their order, then those of earlier rounds, the latest first.

    Of brought vectors there is one that stands for them. Raises SettingsError for a name twice, for a setting
    of a model that is not there, and for two values of one setting.
    """
    named = [_named(value) for value in (*index.model, *index.earlier_model)]
    names = [*names_of(index.model), *(name for name, _ in named[len(index.model) :])]
    if len({name.lower() for name in names}) != len(names) or not index.model:
        raise SettingsError(
            f"--model: give at least one, and each a name of its own. The names would be: {', '.join(names)}."
        )
    _check_rounds(index, names)
    models = [
        DenseModel(name, *_encoders(index, name, names, model))
        for name, (_, model) in zip(names, named, strict=True)
    ]
    _refuse_twice(models)
    return tuple(models)


def _check_rounds(index: IndexSettings, names: Sequence[str]) -> None:
    """Refuse names of earlier rounds for models of this one, and the other way round."""
    own, earlier = names[: len(index.model)], names[len(index.model) :]
    wrong = [name for name in own if is_earlier(name)]
    if wrong:
        raise SettingsError(
            f"--model {wrong[0]}=...: a name such as round1_dense is of a model of an earlier round. Choose "
            "another name."
        )
    if not all(map(is_earlier, earlier)) or (earlier and (index.round or 1) < 2):
        raise SettingsError(
            f"--earlier-model {', '.join(index.earlier_model)}: --round names models of earlier rounds by "
            "itself, as round1_dense=MODEL. Leave it out, or give --round, 2 or more."
        )


def _named(value: str) -> tuple[str, str]:
    """Return the name and the model of a --model; raise SettingsError for what is no name, and for no model."""
    name, model = split_name(value)
    if not model or (not name and re.match(r"[^./~][^/]*=", value)):
        raise SettingsError(
            f"--model {value}: give MODEL or NAME=MODEL. Columns and folders are called by the name: letters, "
            "digits and _, a letter first."
        )
    return name, model


def _encoders(
    index: IndexSettings, name: str, names: Sequence[str], model: str
) -> tuple[EncoderSettings, EncoderSettings]:
    """Return the encoder of a model's documents, and that of its queries."""
    documents = EncoderSettings(
        model,
        _own(index, "query_prompt", name, names),
        _own(index, "document_prompt", name, names),
        _number(index, "max_length", name, names),
        _number(index, "dimensions", name, names),
    )
    query_model = _own(index, "query_model", name, names)
    return documents, replace(documents, model=query_model or model)


def _own(index: IndexSettings, field: str, name: str, names: Sequence[str]) -> str | None:
    """Return a model's value of a setting: NAME=VALUE, else the value for all, else None."""
    for_all: list[str] = []
    for_one: dict[str, str] = {}
    for value in map(str, getattr(index, field)):
        owner, rest = split_name(value)
        if owner in names:
            if owner in for_one:
                raise SettingsError(f"{flag(field)} is given twice for the model {owner}.")
            for_one[owner] = rest
        elif owner and list(names) != [NAME]:
            raise SettingsError(
                f"{flag(field)} {value}: no model is called {owner}.{nearest(owner, names)} There are: "
                f"{', '.join(names)}. A text that begins so is given for one model: {names[0]}={value}"
            )
        else:
            for_all.append(value)
    if len(for_all) > 1:
        raise SettingsError(
            f"{flag(field)} is given {len(for_all)} times for all models. Give it once, or as NAME=VALUE for "
            f"one model. The names are: {', '.join(names)}."
        )
    default = for_all[0] if for_all and not is_earlier(name) else None
    return for_one.get(name, default)


def _number(index: IndexSettings, field: str, name: str, names: Sequence[str]) -> int | None:
    value = _own(index, field, name, names)
    if value is None:
        return None
    if not re.fullmatch(r"[0-9_]+", value) or int(value) < 1:
        raise SettingsError(f"{flag(field)} {value!r}: give a whole number, 1 or more.")
    return int(value)


def _refuse_twice(models: Sequence[DenseModel]) -> None:
    """Refuse two retrievers that would be the same under two names."""
    names: dict[tuple[EncoderSettings, EncoderSettings], str] = {}
    for one in models:
        other = names.setdefault((one.documents, one.queries), one.name)
        if other != one.name and is_earlier(one.name):
            raise SettingsError(
                f"--model {one.documents.model}: this is the model of an earlier round, which is here as "
                f"{one.name}. Give the model that was trained on what the last round wrote."
            )
        if other != one.name:
            raise SettingsError(
                f"--model {one.documents.model}: {other} and {one.name} are the same model with the same "
                "settings. Leave one out."
            )
