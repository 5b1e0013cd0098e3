"""`--direction d2q`: negative queries for documents, with the same files."""

import json

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest

import negmine
from negmine.config.dense import dense_models
from negmine.engine.progress import Notes
from negmine.errors import InputError, SettingsError
from negmine.models.api_encoder import ApiEncoder
from negmine.models.encoder import Encoder
from negmine.retrievers.dense.encoded import encoders
from negmine.storage.workdir import Workdir
from tests.configs import resolve
from tests.conftest import vector, write_beir
from tests.models.tiny import cross_encoder, static_model

DOCUMENTS = {
    "tea": ("Tea", "Green tea is brewed at eighty degrees."),
    "tea-copy": ("TEA", "green tea is  brewed at eighty degrees."),
    "cat": ("", "Cats sleep a lot, and drink no tea."),
    "dog": ("", "Dogs are not judged by anybody."),
}
QUERIES = {
    "hot": "how hot is green tea brewed",
    "long": "for how long is green tea brewed",
    "sleep": "do cats sleep a lot",
    "drink": "what do cats drink with green tea",
    "copy": "DO CATS  sleep a lot",
}
QRELS = [("hot", "tea", 1), ("drink", "tea-copy", 1), ("sleep", "cat", 1), ("copy", "cat", 1)]


def mine(folder, **options):
    data = write_beir(folder / "data", DOCUMENTS, QUERIES, QRELS)
    usual = {"retriever": ["bm25"], "k": 9, "no_near_duplicate": True, "direction": "d2q"}
    return negmine.mine(folder / "work", data=data, **(usual | options))


def read(folder, name):
    return pl.read_parquet(folder / "work" / name / "*.parquet")


def test_a_row_is_a_document_a_query_that_it_answers_and_one_that_it_does_not(tmp_path):
    """tea answers hot, and through its copy drink; cat answers sleep, whose text copy has, too."""
    mine(tmp_path, num_negatives=9)
    rows = read(tmp_path, "5-write/triplet").with_columns(
        pl.col("anchor", "positive", "negative").str.to_lowercase().str.replace_all("  ", " ")
    )
    tea, cat = "tea green tea is brewed at eighty degrees.", "cats sleep a lot, and drink no tea."
    made = {
        (anchor, positive): set(group["negative"])
        for (anchor, positive), group in rows.group_by("anchor", "positive")
    }
    assert made == {
        (tea, QUERIES["hot"]): {QUERIES["long"]},
        (tea, QUERIES["drink"]): {QUERIES["long"]},
        (cat, QUERIES["sleep"]): {QUERIES["drink"], QUERIES["long"], QUERIES["hot"]},
    }


def test_the_tables_have_roles_swapped_and_the_same_columns(tmp_path):
    result = mine(tmp_path)
    corpus, queries = read(tmp_path, "1-index/corpus"), read(tmp_path, "1-index/queries")
    assert corpus["doc_id"].to_list() == list(QUERIES)
    assert corpus["title"].null_count() == len(QUERIES)
    assert queries["query_id"].to_list() == list(DOCUMENTS)
    assert queries["text"][0] == "Tea Green tea is brewed at eighty degrees."
    assert dict(queries.select("query_id", "same_as").iter_rows())["tea-copy"] == "tea"
    qrels = read(tmp_path, "1-index/qrels").select("query_id", "doc_id").rows()
    assert qrels == [("tea", "drink"), ("tea", "hot"), ("cat", "sleep")]
    summary = result.summary
    assert (summary["queries_mined"], summary["queries_without_positives"]) == (2, 1)
    assert (summary["document_copies"], summary["query_copies"]) == (1, 1)


def test_the_direction_is_in_manifests_provenance_and_card(tmp_path):
    mine(tmp_path)
    folder = tmp_path / "work" / "5-write"
    for name in ("triplet", "provenance"):
        settings = json.loads((folder / name / "_manifest.json").read_text())["settings"]
        assert settings["direction"] == "d2q"
    metadata = pq.read_schema(folder / "provenance" / "part-00000.parquet").metadata
    assert metadata[b"negmine.direction"] == b"d2q"
    card = (folder / "README.md").read_text()
    assert "for 2 documents over 5 queries" in card
    assert "Roles are swapped (`--direction d2q`)" in card
    assert "| index | `direction` | d2q |" in card
    mine(tmp_path, direction="q2d")
    assert "direction" not in (folder / "README.md").read_text()
    metadata = pq.read_schema(folder / "provenance" / "part-00000.parquet").metadata
    assert b"negmine.direction" not in metadata


def test_without_the_flag_no_identity_changes_and_with_it_all_is_made_again(tmp_path):
    mine(tmp_path, direction="q2d")
    manifest = tmp_path / "work" / "1-index" / "corpus" / "_manifest.json"
    assert "direction" not in json.loads(manifest.read_text())["settings"]
    states = negmine.status(tmp_path / "work", direction="d2q")
    assert {state.state for state in states} == {"stale"}
    assert states[0].why.startswith("direction none -> d2q")


def test_messages_speak_of_the_users_files(tmp_path):
    progress = Notes()
    mine(tmp_path, progress=progress)
    notes = "\n".join(progress.messages)
    assert "1 of 3 documents without a positive in train.tsv: not mined" in notes
    assert "1 of the documents has the text of an earlier one" in notes
    assert "1 of the queries has the text of an earlier one" in notes
    data = write_beir(tmp_path / "bad", DOCUMENTS, QUERIES, [("hot", "lost", 1), *QRELS])
    with pytest.raises(InputError, match='doc_id "lost" is not in the corpus'):
        negmine.index(tmp_path / "other", data=data, retriever=["bm25"], direction="d2q")


def test_pairs_are_swapped_too(tmp_path):
    pairs = tmp_path / "pairs.jsonl"
    rows = [{"anchor": QUERIES[q], "positive": DOCUMENTS[d][1]} for q, d, _ in QRELS]
    pairs.write_text("".join(json.dumps(row) + "\n" for row in rows))
    negmine.mine(
        tmp_path / "work", pairs=pairs, retriever=["bm25"], direction="d2q", format="labeled-pair",
        no_near_duplicate=True,
    )  # fmt: skip
    positives = read(tmp_path, "5-write/labeled-pair").filter(label=1)
    assert set(positives.select("anchor", "positive").rows()) == {
        (DOCUMENTS["tea"][1], QUERIES["hot"]),
        (DOCUMENTS["tea"][1], QUERIES["drink"]),
        (DOCUMENTS["cat"][1], QUERIES["sleep"]),
    }


def test_the_model_reads_documents_as_documents_and_shares_vectors_with_the_other_direction(
    tmp_path,
):
    model = static_model(tmp_path / "model")
    given = {"model": str(model), "query_prompt": "Q: ", "document_prompt": "D: "}
    ways = [resolve(given | {"direction": way}).index for way in ("q2d", "d2q")]
    digest = Workdir(tmp_path / "w").digest
    usual, swapped = (Encoder(dense_models(way)[0].documents, way, digest) for way in ways)
    assert swapped.prompt("query") == usual.prompt("document") == "D: "
    assert swapped.identity("query") == usual.identity("document")
    assert swapped.identity("document") == usual.identity("query")
    assert np.array_equal(swapped.encode(["tea"], "query"), usual.encode(["tea"], "document"))
    mine(tmp_path, retriever=["dense"], no_risk=True, direction="q2d", **given)
    manifest = tmp_path / "work" / "1-index" / "dense-model" / "_manifest.json"
    assert json.loads(manifest.read_text())["stats"]["encoded"] > 0
    mine(tmp_path, retriever=["dense"], no_risk=True, **given)
    assert (
        json.loads(manifest.read_text())["stats"]["encoded"] == 1
    )  # `long`, which q2d did not need


def test_vectors_that_are_brought_change_sides(tmp_path):
    texts = {
        "document": [f"{title} {text}" for title, text in DOCUMENTS.values()],
        "query": list(QUERIES.values()),
    }
    paths = {}
    for kind, some in texts.items():
        paths[f"{kind}_vectors"] = tmp_path / f"{kind}.npy"
        np.save(tmp_path / f"{kind}.npy", np.stack([vector(text) for text in some]))
    mine(tmp_path, retriever=["dense"], no_risk=True, **paths)
    rows = read(tmp_path, "2-retrieve/candidates")
    expected = float(vector(texts["document"][0]) @ vector(QUERIES["long"]))
    score = rows.filter(query_id="tea", doc_id="long")["dense_score"].item()
    assert score == pytest.approx(expected, abs=1e-6)
    paths["query_vectors"] = paths["document_vectors"]
    with pytest.raises(InputError, match=r"--query-vectors .* has 4 rows, the source 5"):
        mine(tmp_path / "other", retriever=["dense"], **paths)


def test_vectors_by_id_change_sides(tmp_path):
    """Rows in any order: the run's queries are the documents, and have their vectors."""
    paths = {}
    for kind, texts in (("document", DOCUMENTS), ("query", QUERIES)):
        shown = {key: " ".join(text) if kind == "document" else text for key, text in texts.items()}
        rows = [(key, vector(text).tolist()) for key, text in reversed(shown.items())]
        column = "doc_id" if kind == "document" else "query_id"
        paths[f"{kind}_vectors"] = tmp_path / f"{kind}.parquet"
        made = pl.DataFrame(rows, schema=[column, "embedding"], orient="row")
        made.write_parquet(paths[f"{kind}_vectors"])
    mine(tmp_path, retriever=["dense"], no_risk=True, **paths)
    rows = read(tmp_path, "2-retrieve/candidates")
    expected = float(vector(" ".join(DOCUMENTS["tea"])) @ vector(QUERIES["long"]))
    score = rows.filter(query_id="tea", doc_id="long")["dense_score"].item()
    assert score == pytest.approx(expected, abs=1e-6)


def test_the_encoder_of_queries_reads_the_files_queries(tmp_path):
    folders = {
        name: str(static_model(tmp_path / name, seed)) for name, seed in (("d", 1), ("q", 2))
    }
    given = {"model": folders["d"], "query_model": folders["q"], "direction": "d2q"}
    index = resolve(given).index
    both = encoders(dense_models(index)[0], index, Workdir(tmp_path / "w").digest)
    assert str(both["query"].folder) == folders["d"]
    assert str(both["document"].folder) == folders["q"]
    mine(tmp_path, retriever=["dense"], no_risk=True, **given)
    rows = read(tmp_path, "2-retrieve/candidates")
    text = " ".join(DOCUMENTS["tea"])
    expected = float(
        both["query"].encode([text], "query")[0]
        @ both["document"].encode([QUERIES["long"]], "document")[0]
    )
    score = rows.filter(query_id="tea", doc_id="long")["dense_score"].item()
    assert score == pytest.approx(expected, abs=1e-6)


def test_an_endpoint_gets_the_prompt_of_what_a_text_is(tmp_path):
    given = {
        "model": "m",
        "model_url": "http://localhost:9/v1",
        "query_prompt": "Q: ",
        "direction": "d2q",
    }
    index = resolve(given).index
    encoder = ApiEncoder(dense_models(index)[0].documents, index)
    assert (encoder.prompt("document"), encoder.prompt("query")) == ("Q: ", "")


def test_a_cross_encoder_and_a_guide_get_the_query_as_the_query(tmp_path, monkeypatch):
    from negmine.scorers.cross_encoder import CrossEncoder
    from negmine.scorers.guide import Guide

    pairs = []
    for scorer in (CrossEncoder, Guide):
        score = scorer.score

        def spy(self, queries, documents, *, score=score):
            pairs.extend(zip(queries, documents, strict=True))
            return score(self, queries, documents)

        monkeypatch.setattr(scorer, "score", spy)
    mine(
        tmp_path, rerank_model=str(cross_encoder(tmp_path / "ce")),
        guide_model=[str(static_model(tmp_path / "guide"))], guide_query_prompt=["Q: "],
    )  # fmt: skip
    assert pairs
    assert {query for query, _ in pairs} <= set(QUERIES.values())
    assert {"Tea Green tea is brewed at eighty degrees.", DOCUMENTS["cat"][1]} == {
        d for _, d in pairs
    }


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"judge_url": "http://localhost:1", "judge_model": "m"}, "a judge"),
        ({"instruction": "Find it"}, "--instruction"),
        ({"instruction_column": "task"}, "--instruction"),
    ],
)
def test_what_cannot_be_turned_around_is_refused(tmp_path, options, words):
    with pytest.raises(SettingsError, match=words):
        mine(tmp_path, **options)


def test_prove_is_about_the_other_direction(tmp_path):
    mine(tmp_path)
    with pytest.raises(SettingsError, match="--direction q2d"):
        negmine.prove(tmp_path / "work", student=str(static_model(tmp_path / "student")))
