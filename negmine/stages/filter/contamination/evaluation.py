"""Evaluation sets: a BEIR folder, a work directory of negmine, or a file of queries or documents.

Of a set with qrels, its queries are those of the split, and its documents those that are relevant to them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from negmine.config.addresses import Address
from negmine.config.settings import FilterSettings, IndexSettings
from negmine.data.frames import frame
from negmine.data.sources import beir
from negmine.data.sources.formats import read_chunks
from negmine.data.sources.places import LOCAL, Places
from negmine.data.sources.problems import Problems
from negmine.data.sources.qrels import read_qrels
from negmine.data.sources.reading import FileRows
from negmine.data.sources.records import Records
from negmine.data.sources.rows import Chunk
from negmine.data.texts import rendered
from negmine.errors import InputError
from negmine.retrievers.dense.stored import StoredVectors
from negmine.stages.filter.contamination.evaluation_file import (
    check_kind,
    columns_of,
    is_list,
    rows_with_ids,
)
from negmine.stages.filter.contamination.evaluation_work import open_work, work_at

QUERY, DOCUMENT = "query", "document"
_OF_DOCUMENTS = {"title", "contents", "passage", "document", "doc_id", "docid", "docno", "pid"}
Tables = Iterator[tuple[str, pl.DataFrame]]


@dataclass(frozen=True)
class EvaluationSet:
    """One evaluation set.

    name: of its folder or file. path: as it was named. split: of its qrels, or empty. files: whose digests are
    its identity. identity: of a set that has no files. texts(note): its queries and documents as (`query` or
    `document`, id and text), in pieces; note hears of rows that are left out. vectors(shaping): its vectors by
    the encoder with these settings, if it has them.
    """

    name: str
    path: Path
    split: str
    files: tuple[Path, ...]
    texts: Callable[[Callable[[str], None]], Tables]
    identity: str = ""
    vectors: Callable[[dict[str, Any]], StoredVectors | None] = lambda shaping: None

    def digest(self, digest: Callable[[Path], str]) -> list[str]:
        """Return what tells its texts from others: the digests of its files, not their paths."""
        return [self.identity] if self.identity else [digest(path) for path in self.files]


def open_sets(
    paths: Sequence[Path], rules: FilterSettings, index: IndexSettings, places: Places = LOCAL
) -> list[EvaluationSet]:
    """Return the evaluation sets at these paths; equal names are told apart by the folder above.

    Raises InputError for a path that is none, SettingsError for settings of a work directory that do not fit.
    """
    sets = [_open(path, rules, index, places) for path in dict.fromkeys(paths)]
    names = [one.name for one in sets]
    return [
        one
        if names.count(one.name) == 1
        else replace(one, name=f"{one.path.parent.name}/{one.name}")
        for one in sets
    ]


def _open(path: Path, rules: FilterSettings, index: IndexSettings, places: Places) -> EvaluationSet:
    is_here = not isinstance(path, Address)
    path = path.expanduser().resolve() if is_here else path
    if not is_here and _is_file(path):
        return _of_file(path, index, places)
    work = work_at(path, places)
    if work is not None:
        opened = open_work(work, rules.eval_documents)
        return EvaluationSet(
            path.name, path, "", (), lambda note: opened.texts(), opened.identity, opened.vectors
        )
    if not is_here or path.is_dir():
        return _beir(path, rules, index, places)
    if not path.is_file():
        raise InputError(
            f"{path} does not exist. Name a BEIR folder, a work directory, or a file of an evaluation set."
        )
    return _of_file(path, index, places)


def _is_file(address: Path) -> bool:
    """Tell whether an address ends like that of a file."""
    try:
        check_kind(address)
    except InputError:
        return False
    return True


def _of_file(path: Path, index: IndexSettings, places: Places) -> EvaluationSet:
    check_kind(path)

    def texts(note: Callable[[str], None]) -> Tables:
        what = DOCUMENT if _has_documents(places.local(path)) else QUERY
        return _records((path,), what, index, None, note, places, rows_with_ids)

    return EvaluationSet(path.name.split(".")[0], path, "", (path,), texts)


def _beir(
    folder: Path, rules: FilterSettings, index: IndexSettings, places: Places
) -> EvaluationSet:
    queries = beir.table_files(folder, "queries", places)
    split, qrels = _qrels(folder, rules.eval_split, places)
    corpus = [] if rules.eval_documents == "none" else beir.table_files(folder, "corpus", places)
    files = (*queries, *qrels, *corpus)

    def texts(note: Callable[[str], None]) -> Tables:
        judged = _judgements(qrels, places) if qrels else None
        wanted = None if judged is None else judged.select(id="query_id").unique()
        yield from _records(queries, QUERY, index, wanted, note, places)
        if corpus:
            relevant = None
            if judged is not None and rules.eval_documents == "relevant":
                relevant = judged.filter(pl.col("relevance") > 0).select(id="doc_id").unique()
            yield from _records(corpus, DOCUMENT, index, relevant, note, places)

    return EvaluationSet(folder.name, folder, split, files, texts)


def _qrels(folder: Path, split: str | None, places: Places) -> tuple[str, list[Path]]:
    """Return the split asked for, else test, else the only one, and its qrels; none where there are none."""
    files = beir.splits(folder, places)
    if split is None and not files:
        return "", []
    wanted = split or ("test" if "test" in files else next(iter(files)))
    if wanted not in files or (split is None and wanted != "test" and len(files) > 1):
        listed = ", ".join(files) or "none"
        raise InputError(
            f"{folder / 'qrels'} has no split {split or 'test'!r}. There are: {listed}. "
            "Choose one with --eval-split."
        )
    return wanted, files[wanted]


def _judgements(files: Sequence[Path], places: Places) -> pl.DataFrame:
    problems = Problems(skip=True)
    tables = [frame(table) for table in read_qrels(FileRows(files, problems, places), problems)]
    problems.raise_if_any()
    if not tables:
        raise InputError(
            f"{files[0]}: there are no judgements in it. Check that this is the right file."
        )
    return pl.concat(tables)


def _records(
    files: Sequence[Path],
    what: str,
    index: IndexSettings,
    wanted: pl.DataFrame | None,
    note: Callable[[str], None],
    places: Places,
    read: Callable[[Path, Problems, str], Iterator[Chunk]] | None = None,
) -> Tables:
    """Yield id and text of a table's rows, all or those that are wanted; bad rows are counted, and noted.

    wanted: id. Ids are remembered for a chunk at a time: a set need not be small. read(path, problems, id
    column): in place of `read_chunks`.
    """
    problems, is_document = Problems(skip=True), what == DOCUMENT
    names = (f"{DOCUMENT[:3]}_id" if is_document else "query_id", f"{what} text")
    text = rendered(index.title, index.title_separator) if is_document else pl.col("text")

    def chunks(path: Path, problems: Problems) -> Iterator[Chunk]:
        return read(path, problems, names[0]) if read else read_chunks(path, problems)

    table_files = FileRows(files, problems, places)
    for number, chunk in (
        (n, chunk) for n, of_file in table_files.each(chunks) for chunk in of_file
    ):
        records = Records(files[number], problems, *names, with_title=is_document)
        for table in records.tables([chunk]):
            rows = frame(table).select(pl.col(names[0]).alias("id"), text)
            yield what, rows if wanted is None else rows.join(wanted, on="id", how="semi")
    problems.raise_if_any()
    for kind, count in problems.skipped.items():
        note(f"{kind}: {count:,} of the evaluation set's rows left out")


def _has_documents(path: Path) -> bool:
    """Tell documents from queries by the names of file and columns."""
    if path.name.lower().startswith(("corpus", "documents", "passages")):
        return True
    if is_list(path):
        return False
    return not _OF_DOCUMENTS.isdisjoint(name.lower() for name in columns_of(path))
