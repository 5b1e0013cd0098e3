"""`--run NAME=FILE`: rows of another search engine become a retriever's run and scores."""

import gzip
import json
import shutil
from collections import Counter, defaultdict

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import negmine
from negmine.errors import InputError, NotTrusted, SettingsError
from negmine.retrievers.run import build as building
from negmine.storage.workdir import Workdir
from tests.configs import resolve
from tests.conftest import DOCUMENTS, QUERIES, write_beir
from tests.properties import share

RUN = """\
q1 Q0 tea-5 1 3.5 tag
q1 Q0 tea-4 2 2.5 tag

q3 Q0 cat-2 1 -1.5 tag
q3\tQ0   cat-1 2 -2 tag
"""


def write(folder, text=RUN, name="pys.trec"):
    (folder / name).write_text(text)
    return f"pys={folder / name}"


def mine(tmp_path, beir, run, **flags):
    given = {"data": beir, "retriever": ["bm25"], "run": [run], "k": 5} | flags
    return negmine.mine(tmp_path / "work", **given)


def table(tmp_path, name):
    return Workdir(tmp_path / "work").scan(name).collect()


def run_of(tmp_path, query):
    rows = table(tmp_path, "2-retrieve/pys").filter(pl.col("query_id") == query)
    return [(doc, rank, score) for _, doc, rank, score in rows.iter_rows()]


def test_a_run_becomes_a_retriever_beside_the_others(tmp_path, beir):
    mine(tmp_path, beir, write(tmp_path))
    assert run_of(tmp_path, "q1") == [("tea-5", 1, 3.5), ("tea-4", 2, 2.5)]
    assert run_of(tmp_path, "q3") == [("cat-2", 1, -1.5), ("cat-1", 2, -2.0)]
    candidates = table(tmp_path, "2-retrieve/candidates")
    assert {"bm25_score", "pys_rank", "pys_score"} <= set(candidates.columns)
    scored = candidates.filter(pl.col("pys_score").is_not_null()).select("query_id", "doc_id")
    assert set(scored.iter_rows()) == {
        ("q1", "tea-5"), ("q1", "tea-4"), ("q3", "cat-2"), ("q3", "cat-1")
    }  # fmt: skip
    assert not candidates["pys_score"].is_nan().any()


def test_a_run_may_be_the_only_retriever_and_stand_where_it_is_named(tmp_path, beir):
    run = write(tmp_path)
    mine(tmp_path, beir, run, retriever=["pys"])
    assert "bm25_score" not in table(tmp_path, "2-retrieve/candidates").columns
    names = resolve({"retriever": ["pys", "bm25"], "run": [run, f"z={tmp_path}"]}).retriever_names
    assert names == ["pys", "bm25", "z"]


def test_scores_below_the_depth_are_still_scores(tmp_path, beir):
    text = "".join(f"q1 Q0 {doc} 1 {n} t\n" for n, doc in enumerate(DOCUMENTS) if doc != "tea-2")
    mine(tmp_path, beir, write(tmp_path, text), k=2)
    assert [rank for _, rank, _ in run_of(tmp_path, "q1")] == [1, 2]
    candidates = table(tmp_path, "2-retrieve/candidates").filter(pl.col("query_id") == "q1")
    assert candidates["pys_score"].null_count() == 0
    assert candidates["pys_rank"].null_count() > 0


@pytest.mark.parametrize("name", ["pys.jsonl", "pys.parquet", "pys.csv", "pys.tsv", "pys.trec.gz"])
def test_every_format_gives_the_same_run(tmp_path, beir, name):
    fields = [line.split() for line in RUN.splitlines() if line]
    rows = [
        {"qid": q, "docid": d, "score": float(s), "rank": int(r)} for q, _, d, r, s, _ in fields
    ]
    path = tmp_path / name
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(RUN.encode()))
    elif name.endswith(".jsonl"):
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif name.endswith(".parquet"):
        pl.DataFrame(rows).write_parquet(path)
    else:
        pl.DataFrame(rows).write_csv(path, separator="," if name.endswith(".csv") else "\t")
    mine(tmp_path, beir, f"pys={path}")
    assert run_of(tmp_path, "q1") == [("tea-5", 1, 3.5), ("tea-4", 2, 2.5)]
    assert run_of(tmp_path, "q3") == [("cat-2", 1, -1.5), ("cat-1", 2, -2.0)]


def test_scores_that_contradict_ranks_are_told_once_with_the_first_row(tmp_path, beir):
    text = "q1 Q0 tea-5 1 1 t\nq1 Q0 tea-6 2 2 t\nq1 Q0 cat-1 3 5 t\nq3 Q0 cat-2 1 1 t\nq3 Q0 cat-3 2 2 t\n"
    mine(tmp_path, beir, write(tmp_path, text))
    assert [doc for doc, _, _ in run_of(tmp_path, "q1")] == ["cat-1", "tea-6", "tea-5"]
    notes = Workdir(tmp_path / "work").require("1-index/pys").stats["notes"]
    assert notes == [
        'pys.trec, line 2: query "q1", document "tea-6" has rank 2 and a higher score than rank 1; so in 2 '
        "queries. The scores count, and ranks are made from them"
    ]


def test_equal_scores_are_ordered_by_doc_id_and_contradict_nothing(tmp_path, beir):
    mine(tmp_path, beir, write(tmp_path, "q1 Q0 tea-6 1 1 t\nq1 Q0 cat-1 2 1 t\n"))
    assert [doc for doc, _, _ in run_of(tmp_path, "q1")] == ["cat-1", "tea-6"]
    assert Workdir(tmp_path / "work").require("1-index/pys").stats["notes"] == []


def test_copies_count_as_the_document_and_query_that_are_kept(tmp_path, beir):
    # tea-2 is a copy of tea-1, q2 of q1; the best score of a pair counts
    text = "q1 Q0 tea-1 1 1 t\nq1 Q0 tea-2 2 0.5 t\nq2 Q0 tea-2 1 4 t\nq2 Q0 tea-6 2 3 t\n"
    mine(tmp_path, beir, write(tmp_path, text))
    assert run_of(tmp_path, "q1") == [("tea-1", 1, 4.0), ("tea-6", 2, 3.0)]
    assert run_of(tmp_path, "q2") == []


FAULTS = {
    "q1 Q0 nope 1 1 t": 'line 6: doc_id "nope" is not in the corpus',
    "zz Q0 tea-1 1 1 t": 'line 6: query_id "zz" is not in the queries',
    "q1 Q0 tea-5 3 1 t": 'line 6: query "q1", document "tea-5" stand in line 1 already',
    "q1 Q0 tea-1 1 t": "line 6: 5 fields where there should be 6",
    "q1 Q0 tea-1 1 nan t": 'line 6: score "nan" is no finite number',
    "q1 Q0 tea-1 1 1e39 t": 'line 6: score "1e39" is no finite number',
    "q1 Q0 tea-1 1 high t": 'line 6: score "high" is no finite number',
}


@pytest.mark.parametrize("row", FAULTS)
def test_a_bad_row_is_an_error_or_is_left_out_and_counted(tmp_path, beir, row):
    run = write(tmp_path, f"{RUN}{row}\n")
    with pytest.raises(InputError) as error:
        mine(tmp_path, beir, run)
    assert FAULTS[row] in str(error.value)
    assert "--on-error skip" in str(error.value)
    mine(tmp_path, beir, run, on_error="skip")
    assert sum(Workdir(tmp_path / "work").require("1-index/pys").stats["skipped"].values()) == 1
    assert run_of(tmp_path, "q1") == [("tea-5", 1, 3.5), ("tea-4", 2, 2.5)]


def test_five_unknown_ids_are_shown_and_all_are_counted(tmp_path, beir):
    run = write(tmp_path, RUN + "".join(f"q1 Q0 no-{n} 1 1 t\n" for n in range(40)))
    with pytest.raises(InputError) as error:
        mine(tmp_path, beir, run)
    assert str(error.value).count("is not in the corpus") == 5
    assert "and 35 more" in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nobody Q0 nothing 1 1 t\n", "no row has a query and a document of this data"),
        ("q1\ttea-1\t1\n", "its first line has 3 fields"),
        ("", "its first line has 0 fields"),
    ],
)
def test_a_file_that_is_no_run_of_this_data_is_an_error(tmp_path, beir, text, message):
    with pytest.raises(InputError, match=message):
        mine(tmp_path, beir, write(tmp_path, text), on_error="skip")


@pytest.mark.parametrize("value", ["file.trec", "=file.trec", "a-b=x", "9=x", "x=", "m:f=x"])
def test_a_run_without_a_usable_name_is_refused(value):
    with pytest.raises(SettingsError, match="give NAME=FILE"):
        resolve({"run": [value]})


@pytest.mark.parametrize(
    "name", ["bm25", "dense", "candidates", "guide_2", "judge", "positive", "fused"]
)
def test_names_that_negmine_uses_are_refused(name):
    with pytest.raises(SettingsError, match=f"negmine uses the name {name} itself"):
        resolve({"run": [f"{name}=x.trec"]})


def test_two_runs_need_two_names():
    with pytest.raises(SettingsError, match="given twice"):
        resolve({"run": ["a=x.trec", "a=y.trec"]})


def test_a_path_in_a_file_is_relative_to_that_file(tmp_path):
    (tmp_path / "negmine.toml").write_text('[index]\nrun = ["pys=runs/a.trec"]\n')
    assert resolve({}, tmp_path / "negmine.toml").index.run == (f"pys={tmp_path}/runs/a.trec",)


def test_a_changed_run_is_noticed_by_its_bytes_and_a_lost_one_stops_only_the_index(tmp_path, beir):
    run, work = write(tmp_path), tmp_path / "work"
    mine(tmp_path, beir, run)
    write(tmp_path, RUN + "q8 Q0 py-1 1 1 t\n")
    states = {one.artifact.name: one for one in negmine.status(work)}
    assert states["1-index/pys"].why == "the source files changed"
    assert states["1-index/bm25"].state == "fresh"
    write(tmp_path)
    assert {one.state for one in negmine.status(work)} == {"fresh"}
    (tmp_path / "pys.trec").unlink()
    negmine.filter(work, skip_top=1)
    with pytest.raises(InputError, match=r"pys\.trec does not exist"):
        negmine.index(work)


def test_a_run_that_a_received_work_directory_names_is_not_read(tmp_path, beir):
    mine(tmp_path, beir, write(tmp_path))
    shutil.copytree(tmp_path / "work", tmp_path / "received")
    with pytest.raises(NotTrusted, match=r"--run pys=.*pys\.trec \(file\)"):
        negmine.index(tmp_path / "received", force=True)
    assert {one.state for one in negmine.status(tmp_path / "received")} == {"fresh"}


def test_a_positive_that_the_run_lacks_leaves_its_query_without_an_anchor(tmp_path, beir):
    text = "q1 Q0 tea-6 1 3.5 t\nq3 Q0 cat-1 1 3 t\nq3 Q0 cat-2 2 2 t\nq3 Q0 mix-3 3 1 t\n"
    mine(
        tmp_path, beir, write(tmp_path, text), score="pys", relative_margin=0.05, retriever=["pys"]
    )
    verdicts = table(tmp_path, "4-filter/verdicts")
    by_query = dict(verdicts.group_by("query_id").agg("reason").iter_rows())
    assert Counter(by_query["q1"]) == {"is_positive": 2, "not_scored": 1}
    assert by_query["q3"].count(None) == 2  # cat-1 is an anchor, though cat-4 is not in the run
    mine(
        tmp_path, beir, write(tmp_path, text), score="pys", relative_margin=0.05, retriever=["pys"],
        unscored="keep",
    )  # fmt: skip
    verdicts = table(tmp_path, "4-filter/verdicts").filter(pl.col("query_id") == "q1")
    assert verdicts.filter("kept")["doc_id"].to_list() == ["tea-6"]


ROWS = st.lists(
    st.tuples(
        st.sampled_from(sorted(QUERIES)), st.sampled_from(sorted(DOCUMENTS)), st.integers(-3, 3)
    ),
    min_size=1,
    unique_by=lambda row: row[:2],
)


@share(0.1)
@given(rows=ROWS, k=st.integers(1, 4), block=st.sampled_from([1, 2, 1024]))
def test_a_run_is_what_a_dictionary_of_its_rows_says(tmp_path_factory, rows, k, block):
    folder = tmp_path_factory.mktemp("run")
    beir = write_beir(folder / "beir")
    write(folder, "".join(f"{q} Q0 {d} 0 {s} t\n" for q, d, s in rows))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(building, "BLOCK", block)
        negmine.index(
            folder / "work", data=beir, retriever=["pys"], run=[f"pys={folder}/pys.trec"], k=k
        )
    negmine.retrieve(folder / "work")
    work = Workdir(folder / "work")
    kept_doc, kept_query = {"tea-2": "tea-1"}, {"q2": "q1"}
    scores = defaultdict(lambda: -np.inf)
    for query, doc, score in rows:
        pair = kept_query.get(query, query), kept_doc.get(doc, doc)
        scores[pair] = max(scores[pair], score)
    positives = set(
        work.scan("1-index/qrels").filter(pl.col("relevance") >= 1).collect()[:, :2].iter_rows()
    )
    expected = []
    for query in sorted({query for query, _ in positives}):
        new = 0
        ranked = sorted((-s, d) for (q, d), s in scores.items() if q == query)
        for rank, (score, doc) in enumerate(ranked, 1):
            if new == k:
                break
            new += (query, doc) not in positives
            expected.append((query, doc, rank, -score))
    rows_made = work.scan("2-retrieve/pys").collect().sort("query_id", "rank")
    assert list(rows_made.iter_rows()) == expected


def test_the_run_of_bm25_given_back_as_a_file_is_the_run_of_bm25(tmp_path, beir):
    negmine.mine(tmp_path / "first", data=beir, retriever=["bm25"], k=100)
    first = Workdir(tmp_path / "first").scan("2-retrieve/bm25").collect()
    lines = [f"{q} Q0 {d} {rank} {score!r} bm25\n" for q, d, rank, score in first.iter_rows()]
    run = write(tmp_path, "".join(reversed(lines)))
    mine(tmp_path, beir, run, retriever=["pys"], k=100)
    assert table(tmp_path, "2-retrieve/pys").equals(first)
