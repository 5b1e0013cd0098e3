"""An IVF index that is filled in shards has one quantiser: it is the index that was filled at once."""

import faiss
import numpy as np
import pytest

from negmine.engine.progress import Silent
from negmine.errors import CorruptArtifact
from negmine.retrievers.dense.approximate import Approximate
from negmine.retrievers.faiss_index import build
from negmine.retrievers.faiss_index.cells import CELLS
from negmine.retrievers.faiss_index.trial import Wanted
from tests.retrievers.dense.test_exact import unit

DOCUMENTS, DIMS, BLOCK = 700, 16, 64


@pytest.fixture(scope="module")
def vectors():
    """Vectors of which many are equal, and queries."""
    rng = np.random.default_rng(4)
    documents = unit(rng, DOCUMENTS, DIMS)
    documents[rng.integers(0, DOCUMENTS, 300)] = documents[rng.integers(0, 5, 300)]
    return documents, unit(rng, 20, DIMS)


@pytest.fixture(autouse=True)
def in_small_blocks(monkeypatch):
    monkeypatch.setattr(build, "AT_ONCE", BLOCK)


def content(folder):
    """Return what is in the cells of an index: numbers of documents and their codes."""
    opened = Approximate(folder, {}, "cpu")
    lists, cells = faiss.extract_index_ivf(opened.index.index).invlists, []
    for number in range(lists.nlist):
        size = lists.list_size(number)
        ids = faiss.rev_swig_ptr(lists.get_ids(number), size).tolist() if size else []
        codes = faiss.rev_swig_ptr(lists.get_codes(number), size * lists.code_size) if size else b""
        cells.append((ids, bytes(codes)))
    return cells


@pytest.mark.parametrize("factory", ["IVF8,Flat", "IVF8,SQ8", "PCA8,IVF8,Flat"])
def test_cells_and_hits_do_not_depend_on_the_number_of_shards(tmp_path, vectors, factory):
    documents, queries = vectors
    order, cells, hits = np.random.default_rng(5).permutation(DOCUMENTS), [], []
    for shards in (1, 2, 3, 7):
        folder = tmp_path / str(shards)
        folder.mkdir()
        stats = build.build(documents, Wanted(factory), folder, Silent(), shards=shards)
        assert (folder / CELLS).exists() == (shards > 1)
        assert not (folder / "pieces").exists()
        assert stats["bytes"] == sum(path.stat().st_size for path in folder.iterdir())
        cells.append(content(folder))
        found = Approximate(folder, {"nprobe": 3}, "cpu").search(queries, documents, 30, order)
        hits.append((found.docs.tolist(), found.scores.tobytes()))
    assert sum(len(ids) for ids, _ in cells[0]) == DOCUMENTS
    assert all(one == cells[0] for one in cells)
    assert all(one == hits[0] for one in hits)


@pytest.mark.parametrize("factory", ["Flat", "HNSW8", "IVF4,PQ4x4fs", "IVF4,PQ4,RFlat"])
def test_what_cannot_be_cut_is_filled_at_once(tmp_path, vectors, factory):
    documents, queries = vectors
    build.build(documents, Wanted(factory), tmp_path, Silent(), shards=3)
    assert not (tmp_path / CELLS).exists()
    Approximate(tmp_path, {}, "cpu").search(queries, documents, 5, np.arange(DOCUMENTS))


def test_an_index_may_be_moved_and_damage_is_named(tmp_path, vectors):
    documents, queries = vectors
    made = tmp_path / "w/1-index/faiss-m"
    made.mkdir(parents=True)
    build.build(documents, Wanted("IVF8,Flat"), made, Silent(), shards=3)
    folder = made.rename(made.with_name("faiss-n"))
    hits = Approximate(folder, {"nprobe": 8}, "cpu").search(
        queries, documents, 5, np.arange(DOCUMENTS)
    )
    assert (hits.docs >= 0).all()
    file = folder / CELLS
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(CorruptArtifact, match="lies outside of cells"):
        Approximate(folder, {}, "cpu")
    file.unlink()
    with pytest.raises(CorruptArtifact, match="index"):
        Approximate(folder, {}, "cpu").search(queries, documents, 5, np.arange(DOCUMENTS))
