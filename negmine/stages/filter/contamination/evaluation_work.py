"""An evaluation set that is a work directory of negmine: its vectors may be there, too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from negmine.config.addresses import HUB, Address
from negmine.config.settings import IndexSettings
from negmine.data.identity import identity_of
from negmine.data.sources.places import Places
from negmine.errors import MissingArtifact
from negmine.retrievers.dense.stored import StoredVectors, same_encoder
from negmine.storage.corpus import Corpus
from negmine.storage.layout import CORPUS, QRELS, QUERIES
from negmine.storage.open import open_workdir
from negmine.storage.queries import Queries
from negmine.storage.remembered import REMEMBERED, recall_settings
from negmine.storage.remote.objects import is_web
from negmine.storage.remote.sides import FILES
from negmine.storage.workdir import Workdir


@dataclass(frozen=True)
class EvaluationWork:
    """The queries of a work directory that have a positive, and its documents (see --eval-documents)."""

    work: Workdir
    index: IndexSettings
    documents: str

    @property
    def identity(self) -> str:
        """What tells its texts and vectors from others."""
        names = (CORPUS, QUERIES, QRELS, *self._indexes())
        manifests = (self.work.manifest(name) for name in names)
        return identity_of([one.identity for one in manifests if one is not None])

    def vectors(self, shaping: dict[str, Any]) -> StoredVectors | None:
        """Return its vectors by the encoder with these settings (see vectors.identity), or None."""
        corpus = Corpus(self.work, self.index.title, self.index.title_separator)
        for name in self._indexes():
            manifest = self.work.manifest(name)
            if manifest is not None and same_encoder(shaping, manifest.settings):
                is_unit = bool(manifest.stats.get("normalised", True))
                opened = self.work.opened(manifest.artifact)
                return StoredVectors(opened, corpus.doc_ids(), is_unit)
        return None

    def _indexes(self) -> list[str]:
        """Return the artifacts of stage index that a model made: its name stands behind a `-`."""
        folders = sorted(path.name for path in self.work.shared.glob("1-index/*-*"))
        return [f"1-index/{name}" for name in folders if not name.startswith(("faiss", "binary"))]

    def texts(self) -> Iterator[tuple[str, pl.DataFrame]]:
        """Yield (`query` or `document`, id and text) in pieces."""
        queries = Queries(self.work, self.index)
        relevant = [pl.DataFrame(schema={"id": pl.String})]
        for part in range(queries.parts()):
            relevant.append(queries.positives(part).select(id="doc_id").unique())
            yield "query", queries.mined(part).select("text", id="query_id")
        if self.documents == "none":
            return
        wanted = pl.concat(relevant).unique()
        corpus = Corpus(self.work, self.index.title, self.index.title_separator)
        for table in corpus.documents():
            rows = pl.DataFrame(pl.from_arrow(table)).select("text", id="doc_id")
            is_all = self.documents == "all"
            yield "document", rows if is_all else rows.join(wanted, on="id", how="semi")


def work_at(path: Path, places: Places) -> Workdir | None:
    """Return the work directory that a path or an address is; None for anything else.

    Raises InputError for an address that cannot be listed.
    """
    if isinstance(path, Address):
        has_folders = path.scheme != HUB and not is_web(path)
        is_there = has_folders and FILES in places.names(path)
    else:
        is_there = (path / REMEMBERED).is_file()
    if not is_there:
        return None
    work = open_workdir(path)
    return work if (work.shared / CORPUS).is_dir() else None


def open_work(work: Workdir, documents: str) -> EvaluationWork:
    """Open a work directory whose stage index is done. Raises MissingArtifact where it is not."""
    work.refuse_links()
    settings = recall_settings(work)
    if settings is None:
        raise MissingArtifact(
            f"{work.name} has no finished stage in it yet. Run: negmine index {work.name}"
        )
    for name in (CORPUS, QUERIES, QRELS):
        work.require(name)
    return EvaluationWork(work, settings.index, documents)
