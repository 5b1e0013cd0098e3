"""Findings do not depend on batches, buckets, files or the order of rows."""

import polars as pl
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

import negmine
from negmine.analysis.lint import run, spill
from negmine.analysis.lint.read import parquet_files, row_files
from negmine.data.sources import steps
from tests.analysis.lint.test_planted import planted
from tests.analysis.lint.writers import SHAPES, Group, counts_of, save, write
from tests.properties import share


@pytest.fixture
def tiny(monkeypatch):
    """Batches of a few rows and buckets that go to disk at once."""

    def shrink():
        monkeypatch.setattr(steps, "STEP", 7)
        monkeypatch.setattr(parquet_files, "MOST_ROWS", 14)
        monkeypatch.setattr(row_files, "MOST_CHARACTERS", 2_000)
        monkeypatch.setattr(spill.Spill.__init__, "__defaults__", (3_000,))
        monkeypatch.setattr(run, "BUCKET", 1 << 10)

    return shrink


def without_files(report):
    """Return everything but the names of files."""
    return [
        (r["rule"], r["count"], r["of"], r["share"], r["about"], [row["row"] for row in r["rows"]])
        for r in report["rules"]
    ]


@pytest.mark.parametrize("ending", [".parquet", ".jsonl"])
@pytest.mark.parametrize("shape", SHAPES)
def test_batches_and_buckets_change_nothing(tmp_path, tiny, shape, ending):
    path, _ = write(tmp_path, planted()[0], shape, ending, scored=True)
    whole = negmine.lint(path, corpus=corpus(tmp_path))
    tiny()
    pieces = negmine.lint(path, corpus=corpus(tmp_path))
    assert without_files(pieces) == without_files(whole)
    assert pieces["totals"] == whole["totals"]


def corpus(folder):
    texts = [text for group in planted()[0][::2] for text in (group.positive, *group.negatives)]
    rows = [{"_id": str(n), "text": text} for n, text in enumerate(dict.fromkeys(texts))]
    return save(folder / "corpus.jsonl", rows)


words = st.sampled_from(["", "a", "A", "b", "a b c d e f g", "a b c d e f g h", "c", "d", None])
groups = st.lists(
    st.builds(
        Group,
        words,
        words,
        st.tuples(words, words).map(list),
        st.just([0.5, 0.4, 0.6]),
    ),
    min_size=1,
    max_size=9,
)
quiet = share(0.25, HealthCheck.function_scoped_fixture)


@given(groups, st.randoms(use_true_random=False))
@quiet
def test_the_order_of_rows_does_not_matter(tmp_path, some, chance):
    rows, _ = SHAPES["n-tuple"](some, True)
    mixed = rows[:]
    chance.shuffle(mixed)
    schema = {"scores": pl.List(pl.Float64)} | dict.fromkeys(
        ("question", "answer", "negative_1", "negative_2"), pl.String
    )
    reports = []
    for name, these in (("one", rows), ("two", mixed)):
        pl.DataFrame(these, schema=schema).write_parquet(tmp_path / f"{name}.parquet")
        reports.append(counts_of(negmine.lint(tmp_path / f"{name}.parquet")))
    assert reports[0] == reports[1]


@given(groups, st.integers(0, 9))
@quiet
def test_several_files_are_one(tmp_path, some, cut):
    rows, _ = SHAPES["FlagEmbedding"](some, False)
    cut = min(cut, len(rows))
    whole = save(tmp_path / "whole.jsonl", rows)
    parts = [
        save(tmp_path / f"{n}.jsonl", part)
        for n, part in enumerate((rows[:cut], rows[cut:]))
        if part
    ]
    assert counts_of(negmine.lint(parts)) == counts_of(negmine.lint(whole))


@given(groups)
@quiet
def test_all_shapes_with_lists_say_the_same(tmp_path, some):
    counts = []
    for shape in ("n-tuple", "labeled-list", "FlagEmbedding"):
        rows, _ = SHAPES[shape](some, True)
        counts.append(counts_of(negmine.lint(readable(tmp_path / f"{shape}.jsonl", rows))))
    assert counts[0] == counts[1] == counts[2]


HEADS = {
    "query": "ask", "question": "ask", "answer": "head", "passages": ["head", "head 1", "head 2"],
    "pos": ["head"], "neg": ["head 1", "head 2"], "negative_1": "head 1", "negative_2": "head 2",
}  # fmt: skip


def readable(path, rows):
    """Save rows behind one that shows what every column holds."""
    return save(path, [rows[0] | {n: v for n, v in HEADS.items() if n in rows[0]}, *rows])
