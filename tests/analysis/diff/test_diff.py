"""Two work directories against each other, end to end."""

import io
import json
import shutil

import numpy as np
import polars as pl
import pytest
from rich.console import Console

import negmine
from negmine.cli.render import diff as diff_views
from negmine.errors import CorruptArtifact, MissingArtifact, SettingsError
from negmine.storage.contents import HASH, content_hash
from negmine.storage.manifest import MANIFEST
from negmine.storage.small_json import read_sealed
from tests.conftest import DOCUMENTS, QRELS, QUERIES, write_beir, write_vectors
from tests.stages.filter.risk.circle import write_circle

NOTHING = ("flips", "labels", "shifts", "most_changed", "notes")


@pytest.fixture(scope="module")
def circle(tmp_path_factory):
    """A finished run over the circle, `w`, and its flags."""
    folder = tmp_path_factory.mktemp("circle")
    flags = write_circle(folder / "data", queries=30, lead=0.1)
    negmine.mine(folder / "w", **flags)
    return folder / "w", flags


def copied(work, place):
    return shutil.copytree(work, place)


def is_empty(found):
    return found["same_rows"] and not any(found[name] for name in NOTHING)


def settings(found):
    return {row["setting"]: (row["a"], row["b"]) for row in found["setup"]["settings"]}


def test_a_run_against_itself_is_empty(circle):
    found = negmine.diff(circle[0], circle[0])
    assert is_empty(found)
    assert found["same_setup"]
    assert not any(found["setup"].values())
    assert found["queries"]["shared"] == 30
    assert found["totals"]["jaccard"] == found["totals"]["tau"] == 1


def test_a_forced_run_against_the_first_is_empty(circle, tmp_path):
    again = copied(circle[0], tmp_path / "again")
    negmine.mine(again, force=True, **circle[1])
    found = negmine.diff(circle[0], again)
    assert is_empty(found)
    assert found["same_setup"]


def test_parts_of_other_sizes_and_queries_in_another_order_change_nothing(
    circle, tmp_path, monkeypatch
):
    """The same query then lies in another part."""
    data = circle[1]["data"]
    other = shutil.copytree(data, tmp_path / "data")
    lines = (data / "queries.jsonl").read_text().split("\n")
    (other / "queries.jsonl").write_text("\n".join(reversed(lines)))
    np.save(other / "q.npy", np.load(data / "q.npy")[::-1])
    flags = circle[1] | {
        "data": other, "query_vectors": other / "q.npy", "document_vectors": other / "d.npy"
    }  # fmt: skip
    monkeypatch.setattr("negmine.config.memory.PART_QUERIES", 7)
    negmine.mine(tmp_path / "w", **flags)
    assert len(list((tmp_path / "w/4-filter/verdicts").glob("*.parquet"))) == 5
    found = negmine.diff(circle[0], tmp_path / "w")
    assert is_empty(found)
    assert [row["artifact"] for row in found["setup"]["sources"]] == ["1-index/queries"]


def test_a_changed_threshold(circle, tmp_path):
    strict = copied(circle[0], tmp_path / "strict")
    negmine.filter(strict, relative_margin=0.12)
    found = negmine.diff(circle[0], strict)
    assert settings(found) == {"relative_margin": (0.05, 0.12)}
    assert not found["same_setup"]
    assert not found["same_rows"]
    assert {row["to"] for row in found["flips"]} == {"too_close_to_positive"}
    before, after = (
        pl.read_parquet(work / "4-filter/verdicts/*.parquet")["kept"].sum()
        for work in (circle[0], strict)
    )
    lost = sum(row["rows"] for row in found["flips"] if row["from"] == "kept")
    assert lost == before - after > 0
    assert found["totals"]["nfr"] == pytest.approx(lost / found["rows"]["candidates"], rel=1e-5)
    assert found["totals"]["pfr"] == 0
    assert found["totals"]["tau"] == 1
    assert {row["name"] for row in found["shifts"]} <= {"margin"}


def test_the_negatives_are_those_that_write_takes(circle, tmp_path):
    other = copied(circle[0], tmp_path / "other")
    negmine.filter(other, relative_margin=0.12)
    negmine.write(other)
    sets = [
        pl.read_parquet(work / "5-write/provenance/*.parquet")
        .group_by("query_id")
        .agg(pl.col("negative_id").unique())
        .rows()
        for work in (circle[0], other)
    ]
    a, b = ({query: set(ids) for query, ids in rows} for rows in sets)
    queries = [f"q{n}" for n in range(30)]
    unions = [
        (a.get(q, set()) & b.get(q, set()), a.get(q, set()) | b.get(q, set())) for q in queries
    ]
    jaccards = [len(both) / len(either) if either else 1.0 for both, either in unions]
    found = negmine.diff(circle[0], other)
    assert found["totals"]["jaccard"] == pytest.approx(np.mean(jaccards), rel=1e-5)
    assert found["negatives"]["a"] == sum(map(len, a.values()))
    for row in found["most_changed"]:
        assert set(row["negatives_went"]) == a[row["query_id"]] - b.get(row["query_id"], set())
        assert row["text"] == row["query_id"].replace("q", "question ")
    assert len(negmine.diff(circle[0], other, limit=2)["most_changed"]) == 2


def test_more_negatives_are_a_setting_of_write(circle, tmp_path):
    more = copied(circle[0], tmp_path / "more")
    negmine.write(more, num_negatives=7)
    found = negmine.diff(circle[0], more)
    assert settings(found) == {"num_negatives": (5, 7)}
    assert found["flips"] == []
    assert not found["same_rows"]
    assert {row["fate"] for row in found["fates"]} == {"taken", "kept, not taken"}


def test_another_model(circle, tmp_path):
    """Other vectors of the same texts: another model, whose scores are on another scale."""
    data = circle[1]["data"]
    rng = np.random.default_rng(5)
    flags = dict(circle[1])
    for name in ("query_vectors", "document_vectors"):
        given = np.load(flags[name])
        noisy = given + 0.1 * rng.standard_normal(given.shape)
        flags[name] = tmp_path / f"{name}.npy"
        np.save(flags[name], noisy.astype(np.float32))
    negmine.mine(tmp_path / "w", **flags | {"data": data})
    found = negmine.diff(circle[0], tmp_path / "w")
    assert [row["artifact"] for row in found["setup"]["models"]] == ["1-index/dense"]
    assert found["setup"]["sources"] == []
    assert 0 < found["totals"]["jaccard"] < 1
    assert -1 < found["totals"]["tau"] < 1
    shifts = {row["name"]: row for row in found["shifts"]}
    assert not shifts["dense"]["comparable"]
    assert not shifts["anchor"]["comparable"]
    assert shifts["risk"]["comparable"]
    assert found["rows"]["went"] > 0


def grown(folder, tmp_path):
    """Mine the tiny collection, then a larger one; return both work directories."""
    documents = {
        **DOCUMENTS,
        "tea-7": ("", "Water for green tea should not be too hot."),
        "py-5": ("", "A python list can be sorted in descending order."),
    }
    queries = {name: text for name, text in QUERIES.items() if name != "q8"}
    queries["q9"] = "history of tea in Europe"
    qrels = [row for row in QRELS if row[0] != "q8"] + [("q9", "tea-6", 1), ("q3", "cat-2", 1)]
    for name, parts in (("a", (None, None, None)), ("b", (documents, queries, qrels))):
        data = write_beir(tmp_path / f"{name}-data", *parts)
        vectors = write_vectors(data, *parts[:2])
        negmine.mine(tmp_path / name, data=data, no_risk=True, **vectors)
    return tmp_path / "a", tmp_path / "b"


def test_a_grown_corpus_and_other_queries(tmp_path):
    a, b = grown(tmp_path, tmp_path)
    found = negmine.diff(a, b)
    queries = found["queries"]
    assert (queries["went_examples"], queries["came_examples"]) == (["q8"], ["q9"])
    assert {row["artifact"] for row in found["setup"]["sources"]} == {
        "1-index/corpus", "1-index/queries", "1-index/qrels"
    }  # fmt: skip
    assert found["rows"]["came"] > 0
    assert {(row["from"], row["to"]) for row in found["labels"]} == {("unlabeled", "positive")}
    assert any(row["to"] == "is_positive" for row in found["flips"])
    assert any("bm25 weighs words by the corpus" in note for note in found["notes"])
    assert next(row for row in found["setup"]["rows"] if row["artifact"] == "1-index/corpus") == {
        "artifact": "1-index/corpus", "a": 24, "b": 26
    }  # fmt: skip
    assert found["totals"]["queries_went"] == pytest.approx(1 / 6, rel=1e-5)


def test_ids_that_mean_another_text_are_a_note(tmp_path):
    write_beir(tmp_path / "one")
    write_beir(tmp_path / "two", queries={**QUERIES, "q4": "what sorts a list in place"})
    for name in ("one", "two"):
        negmine.mine(tmp_path / f"w-{name}", data=tmp_path / name, retriever=["bm25"])
    notes = negmine.diff(tmp_path / "w-one", tmp_path / "w-two")["notes"]
    assert any(note.startswith("1 query_ids of both have another text") for note in notes)


def test_nothing_in_common(tmp_path):
    write_beir(tmp_path / "one", qrels=[("q1", "tea-1", 1)])
    write_beir(tmp_path / "two", qrels=[("q4", "py-1", 1)])
    for name in ("one", "two"):
        negmine.mine(tmp_path / f"w-{name}", data=tmp_path / name, retriever=["bm25"])
    found = negmine.diff(tmp_path / "w-one", tmp_path / "w-two")
    assert found["queries"]["shared"] == 0
    assert found["totals"]["nfr"] is None
    assert found["totals"]["queries_went"] == 1
    assert found["queries"]["came"] == 1
    assert not found["same_rows"]


def test_other_sets_of_scorers(circle, tmp_path):
    """A cross-encoder comes, and decides: the deciding scores are compared, on no common scale."""
    reranked = copied(circle[0], tmp_path / "reranked")
    own = {
        "rerank_model": "tests.analysis.diff.scorers:Length",
        "score": "rerank",
        "relative_margin": 0.0,
    }
    negmine.mine(reranked, **circle[1] | own)
    found = negmine.diff(circle[0], reranked)
    assert {"artifact": "3-rerank", "a": False, "b": True} in found["setup"]["artifacts"]
    assert found["ranks"][0]["source"] == "dense -> rerank"
    assert [row["source"] for row in found["ranks"]] == [
        "dense -> rerank", "dense", "risk", "fused rank"
    ]  # fmt: skip
    assert next(row for row in found["ranks"] if row["source"] == "dense")["mean"] == 1
    back = negmine.diff(reranked, circle[0])
    assert back["totals"]["tau"] == found["totals"]["tau"]
    assert back["totals"]["nfr"] == found["totals"]["pfr"]


def test_other_rows_from_the_same_setup_are_a_note(circle, tmp_path):
    """The same identity and other rows: something is not deterministic."""
    other = copied(circle[0], tmp_path / "other")
    part = other / "4-filter/verdicts/part-00000.parquet"
    rows = pl.read_parquet(part)
    rows = rows.with_columns(dense_score=pl.col("dense_score") + pl.lit(1e-6, pl.Float32))
    rows.write_parquet(part)
    manifest = read_sealed(other / "4-filter/verdicts" / MANIFEST)
    manifest["parts"][0] |= {"bytes": part.stat().st_size, HASH: content_hash(part)}
    (other / "4-filter/verdicts" / MANIFEST).write_text(json.dumps(manifest))
    found = negmine.diff(circle[0], other)
    assert found["same_setup"]
    assert not found["same_rows"]
    assert any("not deterministic" in note for note in found["notes"])
    shift = next(row for row in found["shifts"] if row["name"] == "dense")
    assert shift["comparable"]
    assert shift["changed"] == shift["rows"] > 0


def test_an_unfinished_run_is_refused_with_the_command_to_run(circle, tmp_path):
    half = tmp_path / "half"
    negmine.index(half, **circle[1])
    with pytest.raises(MissingArtifact, match=r"candidates does not exist. Run: negmine retrieve"):
        negmine.diff(circle[0], half)
    negmine.retrieve(half)
    with pytest.raises(MissingArtifact, match=r"verdicts does not exist. Run: negmine filter"):
        negmine.diff(half, circle[0])
    with pytest.raises(MissingArtifact, match="is no work directory"):
        negmine.diff(circle[0], tmp_path / "absent")


def test_verdicts_older_than_their_inputs_are_refused(circle, tmp_path):
    """Retrieved again, not yet filtered: the candidates of these verdicts are gone."""
    stale = copied(circle[0], tmp_path / "stale")
    negmine.trust(stale)  # it is a copy, and names the vectors of the first
    negmine.retrieve(stale, k=5)
    with pytest.raises(MissingArtifact, match=r"Run: negmine filter .*stale"):
        negmine.diff(circle[0], stale)
    negmine.filter(stale)
    assert settings(negmine.diff(circle[0], stale))["k"] == (20, 5)


def test_a_damaged_part_is_an_error(circle, tmp_path):
    broken = copied(circle[0], tmp_path / "broken")
    (broken / "4-filter/verdicts/part-00000.parquet").write_bytes(b"")
    with pytest.raises(CorruptArtifact, match="negmine filter"):
        negmine.diff(circle[0], broken)


def test_a_changed_source_file_does_not_matter(circle, tmp_path):
    """An old run stays comparable after its files changed: diff reads the work directory alone."""
    old = copied(circle[0], tmp_path / "old")
    remembered = read_sealed(old / "settings.json")
    remembered["index"]["data"] = str(tmp_path / "gone")
    (old / "settings.json").write_text(json.dumps(remembered))
    assert is_empty(negmine.diff(circle[0], old))


def test_a_deleted_artifact_is_a_note(circle, tmp_path):
    thin = copied(circle[0], tmp_path / "thin")
    shutil.rmtree(thin / "1-index")
    found = negmine.diff(circle[0], thin)
    assert found["same_rows"]
    assert any("B lacks 1-index/corpus" in note for note in found["notes"])


def test_a_limit_below_zero_is_refused(circle):
    with pytest.raises(SettingsError, match="from 0"):
        negmine.diff(circle[0], circle[0], limit=-1)


def test_two_collections_of_the_same_ids_are_a_warning_at_the_top(tmp_path):
    flags = {"retriever": ["bm25"], "no_risk": True}
    other = {name: f"{text} {name}" for name, text in QUERIES.items()}
    one = negmine.mine(tmp_path / "a", data=write_beir(tmp_path / "x"), **flags).work
    two = negmine.mine(tmp_path / "b", data=write_beir(tmp_path / "y", queries=other), **flags).work
    found = negmine.diff(one, two)
    (warning,) = found["warnings"]
    assert warning.startswith(f"{found['queries']['shared']} query_ids of both have another text")
    assert not any("another text" in note for note in found["notes"])
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(diff_views.diff(found, 100))
    shown = console.export_text()
    assert shown.index("warning: ") < shown.index("negatives of shared queries")
    assert found["a"]["made_at"][11:16] in shown
    for row in found["most_changed"]:
        assert (row["text"], row["text_b"]) == (QUERIES[row["query_id"]], other[row["query_id"]])
        assert f"B: {row['text_b']}"[:40] in shown


def test_a_missing_corpus_does_not_count_as_another_corpus(tmp_path):
    flags = {"retriever": ["bm25"], "no_risk": True, "data": write_beir(tmp_path / "x")}
    one, two = (negmine.mine(tmp_path / name, **flags).work for name in "ab")
    shutil.rmtree(two / "1-index" / "corpus")
    notes = negmine.diff(one, two)["notes"]
    assert any("B lacks 1-index/corpus" in note for note in notes)
    assert not any("the corpora differ" in note for note in notes)
