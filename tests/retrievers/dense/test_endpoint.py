"""Mining with --model-url: what is sent, what is kept, what it may cost, and what goes wrong."""

import json
import re
import threading
import time

import numpy as np
import pytest

import negmine
from negmine.config.resolve import resolve as resolve_settings
from negmine.engine.progress import Notes
from negmine.errors import NotTrusted, RetrieverError, SettingsError
from negmine.models.api_encoder import plan
from negmine.retrievers.registry import infos
from negmine.stages.estimate import estimate
from negmine.stages.opening import context_to_mine, open_context
from negmine.storage.workdir import Workdir
from tests.cli.conftest import invoke
from tests.conftest import DOCUMENTS, QUERIES, vector, write_beir
from tests.models.endpoint import server as scripts
from tests.models.endpoint.server import good, serving, spoiled, texts_of
from tests.models.tiny import static_model

TEXTS = len(DOCUMENTS) - 1 + 6  # tea-2 is a copy of tea-1; six queries are mined
ARTIFACT = "1-index/dense-m"


@pytest.fixture
def data(tmp_path):
    return write_beir(tmp_path / "beir")


def flags(server, **more):
    base = {"retriever": ["dense"], "device": "cpu", "model": "m", "embedding_retries": 0}
    return base | {"model_url": server.url, "batch_size": 8} | more


def mine(work, data, server, **more):
    return negmine.mine(work, data=data, **flags(server, **more))


def index(work, data, server, **more):
    return negmine.index(work, data=data, **flags(server, **more))


def stats(work):
    return Workdir(work).require(ARTIFACT).stats


def stored(work):
    """Return how many vectors the cache has."""
    from negmine.storage.vectors import count_stored

    return count_stored(work / "vectors")


def test_every_text_is_sent_once_ever_and_its_vector_lands_in_its_row(tmp_path, data):
    with serving(good) as server:
        mine(tmp_path / "work", data, server, query_prompt="query: ", document_prompt="d: ")
        sent = texts_of(server)
        assert len(sent) == len(set(sent)) == TEXTS
        assert sum(text.startswith("query: ") for text in sent) == 6
        assert all(text.startswith(("query: ", "d: ")) for text in sent)
        assert max(len(request["input"]) for request in server.requests) == 8
        count = len(server.requests)
        mine(
            tmp_path / "work",
            data,
            server,
            query_prompt="query: ",
            document_prompt="d: ",
            k=7,
            force=True,
        )
        assert len(server.requests) == count
        new = {"new": ("", "hot tea")} | DOCUMENTS
        write_beir(data, documents=new)
        mine(tmp_path / "work", data, server, query_prompt="query: ", document_prompt="d: ")
        assert server.requests[count:] == [
            {"model": "m", "input": ["d: hot tea"], "encoding_format": "float"}
        ]
    made = np.load(tmp_path / "work" / ARTIFACT / "documents.npy")
    texts = [f"{t} {x}".strip() for name, (t, x) in new.items() if name != "tea-2"]
    assert made == pytest.approx(np.stack([vector(f"d: {text}") for text in texts]), abs=1e-6)
    found = stats(tmp_path / "work")
    assert (found["model"], found["weights_hashed"]) == ("m", False)
    assert found["endpoint"] == server.url.split("/")[2]
    assert (found["encoded"], found["reused"]) == (1, TEXTS)
    assert found["tokens"] == 3


def test_the_host_and_the_model_tell_vectors_apart_and_no_weights_do(tmp_path, data):
    def identity(**more):
        values = {"data": data, "retriever": ["dense"], "model": "m", "model_url": "http://a/v1"}
        context = open_context(tmp_path / "work", values | more)
        from negmine.config.dense import dense_models
        from negmine.retrievers.dense.vectors import identity as of

        index = context.config.index
        return of(dense_models(index)[0], index, context.work)

    first = identity()
    assert first["endpoint"] == "a"
    assert identity(model_url="http://A/other/path") == first
    for other in (
        {"model_url": "http://b/v1"}, {"model": "n"}, {"query_prompt": "q"},
        {"similarity": "dot"}, {"vector_dtype": "float16"},
    ):  # fmt: skip
        assert identity(**other) != first, other
    for speed in ("embedding_concurrency", "embedding_timeout", "embedding_retries", "batch_size"):
        assert identity(**{speed: 3}) == first
    assert identity(embedding_budget="5") == first


def test_no_more_requests_are_under_way_than_allowed(tmp_path, data):
    lock, running, most = threading.Lock(), [0], [0]

    def slow(request, number):
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.1)
        with lock:
            running[0] -= 1
        return good(request, number)

    with serving(slow) as server:
        index(tmp_path / "work", data, server, batch_size=2, embedding_concurrency=3)
    assert 2 <= most[0] <= 3


def test_requests_are_cut_by_texts_and_by_tokens():
    texts = ["aaaa" * n for n in (1, 2, 3, 20, 1, 1, 1)]  # 1, 2, 3, 20, 1, 1, 1 tokens as guessed
    cut = [places.tolist() for places in plan(texts, 3, 6)]
    assert cut == [[0, 1, 2], [3], [4, 5, 6]]
    assert [places.tolist() for places in plan(texts[:3], 2, 100)] == [[0, 1], [2]]
    assert plan([], 3, 6) == []


def test_what_was_answered_is_kept_when_the_endpoint_fails(tmp_path, data):
    is_paid = [False]

    def stops(request, number):
        if number < 2 or is_paid[0]:
            return good(request, number)
        return 401, {"error": {"message": "no credit"}}

    with serving(stops) as server:
        with pytest.raises(RetrieverError, match=r"refuses: .*no credit.*--model-url"):
            index(tmp_path / "work", data, server, embedding_concurrency=1)
        assert len(server.requests) == 3
        assert stored(tmp_path / "work") == 16
        is_paid[0] = True
        index(tmp_path / "work", data, server, embedding_concurrency=1)
        sent = [len(request["input"]) for request in server.requests]
        assert sum(sent[:2]) + sum(sent[3:]) == TEXTS
    assert stats(tmp_path / "work")["reused"] == 16


def test_a_budget_of_texts_or_tokens_is_never_exceeded_and_the_same_command_goes_on(tmp_path, data):
    with serving(good) as server:
        sent = 0
        for _ in range(10):
            try:
                index(tmp_path / "work", data, server, embedding_budget="10")
                break
            except RetrieverError as error:
                assert re.search(
                    r"--embedding-budget 10 is spent \([678] texts, \d+ tokens", str(error)
                )
                assert "run the same command again" in str(error)
            now = len(texts_of(server))
            assert now - sent <= 10
            sent = now
        assert len(texts_of(server)) == TEXTS
        assert stats(tmp_path / "work")["documents"] == len(DOCUMENTS) - 1
        remembered = json.loads((tmp_path / "work" / "settings.json").read_text())
        assert "embedding_budget" not in json.dumps(remembered)
        with pytest.raises(RetrieverError, match=r"--embedding-budget 60tokens is spent"):
            index(tmp_path / "other", data, server, embedding_budget="60tokens")
        with pytest.raises(RetrieverError, match=r"1tokens is too small for one text, .* tokens"):
            index(tmp_path / "third", data, server, embedding_budget="1tokens")


def test_texts_that_are_refused_together_are_sent_in_halves(tmp_path, data):
    def at_most_three(request, number):
        if len(request["input"]) > 3:
            return 422, {"error": {"message": "batch size > maximum"}}
        return good(request, number)

    with serving(at_most_three) as server:
        index(tmp_path / "work", data, server)
        accepted = [r for r in server.requests if len(r["input"]) <= 3]
        assert sum(len(r["input"]) for r in accepted) == TEXTS

    def not_this_one(request, number):
        if any("snakes" in text for text in request["input"]):
            return 400, {"error": {"message": "maximum context length"}}
        return good(request, number)

    with (
        serving(not_this_one) as server,
        pytest.raises(
            RetrieverError, match=r"refuses a text of 48 characters, 'The Burmese.*maximum context"
        ),
    ):
        index(tmp_path / "other", data, server)


def other_width(request, number):
    return 200, scripts.answer(scripts.rows(request, 32 if number < 1 else 16))


FAULTS = {
    "wrong count": (spoiled(lambda data: data.pop()), "vectors for 8 texts"),
    "not a number": (spoiled(scripts.set_number(float("nan"))), "zero or not finite"),
    "zero": (spoiled(scripts.zero), "zero or not finite"),
    "other width": (other_width, "vectors of 16 dimensions after others of 32"),
    "a page": (lambda request, number: (200, "<html>"), "no JSON"),
    "cut connection": (lambda request, number: None, "does not answer"),
    "slow": (lambda request, number: time.sleep(1.0), "--embedding-timeout 0.3 s"),
    "too many requests": (lambda request, number: (429, {"error": "slow"}), "does not answer"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_of_an_endpoint_is_told_with_what_to_do(tmp_path, data, name):
    script, said = FAULTS[name]
    more = {"embedding_timeout": 0.3} if name == "slow" else {}
    with serving(script) as server, pytest.raises(RetrieverError, match=said) as told:
        index(tmp_path / "work", data, server, embedding_concurrency=1, **more)
    assert "ectors made so far are kept" in str(told.value)
    assert "Traceback" not in str(told.value)


def test_answers_in_any_order_give_the_same_vectors(tmp_path, data):
    with serving(good) as server:
        index(tmp_path / "work", data, server)
    with serving(spoiled(lambda data: data.reverse())) as server:
        index(tmp_path / "reversed", data, server)
    one, other = (np.load(tmp_path / n / ARTIFACT / "documents.npy") for n in ("work", "reversed"))
    assert np.array_equal(one, other)


KEY = "sk-live-7Qz9vT2mXc4LpRw8NbHs5YgD"


@pytest.mark.parametrize("status", [401, 400, 500, 200])
def test_a_key_that_is_echoed_is_neither_shown_nor_stored(tmp_path, data, monkeypatch, status):
    monkeypatch.setenv("NEGMINE_EMBEDDING_KEY", KEY)
    echo = {"error": {"message": f"Incorrect API key provided: Bearer {KEY}, {KEY[:16]}***"}}
    with serving(lambda request, number: (status, echo)) as server:
        result = invoke(
            "mine", tmp_path / "w", "--data", data, "--retriever", "dense", "--model", "m", "--model-url",
            server.url, "--embedding-retries", "0", "--json",
        )  # fmt: skip
        assert all(KEY in headers["authorization"] for headers in server.headers)
        assert server.requests
    assert result.exit_code == 1
    assert KEY[:12] not in result.output
    files = [path for path in (tmp_path / "w").rglob("*") if path.is_file()]
    assert not [path for path in files if KEY[:12].encode() in path.read_bytes()]


def test_a_received_work_directory_sends_no_text_and_no_key(tmp_path, data, monkeypatch):
    monkeypatch.setenv("NEGMINE_EMBEDDING_KEY", KEY)
    with serving(good) as server:
        index(tmp_path / "elsewhere" / "w", data, server)
        count = len(server.requests)
        (tmp_path / "elsewhere" / "w").rename(tmp_path / "received")
        with pytest.raises(
            NotTrusted, match=r"--model-url http://127\.0\.0\.1:\d+/v1 \(endpoint\)"
        ):
            negmine.index(tmp_path / "received", force=True)
        with pytest.raises(NotTrusted, match="--model-url"):
            negmine.retrieve(tmp_path / "received", k=3)
        assert len(server.requests) == count


def test_a_dry_run_counts_what_would_be_sent_and_sends_nothing(tmp_path, data):
    with serving(good) as server:
        given = {"data": data, **flags(server)}
        before = estimate(context_to_mine(tmp_path / "work", given, None, None, None))["embedding"]
        assert not server.requests
        assert before["texts"] == len(DOCUMENTS) + len(QUERIES)  # copies and all queries: at most
        assert before["stored"] == 0
        assert before["requests"] >= 4
        with pytest.raises(RetrieverError, match="is spent"):
            index(tmp_path / "work", data, server, embedding_budget="10")
        after = estimate(open_context(tmp_path / "work", given))["embedding"]
        assert (after["texts"], after["stored"]) == (TEXTS - 8, 8)
        assert 0 < after["tokens"] < before["tokens"]
        assert len(server.requests) == 1
        words = ["mine", tmp_path / "work", "--data", data, "--retriever", "dense", "--model", "m"]
        shown = invoke(*words, "--model-url", server.url, "--batch-size", "8", "--dry-run")
        assert f"{TEXTS - 8} texts" in shown.output
        assert "Nothing was sent" in " ".join(shown.output.split())
        assert len(server.requests) == 1
        index(tmp_path / "work", data, server)
        assert estimate(open_context(tmp_path / "work", given))["embedding"] is None


URL = {"model_url": "http://h/v1"}
REFUSED = [
    (URL, r"--model-url needs the model's name.*--model"),
    (URL | {"model": "m", "max_length": 9}, r"--max-length 9: the endpoint"),
    (URL | {"model": "m", "retriever": ["bm25"]}, r"--model-url is for the dense retriever"),
    ({"model": "m", "model_url": "h/v1"}, r"--model-url 'h/v1' is no web address"),
    ({"model": "m", "model_url": "http://me:pw@h/v1"}, r"has a user.*NEGMINE_EMBEDDING_KEY"),
    (
        URL | {"model": "m", "embedding_budget": "much"},
        r"--embedding-budget much: say 5000, or 5000texts",
    ),
    ({"embedding_budget": "5"}, r"--embedding-budget: nothing reads it.*--model-url"),
    (URL | {"model": "m", "devices": "cpu,cpu"}, r"--devices cpu,cpu: nothing is encoded here"),
]


@pytest.mark.parametrize(("given", "said"), REFUSED)
def test_settings_that_cannot_work_are_refused(tmp_path, data, given, said):
    with pytest.raises(SettingsError, match=said):
        negmine.index(tmp_path / "work", data=data, **given)
    assert not (tmp_path / "work").exists()


def test_a_model_that_is_named_alone_goes_to_no_endpoint_that_was_named_before():
    before = resolve_settings({"model": "m"} | URL, None, None, infos).given
    after = resolve_settings({"model": "n"}, None, before, infos)
    assert after.index.model_url is None
    again = resolve_settings({"model_url": "http://other/v1"}, None, before, infos)
    assert (again.index.model, again.index.model_url) == (("m",), "http://other/v1")
    own = resolve_settings(
        {"query_vectors": "q.npy", "document_vectors": "d.npy"}, None, before, infos
    )
    assert own.index.model_url is None


def test_a_name_at_an_endpoint_is_no_folder_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "BAAI" / "bge").mkdir(parents=True)
    given = resolve_settings({"model": "BAAI/bge"} | URL, None, None, infos)
    assert given.index.model == ("BAAI/bge",)


def test_a_guide_is_a_model_of_this_machine_beside_an_endpoint(tmp_path, data):
    progress = Notes()
    guide = str(static_model(tmp_path / "guide"))
    with serving(good) as server:
        result = mine(tmp_path / "work", data, server, guide_model=[guide], progress=progress)
        assert len(texts_of(server)) == TEXTS
    assert any(row["artifact"].startswith("4-filter/guide") for row in result.artifacts)
    card = (tmp_path / "work" / "5-write" / "README.md").read_text()
    assert server.url not in card


def test_several_models_at_one_endpoint_are_retrievers_of_their_own(tmp_path, data):
    def by_model(request, number):
        size = {"small": 8, "large": 16}[request["model"]]
        size = request.get("dimensions", size)
        return 200, scripts.answer(scripts.rows(request, size))

    both = {"model": ["small", "big=large"], "dimensions": ["big=12"]}
    with serving(by_model) as server:
        mine(tmp_path / "work", data, server, **both)
        assert {r["model"] for r in server.requests} == {"small", "large"}
        assert {r.get("dimensions") for r in server.requests if r["model"] == "large"} == {12}
        assert not any("dimensions" in r for r in server.requests if r["model"] == "small")
        rows = Workdir(tmp_path / "work").scan("2-retrieve/candidates").collect()
        assert {"dense_score", "big_score"} <= set(rows.columns)
        with pytest.raises(SettingsError, match=r"--embedding-budget 5 is for one --model"):
            mine(tmp_path / "other", data, server, **both, embedding_budget="5")
        cost = estimate(open_context(tmp_path / "new", {"data": data, **flags(server, **both)}))
        assert cost["embedding"]["texts"] == 2 * (len(DOCUMENTS) + len(QUERIES))


def test_a_model_of_queries_at_the_endpoint_must_have_the_same_width(tmp_path, data):
    def by_model(request, number):
        return 200, scripts.answer(scripts.rows(request, 8 if request["model"] == "q" else 16))

    with (
        serving(by_model) as server,
        pytest.raises(
            SettingsError, match=r"--query-model q gives vectors of 8 dimensions, --model m of 16"
        ),
    ):
        index(tmp_path / "work", data, server, query_model="q")
