"""A flipped byte in any file of a work directory, hidden or of a cache: equal rows, or an error that names it.

Work directories with everything in them: BM25, dense vectors with a FAISS index, a cross-encoder, a guide and a
judge with their caches, tables given in memory, and parts that a killed run has left.
"""

import shutil
from functools import partial
from itertools import cycle
from pathlib import Path

import polars as pl
import pytest

import negmine
from negmine.errors import CorruptArtifact
from negmine.storage.contents import record_hash
from negmine.storage.layout import CALLS, PAIR_SCORES, VECTORS
from negmine.storage.workdir import PARTIAL
from tests.cli.conftest import invoke
from tests.conftest import DOCUMENTS, QRELS, QUERIES, write_beir
from tests.models.tiny import cross_encoder, static_model
from tests.scorers.judge.mining import is_tea
from tests.scorers.judge.server import honest, serving
from tests.torture.faults import FULL

PAIRS = [{"anchor": QUERIES[q], "positive": DOCUMENTS[d][1]} for q, d, r in QRELS if r > 0]
UNFINISHED = ("2-retrieve/candidates", "4-filter/verdicts", "5-write/triplet")
DAMAGES = {
    "first byte": lambda data: flipped(data, 0),
    "a byte in the middle": lambda data: flipped(data, len(data) // 2),
    "a byte near the end": lambda data: flipped(data, len(data) - len(data) // 8 - 1),
    "last byte": lambda data: flipped(data, len(data) - 1),
    "zeros": lambda data: bytes(len(data)),
}


def flipped(data, place):
    return data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :]


class Case:
    """A finished run, kept aside: work is laid anew from it for each try, always in the same place."""

    def __init__(self, folder, **flags):
        self.work, self.kept, self.flags = folder / "work", folder / "kept", flags
        negmine.mine(self.work, **flags)
        shutil.copytree(self.work, self.kept)
        self.right = rows_of(self.kept)

    def laid(self, name="", change=None):
        """Return the work directory as it was, but for this file."""
        shutil.rmtree(self.work)
        shutil.copytree(self.kept, self.work)
        if name:
            file = self.work / name
            file.write_bytes(change(file.read_bytes()))
        return self.work

    def files(self):
        every = (path for path in sorted(self.kept.rglob("*")) if path.is_file())
        return [str(path.relative_to(self.kept)) for path in every if path.stat().st_size]

    def is_right(self):
        rows = rows_of(self.work)
        assert rows.keys() == self.right.keys()
        return all(rows[name].equals(self.right[name]) for name in rows)


def rows_of(work):
    parts = sorted(work.glob("[2-5]-*/*/part-*.parquet"))
    return {str(path.relative_to(work)): pl.read_parquet(path) for path in parts}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A run with models, caches and a judge; its server lives as long."""
    folder = tmp_path_factory.mktemp("models")
    guide = str(static_model(folder / "guide", 2))
    with serving(honest(is_tea)) as server:
        yield Case(
            folder, data=write_beir(folder / "beir"), model=str(static_model(folder / "static")), index="HNSW8",
            rerank_model=str(cross_encoder(folder / "cross")), guide_model=[guide], judge_url=server.url,
            judge_model="m", judge_check=0, device="cpu", k=9, num_negatives=2,
        )  # fmt: skip


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """A run over a table given in memory."""
    folder = tmp_path_factory.mktemp("tables")
    return Case(folder, pairs=PAIRS, retriever=["bm25"], k=9, num_negatives=2)


def interrupted(work):
    """Take three artifacts back to where a kill before the last step leaves them: parts without a manifest."""
    for name in UNFINISHED:
        (work / name / PARTIAL).mkdir()
        for part in (work / name).glob("part-*"):
            record_hash(part.rename(part.parent / PARTIAL / part.name))
        (work / name / "_manifest.json").unlink()
    return work


def chosen(names, kind):
    """Return (file, damage): all in the full form, else one file of each kind with one damage, in turn."""
    if FULL:
        return [(name, damage) for name in names for damage in DAMAGES]
    firsts = {kind(name): name for name in reversed(names)}
    return list(zip(sorted(firsts.values()), cycle(DAMAGES)))


def is_cache(name):
    return name.split("/")[0] in (VECTORS, PAIR_SCORES, CALLS)


def test_damage_in_a_cache_is_made_again_or_named(models):
    """With --force everything is made again from the caches."""
    names = [name for name in models.files() if is_cache(name)]
    assert {name.split("/")[0] for name in names} == {VECTORS, PAIR_SCORES, CALLS}
    for name, damage in chosen(names, kind=lambda name: name.rsplit("/", 1)[0]):
        work = models.laid(name, DAMAGES[damage])
        try:
            negmine.mine(work, **models.flags, force=True)
        except CorruptArtifact as error:
            assert name.startswith(CALLS), name
            assert f"{work / name} cannot be read" in str(error)
            (work / name).unlink()
            negmine.mine(work, **models.flags, force=True)
        assert models.is_right(), (name, damage)


def test_damage_in_any_other_file_is_made_again_or_named(models):
    names = [name for name in models.files() if not is_cache(name)]
    kinds = {"settings.json", ".digests.json", "1-index .faiss", "1-index .npy", "1-index .json"}
    assert {kind_of(name) for name in names} >= kinds
    for name, damage in chosen(names, kind_of):
        work = models.laid(name, DAMAGES[damage])
        try:
            negmine.mine(work)
        except CorruptArtifact as error:
            assert str(work / name) in str(error)
        else:
            assert models.is_right(), (name, damage)
        negmine.mine(work, **models.flags)
        assert models.is_right(), (name, damage)
        assert {one.state for one in negmine.status(work, verify="all")} == {"fresh"}, name


def kind_of(name):
    top, _, rest = name.partition("/")
    return f"{top} {Path(rest).suffix}" if rest else name


def test_damage_in_what_a_killed_run_has_left_is_not_taken_up(tables):
    names = [f"{name}/{PARTIAL}/part-00000.parquet" for name in UNFINISHED]
    for name in [*names, *(f"{name}.xxh3" for name in names)]:
        for damage in DAMAGES:
            work = interrupted(tables.laid())
            (work / name).write_bytes(DAMAGES[damage]((work / name).read_bytes()))
            negmine.mine(work)
            assert tables.is_right(), (name, damage)


def test_what_a_killed_run_has_left_whole_is_taken_up(tables):
    work = interrupted(tables.laid())
    kept = {name: work / name / PARTIAL / "part-00000.parquet" for name in UNFINISHED}
    inodes = {name: path.stat().st_ino for name, path in kept.items()}
    negmine.mine(work)
    assert tables.is_right()
    for name in UNFINISHED:
        assert (work / name / "part-00000.parquet").stat().st_ino == inodes[name]


@pytest.mark.parametrize("name", UNFINISHED)
def test_what_a_kill_between_parts_and_manifest_has_left_is_looked_through(name, tables):
    """Parts lie in place, the folder of unfinished ones is gone, and no manifest lists them yet."""
    part = f"{name}/part-00000.parquet"
    size = (tables.kept / part).stat().st_size
    for place in range(4, size // 2, size // (64 if FULL else 8)):
        work = tables.laid(part, partial(flipped, place=place))
        (work / name / "_manifest.json").unlink()
        negmine.mine(work)
        assert tables.is_right(), place


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_table_that_was_given_in_memory_is_asked_for_again(damage, tables):
    for name in ("sources/pairs.parquet", "sources/pairs.parquet.xxh3"):
        work = tables.laid(name, DAMAGES[damage])
        shutil.rmtree(work / "1-index" / "corpus")
        with pytest.raises(CorruptArtifact, match=r"pairs\.parquet .*Give the table pairs again"):
            negmine.mine(work)
        negmine.mine(work, **tables.flags)
        assert tables.is_right()


def test_status_verify_names_damage_in_every_cache_and_changes_nothing(models):
    def answers(data):
        place = data.rindex(b"confident")  # in the answer: it stands behind the prompt
        return data[:place] + b"C" + data[place + 1 :]

    caches = [name for name in models.files() if name.startswith((VECTORS, PAIR_SCORES))]
    damaged = [(name, DAMAGES["a byte in the middle"]) for name in caches]
    damaged += [(name, answers) for name in models.files() if name.endswith(".sqlite")]
    for name, damage in damaged:
        work = models.laid(name, damage)
        before = (work / name).read_bytes()
        done = invoke("status", work, "--verify")
        assert done.exit_code == 0, done.output
        assert str(work / name) in done.stderr.replace("\n", "")
        assert (work / name).read_bytes() == before
    assert "damaged" not in invoke("status", models.laid(), "--verify").stderr
