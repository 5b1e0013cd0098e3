"""Evaluation sets: a BEIR folder, a work directory of negmine, or a file of queries or documents.

Of a set with qrels, its queries are those of the split, and its documents those that are relevant to them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from negmine.config.settings import FilterSettings, IndexSettings
from negmine.data.frames import frame
from negmine.data.sources import beir
from negmine.data.sources.formats import read_chunks
from negmine.data.sources.problems import Problems
from negmine.data.sources.qrels import read_qrels
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
from negmine.stages.filter.contamination.evaluation_work import is_work, open_work

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
    paths: Sequence[Path], rules: FilterSettings, index: IndexSettings
) -> list[EvaluationSet]:
    """Return the evaluation sets at these paths; equal names are told apart by the folder above.

    Raises InputError for a path that is none, SettingsError for settings of a work directory that do not fit.
    """
    sets = [_open(path, rules, index) for path in dict.fromkeys(paths)]
    names = [one.name for one in sets]
    return [
        one
        if names.count(one.name) == 1
        else replace(one, name=f"{one.path.parent.name}/{one.name}")
        for one in sets
    ]


def _open(path: Path, rules: FilterSettings, index: IndexSettings) -> EvaluationSet:
    path = path.expanduser().resolve()
    if is_work(path):
        opened = open_work(path, rules.eval_documents)
        return EvaluationSet(
            path.name, path, "", (), lambda note: opened.texts(), opened.identity, opened.vectors
        )
    if path.is_dir():
        return _beir(path, rules, index)
    if not path.is_file():
        raise InputError(
            f"{path} does not exist. Name a BEIR folder, a work directory, or a file of an evaluation set."
        )
    check_kind(path)
    what = DOCUMENT if _has_documents(path) else QUERY
    name = path.name.split(".")[0]
    return EvaluationSet(
        name, path, "", (path,), lambda note: _records(path, what, index, None, note, rows_with_ids)
    )


def _beir(folder: Path, rules: FilterSettings, index: IndexSettings) -> EvaluationSet:
    queries, qrels = beir.table_file(folder, "queries"), _qrels_file(folder, rules.eval_split)
    corpus = None if rules.eval_documents == "none" else beir.table_file(folder, "corpus")
    split = "" if qrels is None else qrels.name.split(".")[0]
    files = tuple(path for path in (queries, qrels, corpus) if path is not None)

    def texts(note: Callable[[str], None]) -> Tables:
        judged = None if qrels is None else _judgements(qrels)
        wanted = None if judged is None else judged.select(id="query_id").unique()
        yield from _records(queries, QUERY, index, wanted, note)
        if corpus is not None:
            relevant = None
            if judged is not None and rules.eval_documents == "relevant":
                relevant = judged.filter(pl.col("relevance") > 0).select(id="doc_id").unique()
            yield from _records(corpus, DOCUMENT, index, relevant, note)

    return EvaluationSet(folder.name, folder, split, files, texts)


def _qrels_file(folder: Path, split: str | None) -> Path | None:
    """Return the qrels of the split, else of test, else the only ones; None where there are none."""
    files = beir.splits(folder)
    if split is None and not files:
        return None
    wanted = split or ("test" if "test" in files else next(iter(files)))
    if wanted not in files or (split is None and wanted != "test" and len(files) > 1):
        listed = ", ".join(files) or "none"
        raise InputError(
            f"{folder / 'qrels'} has no split {split or 'test'!r}. There are: {listed}. "
            "Choose one with --eval-split."
        )
    return files[wanted]


def _judgements(path: Path) -> pl.DataFrame:
    problems = Problems(skip=True)
    tables = [frame(table) for table in read_qrels(path, problems)]
    problems.raise_if_any()
    if not tables:
        raise InputError(
            f"{path}: there are no judgements in it. Check that this is the right file."
        )
    return pl.concat(tables)


def _records(
    path: Path,
    what: str,
    index: IndexSettings,
    wanted: pl.DataFrame | None,
    note: Callable[[str], None],
    read: Callable[[Path, Problems, str], Iterator[Chunk]] | None = None,
) -> Tables:
    """Yield id and text of a file's rows, all or those that are wanted; bad rows are counted, and noted.

    wanted: id. Ids are remembered for a chunk at a time: a set need not be small. read(path, problems, id
    column): in place of `read_chunks`.
    """
    problems, is_document = Problems(skip=True), what == DOCUMENT
    names = (f"{DOCUMENT[:3]}_id" if is_document else "query_id", f"{what} text")
    text = rendered(index.title, index.title_separator) if is_document else pl.col("text")
    chunks = read(path, problems, names[0]) if read else read_chunks(path, problems)
    for chunk in chunks:
        records = Records(path, problems, *names, with_title=is_document)
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
