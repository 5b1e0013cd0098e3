"""From flags, a TOML file and what a work directory remembers to one checked `Settings`.

A flag beats the file, the file beats what the work directory remembers, that beats the default.
"""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from negmine.effective import retriever_name, scorer_names, signal_names
from negmine.errors import SettingsError
from negmine.settings import (
    NONE,
    ROOMS,
    FilterSettings,
    IndexSettings,
    RoomSettings,
    Settings,
    kinds_of,
)

REMEMBERED = "settings.json"
MODELS = ("model", "rerank_model", "guide_model", "judge_local")
SOURCES = ("data", "qrels_split", "corpus", "queries", "qrels", "pairs")
VECTORS = ("query_vectors", "document_vectors")


def flag(field: str) -> str:
    """Return the flag of a settings field: `relative_margin` is `--relative-margin`."""
    return "--" + _key(field)


def _named_in_file(path: Path, room: str, field: str) -> str:
    return f"{path}, [{room}]: {_key(field)} ="


def _key(field: str) -> str:
    return field.replace("_", "-")


def room_of(field: str) -> str:
    """Return the room whose settings table has `field`."""
    return next(room for room, table in ROOMS.items() if field in table.model_fields)


def resolve(
    flags: Mapping[str, Any], config: Path | None = None, remembered: Settings | None = None
) -> Settings:
    """Merge and check all settings.

    `flags` maps field names to given values (no Nones). Raises SettingsError with one message.
    """
    tables: dict[str, dict[str, Any]] = {room: {} for room in ROOMS}
    if remembered is not None:
        for room in ROOMS:
            tables[room] |= getattr(remembered, room).model_dump(exclude_unset=True)
    if config is not None:
        for room, table in read_toml(config).items():
            _override(tables[room], table)
    unknown = [field for field in flags if field not in _all_fields()]
    if unknown:
        raise SettingsError(f"unknown setting {unknown[0]!r}.{_nearest(unknown[0], _all_fields())}")
    for room in ROOMS:
        _override(tables[room], {f: v for f, v in flags.items() if room_of(f) == room})
    settings = Settings.model_validate({room: _checked(room, tables[room], flag) for room in ROOMS})
    check(settings)
    return settings


def read_toml(path: Path) -> dict[str, dict[str, Any]]:
    """Return the tables of a negmine.toml; paths in it are relative to its folder."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"--config {path}: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"--config {path} is no TOML file: {error}.") from error
    tables: dict[str, dict[str, Any]] = {}
    for room, table in content.items():
        if room not in ROOMS or not isinstance(table, dict):
            known = ", ".join(f"[{name}]" for name in ROOMS)
            raise SettingsError(
                f"{path}: unknown entry {room!r}.{_nearest(room, ROOMS)} The tables are {known}."
            )
        tables[room] = {_field(path, room, key): value for key, value in table.items()}
        for field, value in tables[room].items():
            kinds = kinds_of(ROOMS[room].model_fields[field].annotation)
            if isinstance(value, str) and value != NONE and Path in kinds:
                tables[room][field] = path.resolve().parent / value
        said = {field: v for field, v in tables[room].items() if not _is_none(field, v)}
        _checked(room, said, partial(_named_in_file, path, room))
    return tables


def check(settings: Settings) -> None:
    """Refuse settings that cannot work together."""
    index, rules, write = settings.index, settings.filter, settings.write
    _check_retrievers(index)
    _check_thresholds(rules)
    for field in ("relative_margin", "max_risk"):
        negation = {"relative_margin": "no_relative_margin", "max_risk": "no_risk"}[field]
        if getattr(rules, field) is not None and getattr(rules, negation):
            raise SettingsError(f"{flag(field)} and {flag(negation)} contradict each other.")
    if write.sampling == "random" and write.pool < write.num_negatives:
        raise SettingsError(
            f"--pool {write.pool} is smaller than --num-negatives {write.num_negatives}. Raise --pool."
        )
    _check_judge(settings)
    judge_budget(rules)
    signal_limits(settings)
    judge_extra(rules)
    _check_guides(rules)
    _check_scores(settings)


def _check_judge(settings: Settings) -> None:
    rules = settings.filter
    if rules.judge_url is not None and not _is_web_address(rules.judge_url):
        raise SettingsError(
            f"--judge-url {rules.judge_url!r} is no web address. Say http://HOST:PORT/v1 or https://HOST/v1."
        )
    if (rules.judge_url is None) != (not rules.judge_model):
        raise SettingsError("--judge-url and --judge-model go together. Give both or none.")
    if rules.judge_url is not None and rules.judge_local is not None:
        raise SettingsError("--judge-url and --judge-local: there is one judge. Leave one out.")
    if rules.judge_first is not None and (
        rules.judge_url is None or rules.judge_method != "verdict"
    ):
        raise SettingsError("--judge-first needs --judge-url and --judge-method verdict.")
    if settings.write.relabel and rules.judge is None:
        raise SettingsError(
            "--relabel writes what a judge calls relevant. Give --judge-url and --judge-model."
        )


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and parts.port != 0
    except ValueError:
        return False
    return known and bool(parts.hostname) and url.isascii() and not re.search(r"\s", url)


def _check_retrievers(index: IndexSettings) -> None:
    if (index.query_vectors is None) != (index.document_vectors is None):
        raise SettingsError(
            "--query-vectors and --document-vectors go together. Give both or none."
        )
    if index.query_vectors and "dense" not in index.retriever:
        raise SettingsError("--query-vectors are for the dense retriever. Add --retriever dense.")
    if index.query_vectors and "model" in index.model_fields_set:
        raise SettingsError(
            f"--model {index.model}: with your own vectors no model is asked. Leave one of them out."
        )
    if len(set(index.retriever)) != len(index.retriever) or not index.retriever:
        given = ", ".join(index.retriever) or "none"
        raise SettingsError(f"--retriever: name each once, and at least one. Given: {given}.")


def _check_thresholds(rules: FilterSettings) -> None:
    margin, lowest, highest = rules.relative_margin, rules.min_score, rules.max_score
    if not isinstance(margin, str) and margin is not None and not -1 <= margin <= 1:
        raise SettingsError(
            f"--relative-margin {margin}: it is a share of the anchor, between -1 and 1. Say 0.05 for 5 %."
        )
    if lowest is not None and highest is not None and lowest > highest:
        raise SettingsError(
            f"--min-score {lowest} is above --max-score {highest}: nothing would pass. Change one."
        )


def judge_budget(rules: FilterSettings) -> dict[str, int]:
    """Return what --judge-budget allows: {"calls": 5000} or {"tokens": 2000000}, or nothing said."""
    if rules.judge_budget is None:
        return {}
    found = re.fullmatch(r"([\d_]+) ?(calls|tokens)?", rules.judge_budget)
    if found is None:
        raise SettingsError(
            f"--judge-budget {rules.judge_budget}: say 5000, or 5000calls, or 2000000tokens."
        )
    return {found[2] or "calls": int(found[1].replace("_", ""))}


def signal_limits(settings: Settings) -> dict[str, float]:
    """Return what --max-signal says: signal name to limit. Raises SettingsError for one that is none."""
    known = signal_names(settings) if settings.filter.max_signal else []
    limits = {}
    for said in settings.filter.max_signal:
        name, _, limit = said.partition("=")
        if name not in known:
            raise SettingsError(
                f"--max-signal {said}: no such signal.{_nearest(name, known)} "
                f"There are: {', '.join(known)}."
            )
        try:
            limits[name] = float(limit)
        except ValueError as error:
            raise SettingsError(f"--max-signal {said}: say NAME=NUMBER.") from error
    return limits


def judge_extra(rules: FilterSettings) -> dict[str, Any]:
    """Return what --judge-extra adds to the body of every call, and what it removes (null)."""
    if rules.judge_extra is None:
        return {}
    try:
        found = json.loads(rules.judge_extra)
    except ValueError:
        found = None
    taken = ("messages", "model", "stream", "n")
    if not isinstance(found, dict) or any(name in found for name in taken):
        raise SettingsError(
            f"--judge-extra {rules.judge_extra}: say a JSON object without {', '.join(taken)}, as "
            '{"temperature": null, "reasoning_effort": "low"}.'
        )
    if rules.judge_url is None:
        raise SettingsError("--judge-extra is sent to an endpoint. Give --judge-url.")
    return found


def _check_guides(rules: FilterSettings) -> None:
    """Refuse prompts and lengths that cannot be told apart by guide."""
    guides = len(rules.guide_model)
    for field in ("guide_query_prompt", "guide_document_prompt", "guide_max_length"):
        given = len(getattr(rules, field))
        if guides and given not in (0, 1, guides):
            raise SettingsError(
                f"{flag(field)} is given {given} times for {guides} guides. Give it once for all, or "
                "once for each, in the order of --guide-model."
            )
    if any(length <= 0 for length in rules.guide_max_length):
        raise SettingsError(f"--guide-max-length {min(rules.guide_max_length)}: give 1 or more.")


def _check_scores(settings: Settings) -> None:
    """Refuse names of scores that nobody gives, or that two would give."""
    index, rules, order = settings.index, settings.filter, settings.write.order
    names = [retriever_name(spec) for spec in index.retriever] + scorer_names(settings)
    for name, said, known in (
        ("--score", rules.score, names),
        ("--order", order, ["fused", *names]),
    ):
        if said is not None and said not in known:
            raise SettingsError(
                f"{name} {said}: no such score here.{_nearest(said, known)} "
                f"There are: {', '.join(known)}."
            )
    if len(set(names)) != len(names):
        raise SettingsError(
            f"--retriever: a name is taken. The scores would be: {', '.join(names)}."
        )
    if len(set(rules.guide_model)) != len(rules.guide_model):
        raise SettingsError(
            f"--guide-model: name each once. Given: {', '.join(rules.guide_model)}."
        )
    if rules.score in ("judge", "risk"):
        raise SettingsError(
            f"--score {rules.score}: it has its own rule, tried after thresholds. Name another score."
        )
    if rules.owner_query is not None and "dense" not in index.retriever:
        raise SettingsError("--owner-query compares query vectors. Add --retriever dense.")


def remember(settings: Settings) -> dict[str, Any]:
    """Return what a work directory keeps of its settings: those that were said."""
    return {
        room: getattr(settings, room).model_dump(mode="json", exclude_unset=True) for room in ROOMS
    }


def _override(table: dict[str, Any], given: Mapping[str, Any]) -> None:
    """Let `given` win; `none` forgets. Naming one data source unsays the others; so do opposites."""
    for some, rivals in ((SOURCES, SOURCES), (VECTORS, ("model",)), (("model",), VECTORS)):
        if any(field in some for field in given):
            for field in rivals:
                table.pop(field, None)
    for field, value in given.items():
        if _is_none(field, value):
            table.pop(field, None)
            continue
        table[field] = value
        opposite = field[3:] if field.startswith("no_") else f"no_{field}"
        if opposite not in given:
            table.pop(opposite, None)


def _is_none(field: str, value: Any) -> bool:
    """Tell whether `none` is said. Raises SettingsError for a setting that always has a value."""
    one = value[0] if isinstance(value, list | tuple) and len(value) == 1 else value
    info = ROOMS[room_of(field)].model_fields[field]
    kinds = kinds_of(info.annotation)
    if not isinstance(one, str | Path) or str(one) != NONE or NONE in kinds:
        return False
    if type(None) not in kinds and info.default != ():
        raise SettingsError(
            f"{flag(field)} none: this setting always has a value. The default is {info.default!r}."
        )
    return True


def _checked(room: str, table: dict[str, Any], name: Callable[[str], str]) -> RoomSettings:
    """Return a room's settings; raise SettingsError, calling a field as `name` does."""
    try:
        return _absolute(ROOMS[room](**table))
    except ValidationError as error:
        first = error.errors()[0]
        said, value = first["msg"].removeprefix("Value error, "), first.get("input")
        raise SettingsError(f"{name(str(first['loc'][0]))} {value!r}: {said}.") from error


def _absolute(settings: RoomSettings) -> RoomSettings:
    """Make paths absolute, and models that are folders or files here: they are remembered."""
    update: dict[str, Any] = {}
    for field in settings.model_fields_set:
        value = getattr(settings, field)
        if isinstance(value, Path):
            update[field] = value.expanduser().resolve()
        elif field in MODELS and value:
            many = isinstance(value, tuple)
            found = tuple(map(_model_path, value if many else (value,)))
            update[field] = found if many else found[0]
    return settings.model_copy(update=update)


def _model_path(name: str) -> str:
    path = Path(name).expanduser()
    return str(path.resolve()) if path.exists() else name


def _field(path: Path, room: str, key: str) -> str:
    field = key.replace("-", "_")
    fields = ROOMS[room].model_fields
    if field in _all_fields() and field not in fields:
        raise SettingsError(f"{path}: {key!r} stands in [{room}]. Put it into [{room_of(field)}].")
    if field not in fields:
        names = [name.replace("_", "-") for name in fields]
        raise SettingsError(f"{path}: unknown setting {key!r} in [{room}].{_nearest(key, names)}")
    return field


def _nearest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def _all_fields() -> list[str]:
    return [field for table in ROOMS.values() for field in table.model_fields]
