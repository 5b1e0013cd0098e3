"""BM25 over shards: rows are those of one shard, to the bit, and memory is that of one shard."""

import tracemalloc
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.config.settings import IndexSettings
from negmine.engine.progress import Silent
from negmine.errors import CorruptArtifact
from negmine.retrievers.bm25.build import build
from negmine.retrievers.postings import write
from tests.properties import share
from tests.retrievers.bm25.made import built, opened

VARIANTS = ["lucene", "robertson", "atire", "bm25l", "bm25+", "okapi"]
WORDS = [f"w{number}" for number in range(30)]


def table(texts, ids):
    return pa.table(
        {"doc_id": pa.array(ids, pa.large_string()), "text": pa.array(texts, pa.large_string())}
    )


def corpus(rng, kind, documents):
    """Return texts: of random words; few different ones; or all equal; some are empty."""
    if kind == "equal":
        return ["w1 w2 w2"] * documents
    choice = (
        rng.choice(WORDS, (documents, 8))
        if kind == "random"
        else rng.choice(WORDS[:3], (documents, 2))
    )
    lengths = rng.integers(0, choice.shape[1] + 1, documents)
    return [" ".join(words[:length]) for words, length in zip(choice, lengths, strict=True)]


def cut_at_random(rng, texts, ids, count):
    """Return the texts as `count` parts of a corpus, some of them empty perhaps."""
    edges = [0, *np.sort(rng.integers(0, len(texts) + 1, count - 1)), len(texts)]
    whole = table(texts, ids)
    return [whole.slice(a, b - a) for a, b in pairwise(edges)]


@share(0.5)
@given(
    st.sampled_from(VARIANTS),
    st.sampled_from(["random", "tied", "equal"]),
    st.sampled_from([2, 3, 7, 16]),
    st.sampled_from([1, 4, 200]),
    st.integers(0, 2**32 - 1),
)
def test_rows_are_equal_whatever_the_number_of_shards(
    tmp_path_factory, variant, kind, shards, k, seed
):
    rng = np.random.default_rng(seed)
    texts = corpus(rng, kind, int(rng.integers(0, 80)))
    ids = [f"d{number}" for number in rng.permutation(len(texts))]
    asked = table([*corpus(rng, "random", 6), "zebra", "w1 w1 w2"], list("abcdefgh"))
    settings = IndexSettings(bm25_variant=variant)
    folder = tmp_path_factory.mktemp("index")
    one, several = folder / "one", folder / "several"
    for path in (one, several):
        path.mkdir()
    built([table(texts, ids)], one, settings)
    built(cut_at_random(rng, texts, ids, shards), several, settings, shards=10_000)
    whole, cut = opened(one, ids), opened(several, ids)
    expected, hits = whole.search(asked, k), cut.search(asked, k)
    assert hits.docs.tobytes() == expected.docs.tobytes()
    assert hits.scores.tobytes() == expected.scores.tobytes()
    rows, docs = np.divmod(np.arange(8 * len(texts)), max(len(texts), 1))
    pairs = (one.score_pairs(asked, rows, docs).tobytes() for one in (whole, cut))
    assert len(set(pairs)) == 1


def test_a_shard_that_another_corpus_has_too_is_the_same_to_the_byte(tmp_path):
    """Counts are stored: growth changes the numbers of the world, and no older shard."""
    old, new = table(["a b", "b c c"], ["1", "2"]), table(["a a c", "d"], ["3", "4"])
    for name, tables in (("old", [old]), ("grown", [old, new])):
        (tmp_path / name).mkdir()
        built(tables, tmp_path / name, shards=len(tables))
    files = sorted(path.name for path in (tmp_path / "old").glob("*-00000.*"))
    assert len(files) == 7
    for name in files:
        assert (tmp_path / "old" / name).read_bytes() == (tmp_path / "grown" / name).read_bytes()
    scores = [
        opened(tmp_path / name, ids).score_pairs(table(["a"], ["q"]), [0], [0])[0]
        for name, ids in (("old", "12"), ("grown", "1234"))
    ]
    assert scores[0] != scores[1]


def test_rank_bm25_has_one_shard_whatever_is_asked_for(tmp_path):
    settings = IndexSettings(bm25_engine="rank-bm25")
    tables = [table(["a b"], ["1"]), table(["b c"], ["2"])]
    assert built(tables, tmp_path, settings, shards=2)["shards"] == 1


def test_memory_of_building_is_that_of_one_shard(tmp_path, monkeypatch):
    """Each document has words of its own: the most that an index can hold. The first build also compiles."""
    monkeypatch.setattr(write, "POSTINGS_AT_ONCE", 4096)  # a buffer, of one size for any corpus

    def part(number):
        texts = [" ".join(f"x{number}y{n}z{i}" for i in range(30)) for n in range(400)]
        return table(texts, [f"{number:03d}-{n:04d}" for n in range(400)])

    peaks = {}
    for name, shards in (("first", 8), ("one", 1), ("eight", 8)):
        folder = tmp_path / name
        folder.mkdir()
        tracemalloc.start()
        parts = (part(number) for number in range(8))
        stats = build(parts, folder, IndexSettings(), Silent(), 8 * 400, shards)
        peaks[shards] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert stats["shards"] == shards
    assert peaks[8] < 0.4 * peaks[1]


@pytest.mark.parametrize("shards", [1, 3])
def test_shards_that_are_about_another_corpus_are_refused(tmp_path, shards):
    built([table(["a"], ["1"]), table(["b"], ["2"]), table(["c"], ["3"])], tmp_path, shards=shards)
    with pytest.raises(CorruptArtifact, match="other documents"):
        opened(tmp_path, ["1", "2"])
