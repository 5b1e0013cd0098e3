"""`--include generated`: where written documents may stand among the negatives, and who tells of them."""

import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import negmine
from negmine.config.settings import WriteSettings
from negmine.data.schemas import GENERATED, POSITIVE, UNLABELED
from negmine.stages.write.formats.registry import FORMATS
from negmine.stages.write.sampling.base import Selection
from negmine.stages.write.selection import selected
from tests.conftest import write_beir
from tests.scorers.judge.server import serving
from tests.stages.generate.writing import documents, generate, mined, of_query, rows, writes


@pytest.fixture
def work(tmp_path, beir):
    """A run with two written documents for each query, all kept."""
    work = mined(tmp_path / "w", beir)
    with serving(
        writes(lambda query, document: f"{of_query(query, document)} {document}"[:40])
    ) as one:
        generate(work, one, generate_kind=["query-only"])
    negmine.filter(work)
    return work


def verdicts_of(rows_of_query):
    """Rows of verdicts from (query, label, kept, score)."""
    frame = pl.DataFrame(
        rows_of_query, schema=["query_id", "label", "kept", "bm25_score"], orient="row"
    )
    return frame.with_columns(
        doc_id=pl.lit("d") + pl.int_range(pl.len()).cast(pl.String),
        rank=pl.int_range(1, pl.len() + 1).cast(pl.Int32),
        reason=pl.lit(None, pl.String),
    ).with_columns(
        doc_id=pl.when(pl.col("label") == GENERATED)
        .then("generated-" + pl.col("doc_id"))
        .otherwise("doc_id")
    )


def taken(frame, **write):
    chosen = selected(frame, Selection(WriteSettings(order="fused", **write), score="bm25"))
    return chosen.sort(pl.col("query_id").rle_id(), "place", maintain_order=True)


def test_worked_example():
    """Three retrieved, two written: of 3 negatives the last is the written one with the best score."""
    frame = verdicts_of(
        [("q", POSITIVE, False, 9.0)] + [("q", UNLABELED, True, s) for s in (5.0, 4.0, 3.0)]
        + [("q", GENERATED, True, s) for s in (1.0, 2.0)]
    )  # fmt: skip
    assert taken(frame, num_negatives=3)["doc_id"].to_list() == ["d1", "d2", "d3"]
    one = taken(frame, num_negatives=3, include="generated")
    assert one["doc_id"].to_list() == ["d1", "d2", "generated-d5"]
    assert (
        one["place"].to_list() == [0, 1, 2] and one["sampling_probability"].to_list() == [1.0] * 3
    )
    two = taken(frame, num_negatives=5, include="generated", max_generated=2)
    assert two["doc_id"].to_list() == ["d1", "d2", "d3", "generated-d5", "generated-d4"]
    short = taken(frame, num_negatives=9, include="generated")
    assert short["doc_id"].to_list() == ["d1", "d2", "d3", "generated-d5"]


ROW = st.tuples(
    st.sampled_from(["a", "b"]), st.sampled_from([POSITIVE, UNLABELED, GENERATED]), st.booleans(),
    st.floats(0, 9),
)  # fmt: skip


@given(st.lists(ROW, min_size=1, max_size=14), st.integers(1, 5), st.integers(1, 3))
def test_never_more_than_asked_and_retrieved_ones_as_before(some, negatives, most):
    ordered = sorted(
        (row if row[1] != POSITIVE else (*row[:2], False, row[3]) for row in some),
        key=lambda row: row[0],
    )
    frame = verdicts_of(ordered)
    plain = taken(frame, num_negatives=negatives)
    mixed = taken(frame, num_negatives=negatives, include="generated", max_generated=most)
    assert (plain["label"] != GENERATED).all()
    for query in frame["query_id"].unique():
        before, after = (one.filter(pl.col("query_id") == query) for one in (plain, mixed))
        own = after.filter(pl.col("label") == GENERATED)
        kept = frame.filter(pl.col("query_id") == query, pl.col("kept"))
        written = kept.filter(pl.col("label") == GENERATED).height
        assert own.height == min(most, written, negatives)
        others = after.filter(pl.col("label") != GENERATED)["doc_id"].to_list()
        assert others == before["doc_id"].to_list()[: negatives - own.height]
        assert after["place"].to_list() == list(range(after.height))
        assert before.height <= after.height <= negatives


def test_without_include_nothing_of_it_is_written(work):
    negmine.write(work, num_negatives=2)
    assert rows(work, "5-write/provenance").filter(pl.col("negative_label") == GENERATED).is_empty()
    assert "written by a language model" in (work / "5-write" / "README.md").read_text()


def test_with_it_each_query_has_at_most_so_many_and_everyone_tells(work, capsys):
    result = negmine.write(work, num_negatives=2, include="generated", format="n-tuple")
    provenance = rows(work, "5-write/provenance")
    own = provenance.explode("negative_id", "negative_label", "origin").filter(
        pl.col("negative_label") == GENERATED
    )
    own = own.unique(["query_id", "negative_id"])
    assert own.group_by("query_id").len()["len"].max() == 1 and own.height
    assert own["origin"].str.starts_with("query-only by m, prompt ").all()
    texts = dict(documents(work).select("doc_id", "text").iter_rows())
    training = rows(work, "5-write/n-tuple")
    written = set(training["negative_2"]) | set(training["negative_1"])
    assert set(map(texts.get, own["negative_id"])) <= written
    assert result.summary["generated"]["kept"] == 6
    card = (work / "5-write" / "README.md").read_text()
    assert f"| negatives written by a language model | {own['negative_id'].n_unique()} |" in card
    assert "- generate: m" in card and "`generate-kind` | query-only" in card
    shown = negmine.show(work, queries=9)
    assert any(one.get("origin") for e in shown["examples"] for one in e["negatives"])
    explained = negmine.explain(work, "q4")
    assert [row["text"] for row in explained["rows"] if row["origin"]] == [
        texts[row["doc_id"]] for row in explained["rows"] if row["origin"]
    ]
    report = negmine.report(work, leak=False)
    counts = {row.what: row.documents for row in report.generated}
    assert counts["written"] == own["negative_id"].n_unique()


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_has_their_texts(work, name):
    teacher = {} if FORMATS[name].teacher == "none" else {"teacher": "bm25"}
    negmine.write(work, format=name, num_negatives=1, include="generated", **teacher)
    provenance = rows(work, "5-write/provenance")
    ids = provenance["negative_id"]
    ids = set(ids.explode() if ids.dtype == pl.List else ids) & set(documents(work)["doc_id"])
    assert ids
    files = [path for path in (work / "5-write" / name).rglob("*") if path.is_file()]
    whole = "".join(_text(path) for path in files)
    for text in documents(work).filter(pl.col("doc_id").is_in(list(ids)))["text"]:
        assert text in whole or json.dumps(text)[1:-1] in whole


def _text(path):
    if path.suffix == ".parquet":
        return json.dumps(pl.read_parquet(path).to_dicts(), ensure_ascii=False, default=str)
    return path.read_text(errors="replace")


def test_batches_know_their_texts(work):
    negmine.write(work, format="triplet", num_negatives=2, include="generated")
    result = negmine.batch(work, batch_size=2, by="random")
    assert result


def test_contamination_is_told_of_them(work, beir):
    negmine.write(work, format="triplet", num_negatives=2, include="generated")
    assert negmine.decontaminate(work, against=[beir])


def test_lint_tells_their_style(tmp_path):
    """Every written text is in capitals, whoever found the others: provenance has the ids that lint reads."""
    words = [f"w{n}" for n in range(60)]
    data = write_beir(
        tmp_path / "beir",
        {
            f"d{n}": ("", f"{word} {words[n - 1]} and {words[n - 7]} again.")
            for n, word in enumerate(words)
        },
        {f"q{n}": f"what is {word}" for n, word in enumerate(words)},
        [(f"q{n}", f"d{n}", 1) for n in range(60)],
    )
    work = mined(tmp_path / "w", data)
    with serving(writes(lambda query, document: f"{query} IN CAPITALS".upper())) as server:
        generate(work, server)
    negmine.filter(work)
    negmine.write(work, include="generated", num_negatives=2)
    report = negmine.lint(work / "5-write" / "triplet")
    rule = next(rule for rule in report["rules"] if rule["rule"] == "generated_tells")
    assert rule["count"] == 1 and rule["share"] > 0.99
    assert "share of capitals" in [one["feature"] for one in rule["about"]["telling"]]
