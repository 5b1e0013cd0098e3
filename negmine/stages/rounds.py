"""Begin a round: record what the last one wrote, and refuse what is no next round of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from negmine.config.rounds import is_earlier
from negmine.data.identity import canonical
from negmine.engine.artifact import Artifact
from negmine.engine.context import Context
from negmine.engine.status import State, survey
from negmine.errors import MissingArtifact, SettingsError
from negmine.retrievers.registry import types
from negmine.storage.layout import CORPUS, PROVENANCE
from negmine.storage.rounds import about_record, is_intact, keep_record, record_file, written_round
from negmine.storage.workdir import Workdir


def require_last(source: Workdir, number: int) -> None:
    """Raise MissingArtifact unless a work directory has the training files of the round before `number`."""
    if written_round(source) != number - 1:
        raise MissingArtifact(
            f"Round {number} starts from the negatives of round {number - 1}, and {source.name} has no "
            f"{PROVENANCE} of it. Run: negmine mine {source.name}"
        )


def keep_last(work: Workdir, source: Workdir, number: int) -> None:
    """Record in `work` what `source` wrote in the round before `number`, unless it is recorded.

    Training files of a later round may lie in `source` by now: then there must be a record. Raises
    MissingArtifact.
    """
    last = number - 1
    is_there = is_intact(record_file(work, last))
    if is_there and (source is not work or written_round(work) != last):
        return
    require_last(source, number)
    with work.hold():
        keep_record(work, source, last)


def begin_round(context: Context, plan: Sequence[Artifact], stages: Sequence[str]) -> None:
    """Record the last round, and check that this one goes on from it; nothing in round 1.

    Raises MissingArtifact where the last round wrote no training files; SettingsError for another corpus, for
    a model that is an earlier round's, and for a model of an earlier round that is another by now.
    """
    number = context.config.round
    if number == 1:
        return
    keep_last(context.work, context.work, number)
    if "index" in stages:
        states = {one.artifact.name: one for one in survey(context, plan)}
        _check_corpus(context, states[CORPUS])
        _check_models(context, states)


def _check_corpus(context: Context, state: State) -> None:
    number = context.config.round
    path = record_file(context.work, number - 1)
    before = {} if path is None else about_record(path).get("corpus")
    if before and canonical(before) != canonical(state.settings):
        raise SettingsError(
            f"Round {number} has another corpus than round {number - 1}: what an earlier model scored would "
            "not be comparable. Leave the flags of the data out, or mine the new corpus from round 1: negmine "
            "mine NEW --since OLD, without --round."
        )


def _check_models(context: Context, states: Mapping[str, State]) -> None:
    """Compare the files of the models, whatever their names are."""
    kinds = [kind for kind in types(context.config) if kind.open_vectors is not None]
    earlier: dict[str, str] = {}
    for kind in sorted(kinds, key=lambda kind: not is_earlier(kind.name)):
        state, model = states[kind.indexes(context)[0]], str(kind.model(context.config))
        weights = _weights(state.settings)
        if is_earlier(kind.name):
            before = {} if state.manifest is None else state.manifest.settings
            if weights and before and _weights(before) != weights:
                raise SettingsError(
                    f"{kind.name}: the model at {model} is not what it was in that round. Put the old one "
                    "back, and keep the model of each round in a folder of its own."
                )
            earlier[weights] = kind.name
        elif weights and weights in earlier:
            raise SettingsError(
                f"--model {model}: its files are those of {earlier[weights]}, the model of an earlier round. "
                "Give the model that was trained on what the last round wrote."
            )


def _weights(settings: Mapping[str, Any]) -> str:
    """Return the fingerprints of a retriever's models; empty where none are known."""
    names = [name for name in ("model", "query_model") if name in settings]
    return canonical({name: settings[name] for name in names}) if names else ""
