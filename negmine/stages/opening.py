"""Open a work directory for a command: which settings are in force, and where they come from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from negmine.config.naming import flag
from negmine.config.outside import SOURCES
from negmine.config.resolve import resolve, round_of
from negmine.config.rounds import check_order
from negmine.config.settings import STAGES, Settings
from negmine.config.table import fact
from negmine.data.sources.tables import FIELDS, as_arrow
from negmine.engine.context import Context
from negmine.engine.progress import Progress, Silent
from negmine.engine.status import survey
from negmine.engine.trust import trusted
from negmine.errors import CorruptArtifact, MissingArtifact, SettingsError
from negmine.retrievers.registry import infos
from negmine.stages.checks import check
from negmine.stages.index.pairs_format import form_of_pairs
from negmine.stages.plan import make_plan
from negmine.stages.rounds import keep_last, require_last
from negmine.storage.clone import check_old, start_from
from negmine.storage.given import keep_table
from negmine.storage.open import open_workdir
from negmine.storage.remembered import recall_settings
from negmine.storage.workdir import Workdir


def open_context(
    work: str | Path,
    flags: Mapping[str, Any],
    config: Path | None = None,
    progress: Progress | None = None,
    force: bool = False,
) -> Context:
    """Return the context of a work directory: the given settings over what it remembers."""
    workdir = _opened(work)
    remembered = recall_settings(workdir, (progress or Silent()).note)
    if (number := round_of(flags, config)) is not None:
        check_order(
            number, None if remembered is None else remembered.index.round or 1, workdir.name
        )
    return _context(workdir, flags, config, remembered, progress, force)


def open_existing(
    work: str | Path,
    flags: Mapping[str, Any],
    config: Path | None = None,
    progress: Progress | None = None,
    force: bool = False,
) -> Context:
    """Return the context of a work directory that must have been begun; raise MissingArtifact."""
    workdir = _opened(work)
    begin = (
        f"Run: negmine mine {work} --data FOLDER, "
        f"or stage by stage, from negmine index {work} --data FOLDER"
    )
    if not workdir.exists():
        raise MissingArtifact(f"{work} is no work directory. {begin}")
    context = open_context(work, flags, config, progress, force)
    if not _names_data(context) and recall_settings(workdir) is None:
        raise MissingArtifact(f"{work} has no finished stage in it yet. {begin}")
    return context


def context_to_mine(
    work: str | Path,
    flags: Mapping[str, Any],
    config: Path | None,
    progress: Progress | None,
    since: str | Path | None,
    force: bool = False,
) -> Context:
    """Return the context of `mine`: under the given settings, or, given none, under what is remembered.

    since: another work directory that a new one starts from. A round goes on with what is remembered, too.
    """
    workdir = source = _opened(work)
    is_given = bool(flags) or config is not None
    if since is not None:
        check_old(Path(since), workdir)
    note = (progress or Silent()).note
    number = round_of(flags, config)
    remembered = None if is_given and number is None else recall_settings(workdir, note)
    if remembered is None and since is not None and (not is_given or number is not None):
        source = _opened(since)  # a first command left none, or failed
        remembered = recall_settings(source, note)
    if number is not None:
        last = None if remembered is None else remembered.index.round or 1
        check_order(number, last, source.name)
    context = _context(workdir, flags, config, remembered, progress, force, source)
    context.trust.require(STAGES)
    _require_data(context, since)
    if is_given and number is None:
        _note_replaced(context)
    if since is not None:
        if source is not workdir and context.config.round > 1:
            require_last(source, context.config.round)
        survey(
            context, make_plan(context)
        )  # opens models and files: a mistake leaves nothing behind
        start_from(Path(since), workdir, context.progress.note)
        if source is not workdir and context.config.round > 1:
            keep_last(workdir, source, context.config.round)
    return context


def _opened(work: str | Path) -> Workdir:
    """Open a work directory that somebody else may have filled; raise WorkdirError for links in it."""
    workdir = open_workdir(work)
    if workdir.exists():
        workdir.refuse_links()
    return workdir


def _context(
    work: Workdir,
    flags: Mapping[str, Any],
    config: Path | None,
    remembered: Settings | None,
    progress: Progress | None,
    force: bool,
    source: Workdir | None = None,
) -> Context:
    """Return the context of these settings. source: the work directory that remembers; without it, `work`."""
    note = work.remote.note = (progress or Silent()).note
    values = _tables_as_files(work, flags)
    resolved = resolve(values, config, remembered, infos)
    if form := form_of_pairs(resolved, work.remote, note):
        resolved = resolve({**values, "pairs_format": form}, config, remembered, infos)
    check(resolved)
    work.verify = resolved.index.verify
    source = source or work
    trust = trusted(
        resolved.given, resolved.origins, work.root, source.root, source.name, source.place
    )
    return Context(work, resolved, progress or Silent(), force, trust=trust)


def _tables_as_files(work: Workdir, flags: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings with a file of the work directory for every table that was given in memory."""
    values = dict(flags)
    for name in FIELDS:
        if values.get(name) is not None and not isinstance(values[name], str | Path):
            values[name] = keep_table(work, name, as_arrow(values[name], name))
    return values


def _names_data(context: Context) -> bool:
    return any(getattr(context.config.given.index, name) is not None for name in SOURCES)


def _require_data(context: Context, since: str | Path | None) -> None:
    """Where `mine` is given settings but no data, name the data of the directory and the two ways on."""
    if _names_data(context):
        return
    given = context.config.given
    earlier = open_workdir(since) if since is not None else context.work
    before = recall_settings(earlier)
    if before is None:
        return  # a new directory: reading the sources says what is missing
    data = _flags(before.index.model_dump(include=set(SOURCES), exclude_none=True))
    if not data:
        return
    changed = {
        stage: _flags(getattr(given, stage).model_dump(exclude_unset=True))
        for stage in type(given).model_fields
    }
    every = " ".join(text for text in changed.values() if text)
    start = f"negmine mine {context.work.name}"
    anew = f"{start} --since {since}" if since is not None else start
    if since is None:
        ways = " && ".join(
            f"negmine {stage} {context.work.name} {changed[stage]}".rstrip()
            for stage in _from_the_first(changed, before)
        )
        kept = f"To change only this and keep all other settings: {ways}"
    else:
        kept = f"To go on with all settings of {since}: {anew}"
    raise SettingsError(
        "mine starts from the defaults when it is given settings, and no data is given. "
        f"{earlier.name} was made from {data}.\n{kept}\n"
        f"To mine anew from the defaults: {anew} {data} {every}"
    )


def _from_the_first(changed: Mapping[str, str], before: Settings) -> list[str]:
    """Return the stages that follow a change: from the first that has one, rerank only where it is in use."""
    first = next((stage for stage, text in changed.items() if text), "write")
    after = list(changed)[list(changed).index(first) :]
    reranks = bool(changed["rerank"]) or before.rerank.rerank_model is not None
    generates = bool(changed["generate"]) or bool(before.generate.generate_kind)
    optional = {"rerank": reranks, "generate": generates}
    return [stage for stage in after if optional.get(stage, True)]


def _note_replaced(context: Context) -> None:
    """Note what the work directory remembers, and this command replaces by defaults; not data, not speed."""
    try:
        before = recall_settings(context.work)
    except CorruptArtifact:
        return  # this command writes the file anew
    if before is None:
        return
    gone = {
        name: value
        for stage in STAGES
        for name, value in getattr(before, stage).model_dump(exclude_unset=True).items()
        if name not in getattr(context.config.given, stage).model_fields_set
        and value != getattr(getattr(context.config.given, stage), name)
        and not (name in SOURCES or fact(STAGES[stage].model_fields[name], "speed"))
    }
    if text := _flags(gone):
        context.progress.note(
            f"mine takes the defaults for what it is not given. {context.work.name} had: {text}"
        )


def _flags(values: Mapping[str, Any]) -> str:
    """Return settings as flags of a command line."""
    words = []
    for name, value in values.items():
        several = value if isinstance(value, list | tuple) else [value]
        for one in several:
            if one is True:
                words.append(flag(name))
            elif one is False:
                words.append(flag(f"no_{name}"))
            elif one is not None:
                words += [flag(name), str(one)]
    return " ".join(words)
