"""What a user's files hold, from their beginnings: rows, columns, splits, grades of relevance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from negmine.analysis.init.peek import Beginning, first_chunk, first_rows
from negmine.config.settings import IndexSettings
from negmine.data.sources import open_sources
from negmine.data.sources.beir import splits
from negmine.data.sources.columns import find
from negmine.data.sources.mined_files import forms_of
from negmine.data.sources.problems import Problems
from negmine.data.sources.qrels import checked_relevance, has_ids, judgement_rows, read_qrels
from negmine.data.sources.reading import naming
from negmine.data.sources.records import Records, as_id
from negmine.storage.remote.remote import Remote

_FIRST = ("train", "dev", "val")  # splits that are for training, or at least not for the last test


@dataclass(frozen=True)
class Table:
    """One file: what it holds, how many rows (`is_estimate`: about), its columns, which are used for what.

    skipped: rows among the first that cannot be used, by reason. form: of pairs, what a row holds
    (--pairs-format); none where no form, or several, fit.
    """

    role: str
    file: Path
    rows: int
    is_estimate: bool
    columns: list[str]
    used: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    form: str | None = None


@dataclass(frozen=True)
class Judgements:
    """What the first rows of qrels hold.

    relevances: how many rows have which relevance. queries: those with a positive; several: of them those with
    two or more.
    """

    relevances: dict[int, int]
    queries: int
    several: int


@dataclass(frozen=True)
class Data:
    """A user's data: the files, the splits of a BEIR folder and the one that is read, the judgements."""

    tables: list[Table]
    splits: list[str]
    split: str | None
    judgements: Judgements | None


def look(settings: IndexSettings) -> Data:
    """Look at the beginning of every file that these settings name.

    Raises SettingsError where they do not say which files, InputError for one that cannot be read.
    """
    remote = Remote()
    names = list(splits(settings.data, remote)) if settings.data is not None else []
    split = settings.qrels_split or _split(names)
    chosen = settings.model_copy(update={"qrels_split": split})
    sources = open_sources(chosen, remote)
    corpus = (
        [_of_files(partial(_records, "corpus"), sources.document_files, remote)]
        if sources.document_files
        else []
    )
    if settings.pairs is not None:
        return Data(
            [*corpus, _of_files(partial(_pairs, settings), sources.query_files, remote)],
            [],
            None,
            None,
        )
    queries = _of_files(partial(_records, "queries"), sources.query_files, remote)
    judged, judgements = _qrels(remote.local(sources.qrels_files[0]), settings.min_relevance)
    qrels = _of_files(lambda path: judged, sources.qrels_files, remote)
    return Data([*corpus, queries, qrels], names, split, judgements)


def _of_files(look_at: Callable[[Path], Table], files: Sequence[Path], remote: Remote) -> Table:
    """Look at the first of the files that are one table; the others are taken to have as many rows."""
    first = remote.local(files[0])
    with naming(first, files[0]):
        table = look_at(first)
    rows = table.rows * len(files)
    return replace(table, file=files[0], rows=rows, is_estimate=table.is_estimate or len(files) > 1)


def _split(names: list[str]) -> str | None:
    """Return the split to read of several: one for training, else for development, else not `test`."""
    if len(names) < 2:
        return None
    return min(names, key=lambda name: (*(word not in name for word in _FIRST), name == "test"))


def _records(role: str, path: Path) -> Table:
    """Look at documents or queries: the first chunk is read as `index` would read it."""
    key, text = ("doc_id", "document text") if role == "corpus" else ("query_id", "query text")
    problems = Problems(skip=True)
    chunk, beginning = first_chunk(path, problems)
    list(Records(path, problems, key, text, role == "corpus").tables([chunk]))
    problems.raise_if_any()
    columns = _columns(path, beginning)
    wanted = {key: find(key, columns), "text": find(text, columns)}
    wanted |= {"title": find("title", columns)} if role == "corpus" else {}
    used = {what: column for what, column in wanted.items() if column is not None}
    skipped = problems.skipped
    return Table(role, path, beginning.total, beginning.is_estimate, columns, used, skipped)


def _pairs(settings: IndexSettings, path: Path) -> Table:
    problems = Problems(skip=True)
    _, beginning = first_chunk(path, problems)
    problems.raise_if_any()
    columns, total = _columns(path, beginning), beginning.total
    forms = forms_of(settings, beginning.rows[0].values)
    form = forms[0] if len(forms) == 1 else None
    skipped = problems.skipped
    return Table("pairs", path, total, beginning.is_estimate, columns, {}, skipped, form)


def _columns(path: Path, beginning: Beginning) -> list[str]:
    if not beginning.rows:
        _raise_unreadable(path)
    return list(dict.fromkeys(name for row in beginning.rows for name in row.values))


def _raise_unreadable(path: Path) -> None:
    """Raise InputError for a file none of whose first rows can be read, with what is wrong with them."""
    problems = Problems(skip=False)
    first_chunk(path, problems)
    problems.add(
        "no rows",
        file=path,
        row=None,
        message="there is no row in it that can be read",
        remedy="Check that this is the right file.",
        safe_to_skip=False,
    )
    problems.raise_if_any()


def _qrels(path: Path, min_relevance: int) -> tuple[Table, Judgements]:
    problems = Problems(skip=True)
    beginning = first_rows(path, judgement_rows, problems)
    grades: Counter[int] = Counter()
    positives: Counter[str] = Counter()
    for row in beginning.rows:
        relevance = checked_relevance(row, path, problems)
        if relevance is None or not has_ids(row, path, problems):
            continue
        grades[relevance] += 1
        if relevance >= min_relevance:
            positives[as_id(row.values["query_id"])] += 1
    if not grades:
        problems = Problems(skip=False)
        list(read_qrels(path, problems))
        problems.raise_if_any()
    several = sum(count > 1 for count in positives.values())
    table = Table(
        "qrels", path, beginning.total, beginning.is_estimate, [], skipped=problems.skipped
    )
    return table, Judgements(dict(sorted(grades.items())), len(positives), several)
