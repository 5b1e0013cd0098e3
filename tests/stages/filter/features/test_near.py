"""Candidates whose nearest pairs are positive ones: references by hand, and a planted twentieth found again."""

import json

import numpy as np
import polars as pl
import pytest

import negmine
from negmine.errors import SettingsError
from negmine.stages.filter.features.near import extrinsic, intrinsic
from negmine.storage.workdir import Workdir

ROWS = pl.DataFrame(
    [
        ("q", "p1", "positive"),
        ("q", "p2", "positive"),
        ("q", "people", "judged_negative"),
        ("q", "partly", "partly_relevant"),
        *[("q", f"n{n}", "unlabeled") for n in range(50)],
        ("r", "p3", "positive"),
        ("r", "n1", "unlabeled"),
        ("s", "n1", "unlabeled"),
    ],
    schema=["query_id", "doc_id", "label"],
    orient="row",
)


def test_as_many_negatives_as_positives_judged_ones_first_and_drawn_by_ids():
    rows = intrinsic(ROWS)
    assert rows.filter("positive")["doc_id"].to_list() == ["p1", "p2", "p3"]
    negative = rows.filter(~pl.col("positive"))
    assert negative["query_id"].to_list() == ["q", "q", "r"]
    assert negative["doc_id"][0] == "people"
    assert negative["doc_id"][1].startswith("n")
    shuffled = intrinsic(ROWS.sample(fraction=1, shuffle=True, seed=3))
    assert shuffled.sort(pl.all()).equals(rows.sort(pl.all()))  # whatever the order of the rows


def test_judged_pairs_are_what_people_named_and_what_qrels_judge():
    labelled = pl.DataFrame({"query_id": ["q", "r"], "doc_id": ["p2", "n1"]})
    rows = extrinsic(ROWS, labelled)
    assert rows.rows() == [("q", "p2", True), ("q", "people", False)]


WIDTH, QUERIES, CANDIDATES, PLANTED = 32, 60, 10, 1 / 20


@pytest.fixture
def data(tmp_path):
    """Positives agree with their query in the first half of all dimensions, negatives in the second.

    So both are as near to it, and only pairs of other queries tell them apart. A twentieth of the negatives is
    made like a positive: these pairs are planted.
    """
    drawn = np.random.default_rng(5)
    folder, half = tmp_path / "data", np.arange(WIDTH) < WIDTH // 2
    (folder / "qrels").mkdir(parents=True)
    queries = _unit(drawn.normal(size=(QUERIES, WIDTH)))
    documents, qrels, planted = [], ["query-id\tcorpus-id\tscore"], []
    for query in range(QUERIES):
        for place in range(CANDIDATES):
            relevant = place == 0 or drawn.random() < PLANTED
            same = half if relevant else ~half
            documents.append(np.where(same, queries[query], drawn.normal(size=WIDTH) / WIDTH**0.5))
            if place == 0:
                qrels.append(f"q{query}\td{query}-0\t1")
            elif relevant:
                planted.append((f"q{query}", f"d{query}-{place}"))
    ids = [f"d{query}-{place}" for query in range(QUERIES) for place in range(CANDIDATES)]
    _lines(folder / "corpus.jsonl", [{"_id": name, "text": f"text {name}"} for name in ids])
    asked = [{"_id": f"q{n}", "text": f"question {n}"} for n in range(QUERIES)]
    _lines(folder / "queries.jsonl", asked)
    (folder / "qrels/test.tsv").write_text("\n".join(qrels) + "\n")
    np.save(tmp_path / "documents.npy", _unit(np.array(documents)).astype(np.float32))
    np.save(tmp_path / "queries.npy", queries.astype(np.float32))
    flags = {
        "data": folder, "document_vectors": tmp_path / "documents.npy",
        "query_vectors": tmp_path / "queries.npy", "retriever": ["dense"], "k": 4 * CANDIDATES,
        "no_relative_margin": True, "no_risk": True, "no_near_duplicate": True,
    }  # fmt: skip
    return flags, set(planted)


def _unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def _dropped(work):
    """Return the pairs that the rule drops, of those that are made for their query."""
    rows = Workdir(work).scan("4-filter/verdicts").collect()
    own = pl.col("doc_id").str.extract(r"d(\d+)-") == pl.col("query_id").str.slice(1)
    rows = rows.filter(own, pl.col("reason") == "near_positives")
    return set(rows.select("query_id", "doc_id").rows())


def test_a_planted_twentieth_is_found_where_scores_cannot_tell(tmp_path, data):
    flags, planted = data
    work = tmp_path / "w"
    negmine.mine(work, near_positives=5, **flags)
    dropped = _dropped(work)
    candidates = Workdir(work).scan("4-filter/verdicts").select("query_id", "doc_id").collect()
    hidden = planted & set(candidates.rows())
    assert len(hidden) > 20
    assert dropped == hidden
    table = Workdir(work).scan("4-filter/features").collect()
    positives = pl.read_parquet(work / "2-retrieve/candidates/*.parquet")["label"] == "positive"
    assert table.filter(positives)["neighbours"].null_count() == positives.sum()


def test_relabelling_needs_labels_that_people_have_checked(tmp_path, data):
    flags, planted = data
    work = tmp_path / "w"
    with pytest.raises(SettingsError, match="--suspect-reference judged"):
        negmine.mine(work, near_positives=5, relabel=True, **flags)
    negmine.mine(work, **flags)
    judged = [(f"q{n}", f"d{n}-0", 1) for n in range(QUERIES // 2)]
    judged += [
        (f"q{n}", f"d{n}-1", 0) for n in range(QUERIES // 2) if (f"q{n}", f"d{n}-1") not in planted
    ]
    labels = tmp_path / "labels.tsv"
    labels.write_text(
        "query_id\tdoc_id\trelevance\n" + "".join(f"{q}\t{d}\t{r}\n" for q, d, r in judged)
    )
    negmine.label(work, labels)
    negmine.mine(work, near_positives=5, suspect_reference="judged", relabel=True, **flags)
    rows = pl.read_parquet(work / "5-write/provenance/*.parquet")
    further = rows.filter(pl.col("positive_label") == "neighbour_positive")
    pairs = set(further.select("query_id", "positive_id").rows())
    assert pairs & planted
    assert pairs >= _dropped(work)
    written = set(rows.select("query_id", "negative_id").rows())
    assert not written & pairs


def test_too_few_pairs_drop_nothing_and_say_so(tmp_path, data, capsys):
    flags, _ = data
    negmine.mine(tmp_path / "w", near_positives=500, **flags)
    rows = Workdir(tmp_path / "w").scan("4-filter/verdicts").collect()
    assert rows.filter(pl.col("reason") == "near_positives").is_empty()


def test_without_vectors_the_rule_is_refused(tmp_path, data):
    flags, _ = data
    flags = {"data": flags["data"], "retriever": ["bm25"], "near_positives": 5}
    with pytest.raises(SettingsError, match="--near-positives compares stored vectors"):
        negmine.mine(tmp_path / "w", **flags)
