"""The judge over HTTP, end to end: right, wrong, late, refused, cut off, hostile, killed, resumed."""

import sqlite3
from contextlib import closing

import polars as pl
import pytest

import negmine
from negmine.errors import JudgeError, SettingsError
from negmine.storage.workdir import Workdir
from tests.scorers.judge.mining import is_tea, mine, verdicts
from tests.scorers.judge.server import answer, documents, honest, serving

TEA = ("tea", "Tea", "cats", "Cats")


def texts(work):
    corpus = Workdir(work).scan("1-index/corpus").select("doc_id", "title", "text").collect()
    return {d: f"{t} {x}" for d, t, x in corpus.rows()}


@pytest.mark.parametrize("method", ["verdict", "logprob"])
def test_what_the_judge_calls_relevant_is_no_negative(tmp_path, beir, method):
    with serving(honest(is_tea)) as server:
        result = mine(tmp_path / "w", beir, server, judge_method=method, judge_scope="all")
    rows, text = verdicts(result.work), texts(result.work)
    rows = rows.filter(pl.col("label") != "positive").with_columns(
        tea=pl.Series(
            [is_tea(text[d]) for d in rows.filter(pl.col("label") != "positive")["doc_id"]]
        )
    )
    if method == "verdict":
        judged = rows.filter(pl.col("reason").is_null() | (pl.col("reason") == "judged_relevant"))
        assert (judged["kept"] != judged["tea"]).all()
    else:  # relevant is what scores like the positive: cats are no tea
        about_tea = rows.filter(
            pl.col("query_id") == "q1", pl.col("reason") != "same_text_as_query"
        )
        assert (about_tea.filter("tea")["reason"] == "judged_relevant").all()
    summary = result.summary
    assert summary["candidates"] == summary["kept"] + sum(summary["removed"].values())
    assert rows["judge_score"].is_between(0, 1).all()


def test_survivors_are_asked_about_until_there_are_enough(tmp_path, beir):
    with serving(honest(lambda text: False)) as server:
        flags = {"judge_batch": 1, "judge_rounds": 1, "num_negatives": 2}
        result = mine(tmp_path / "w", beir, server, **flags)
    rows = verdicts(result.work)
    assert rows.filter("kept").group_by("query_id").len()["len"].max() == 2
    assert rows.filter("kept")["judge_verdict"].unique().to_list() == ["not_relevant"]
    assert rows.filter(reason="not_judged").height > 0
    asked = rows.filter(pl.col("judge_verdict").is_not_null())
    assert len(server.requests) == asked.height
    later = rows.filter(reason="not_judged").group_by("query_id").agg(pl.col("rank").min())
    both = asked.join(later, on="query_id")
    assert (both["rank"] < both["rank_right"]).all()


def test_what_people_judged_not_relevant_is_kept_and_not_asked_about(tmp_path, beir):
    with serving(honest(lambda text: True)) as server:
        result = mine(tmp_path / "w", beir, server, judged_negatives="first")
    rows = verdicts(result.work)
    judged = rows.filter(label="judged_negative")
    assert judged.height > 0
    assert judged["kept"].all()
    assert judged["judge_verdict"].is_null().all()
    assert not rows.filter(pl.col("label") != "judged_negative")["kept"].any()


@pytest.mark.parametrize("order", ["Backwards", "rerank", "fused"])
def test_survivors_are_asked_about_in_the_order_of_writing(tmp_path, beir, order):
    """Who is written with a judge that clears all is who is written without one."""
    flags = {
        "retriever": ["bm25", "tests.scorers.judge.mining:Backwards"],
        "rerank_model": "tests.scorers.judge.mining:Length",
        "order": order, "num_negatives": 2,
    }  # fmt: skip
    with serving(honest(lambda text: False)) as server:
        judged = mine(tmp_path / "w", beir, server, judge_batch=1, judge_rounds=1, **flags)
    others = {"no_near_duplicate": True, "judged_negatives": "ignore"}
    negmine.mine(tmp_path / "v", data=beir, **others, **flags)
    written = [
        pl.read_parquet(w / "5-write/provenance/*.parquet") for w in (judged.work, tmp_path / "v")
    ]
    columns = ["query_id", "positive_id", "negative_id"]
    assert written[0].select(columns).equals(written[1].select(columns))
    assert written[0].height > 6


def test_positives_have_a_score_and_stay_positives(tmp_path, beir):
    with serving(honest(lambda text: "brew" in text)) as server:
        rows = verdicts(mine(tmp_path / "w", beir, server).work)
    known = rows.filter(label="positive")
    asked = rows.filter(pl.col("label") != "positive", pl.col("judge_verdict").is_not_null())
    first = known.join(asked, on="query_id", how="semi").group_by("query_id").first()
    assert first["judge_score"].null_count() == 0
    assert set(first["judge_verdict"]) == {"relevant", "not_relevant"}
    assert set(known["reason"]) == {"is_positive"}


def test_nothing_is_paid_for_twice(tmp_path, beir):
    with serving(honest(is_tea)) as server:
        first = mine(tmp_path / "w", beir, server)
        paid = len(server.requests)
        negmine.filter(first.work, force=True)
        assert len(server.requests) == paid
        negmine.mine(tmp_path / "w", data=beir, retriever=["bm25"])
        again = mine(tmp_path / "w", beir, server)
        assert len(server.requests) == paid
        assert again.summary == first.summary
        file = tmp_path / "w" / "judge" / "judge-m.sqlite"
    with closing(sqlite3.connect(file)) as store:
        calls = store.execute("select answer, prompt_tokens, seconds from calls").fetchall()
    assert len(calls) == paid
    assert all("d1-" in said and tokens == 10 and seconds >= 0 for said, tokens, seconds in calls)


def test_a_kill_while_judging_repeats_no_call(tmp_path, beir):
    right = honest(is_tea)

    def dies(request, number):
        return right(request, number) if number < 3 else (401, {"error": {"message": "no"}})

    with serving(right) as server:
        undisturbed = mine(tmp_path / "one", beir, server, judge_concurrency=1)
        whole = server.prompts
    with serving(dies) as server:
        with pytest.raises(JudgeError):
            mine(tmp_path / "two", beir, server, judge_concurrency=1)
        assert len(server.requests) == 4
    url = server.url
    with serving(right) as server:
        # the same server at another port, for the sake of the test: the memory goes by the address
        file = tmp_path / "two" / "judge" / "judge-m.sqlite"
        calls = sqlite3.connect(file)
        rows = calls.execute("select key, request from calls").fetchall()
        assert len(rows) == 3
        import hashlib

        for key, request in rows:
            assert key == hashlib.sha256(f"{url} m\0{request}".encode()).hexdigest()
            moved = hashlib.sha256(f"{server.url} m\0{request}".encode()).hexdigest()
            calls.execute("update calls set key = ?, seal = null where key = ?", (moved, key))
        calls.commit()
        calls.close()
        resumed = mine(tmp_path / "two", beir, server, judge_concurrency=1)
        assert len(server.requests) == len(whole) - 3
    assert resumed.summary == undisturbed.summary
    assert verdicts(tmp_path / "one").equals(verdicts(tmp_path / "two"))


def test_prompts_are_the_same_whatever_the_concurrency(tmp_path, beir):
    seen = []
    for concurrency in (1, 7):
        with serving(honest(is_tea)) as server:
            mine(tmp_path / f"w{concurrency}", beir, server, judge_concurrency=concurrency)
            seen.append(server.prompts)
    assert seen[0] == seen[1]
    assert verdicts(tmp_path / "w1").equals(verdicts(tmp_path / "w7"))


@pytest.mark.parametrize("fault", [(429, {}), (500, {}), (503, "busy"), None], ids=str)
def test_passing_trouble_is_tried_again(tmp_path, beir, fault):
    right = honest(is_tea)
    with serving(lambda r, n: fault if n % 3 == 0 else right(r, n)) as server:
        result = mine(tmp_path / "w", beir, server, judge_concurrency=1)
    assert "judge_abstained" not in result.summary["removed"]


def test_an_endpoint_that_is_dead_or_refuses_is_told(tmp_path, beir):
    with serving(honest(is_tea)) as server:
        dead = server.url
    with pytest.raises(JudgeError, match=r"does not answer .* run the same command again"):
        negmine.mine(
            tmp_path / "a",
            data=beir,
            retriever=["bm25"],
            judge_url=dead,
            judge_model="m",
            judge_retries=0,
        )
    assert Workdir(tmp_path / "a").manifest("4-filter/survivors") is not None
    with serving(lambda r, n: (401, {"error": {"message": "who are you?"}})) as server:  # noqa: SIM117
        with pytest.raises(JudgeError, match=r"refuses: .*who are you"):
            mine(tmp_path / "b", beir, server)


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (400, r"check --judge-model, --judge-max-tokens, --judge-extra, and"),
        (403, r"Check NEGMINE_JUDGE_KEY, --judge-url and --judge-model"),
        (404, r"Check --judge-url and --judge-model"),
    ],
)
def test_the_remedy_of_a_refusal_fits_its_status(tmp_path, beir, status, remedy):
    with (
        serving(lambda r, n: (status, {"error": {"message": "no"}})) as server,
        pytest.raises(JudgeError, match=remedy),
    ):
        mine(tmp_path / "w", beir, server, judge_batch=1)


UNUSABLE = {
    "no answer": lambda names: answer(""),
    "prose": lambda names: answer("I think the first one is quite good."),
    "cut off": lambda names: answer(f"{names[0]}: no, conf", finish="length"),
    "other ids": lambda names: answer("d77-0000: no, confident"),
    "contradiction": lambda names: answer("\n".join(f"{n}: yes\n{n}: no" for n in names)),
}


@pytest.mark.parametrize("name", UNUSABLE)
@pytest.mark.parametrize("method", ["verdict", "logprob"])
def test_an_answer_that_cannot_be_used_is_an_abstention(tmp_path, beir, name, method):
    with serving(lambda r, n: (200, UNUSABLE[name](list(documents(r))))) as server:
        flags = {"judge_method": method, "judge_rounds": 2}
        result = mine(tmp_path / "w", beir, server, **flags)
    assert result.summary["kept"] == 0
    assert result.summary["removed"]["judge_abstained"] > 0
    assert result.summary["queries_without_negatives"] == result.summary["queries_mined"]


def test_a_prompt_that_is_not_liked_is_an_abstention(tmp_path, beir):
    right = honest(lambda text: False)

    def picky(request, number):
        long = any("eighty" in text for text in documents(request).values())
        return (400, {"error": {"message": "too long"}}) if long else right(request, number)

    with serving(picky) as server:
        result = mine(tmp_path / "w", beir, server, judge_batch=1, judge_concurrency=1)
    rows, text = verdicts(result.work), texts(result.work)
    refused = rows.filter(reason="judge_abstained")["doc_id"].to_list()
    assert all("eighty" in text[doc] for doc in refused)
    assert result.summary["kept"] > 0


@pytest.mark.parametrize(
    ("variables", "sent"),
    [
        ({}, None),
        ({"OPENAI_API_KEY": "sk-open"}, "Bearer sk-open"),
        ({"OPENAI_API_KEY": "sk-open", "NEGMINE_JUDGE_KEY": "sk-own"}, "Bearer sk-own"),
    ],
)
def test_the_key_comes_from_the_environment_and_is_kept_nowhere(
    tmp_path, beir, monkeypatch, variables, sent
):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with serving(honest(is_tea)) as server:
        mine(tmp_path / "w", beir, server)
    assert {headers.get("authorization") for headers in server.headers} == {sent}
    if sent:
        secret = sent.split()[1].encode()
        assert not [
            p for p in (tmp_path / "w").rglob("*") if p.is_file() and secret in p.read_bytes()
        ]


def test_status_says_what_another_judge_would_redo(tmp_path, beir):
    with serving(honest(is_tea)) as server:
        mine(tmp_path / "w", beir, server)
        states = {s.artifact.name: s.state for s in negmine.status(tmp_path / "w", judge_rounds=3)}
    stale = [name for name, state in states.items() if state == "stale"]
    assert stale == [
        "4-filter/judge-m", "4-filter/verdicts", "5-write/triplet", "5-write/provenance",
        "5-write/short", "5-write",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"judge_model": "m"}, "--judge-url and --judge-model go together"),
        (
            {"judge_url": "http://x", "judge_model": "m", "judge_budget": "much"},
            "--judge-budget much",
        ),
        ({"judge_url": "http://x", "judge_model": "m", "score": "judge"}, "--score judge"),
    ],
)
def test_settings_that_cannot_work_are_refused(tmp_path, beir, flags, said):
    with pytest.raises(SettingsError, match=said):
        negmine.mine(tmp_path / "w", data=beir, retriever=["bm25"], **flags)


def test_a_first_judge_flags_and_the_judge_sees_only_what_it_flagged(tmp_path, beir):
    """The first judge is easily alarmed; the judge knows."""
    careful, right = (
        honest(lambda text: "tea" in text.lower() or "cat" in text.lower()),
        honest(is_tea),
    )

    def script(request, number):
        return (careful if request["model"] == "small" else right)(request, number)

    with serving(script) as server:
        tiers = mine(tmp_path / "two", beir, server, judge_first="small", judge_scope="all")
        seen = {model: set() for model in ("small", "m")}
        for request in server.requests:
            seen[request["model"]] |= set(documents(request).values())
        alone = mine(tmp_path / "one", beir, server, judge_scope="all")
    assert seen["m"] == {
        text for text in seen["small"] if "tea" in text.lower() or "cat" in text.lower()
    }
    assert tiers.summary["removed"] == alone.summary["removed"]
    assert len({*(tmp_path / "two" / "judge").glob("*.sqlite")}) == 2


@pytest.mark.parametrize("shape", ["triplet", "labeled-pair", "labeled-list"])
def test_relabelled_positives_are_told_apart_from_the_users_own(tmp_path, beir, shape):
    with serving(honest(is_tea)) as server:
        plain = mine(tmp_path / "w", beir, server, num_negatives=1, format=shape)
        before = pl.read_parquet(plain.work / "5-write/provenance/*.parquet")
        result = negmine.write(plain.work, relabel=True)
    about = pl.read_parquet(result.work / "5-write/provenance/*.parquet")
    texts_written = pl.read_parquet(result.work / f"5-write/{shape}/*.parquet")
    assert about.height == texts_written.height
    added = about.filter(positive_label="judged_positive")
    judged = (
        verdicts(plain.work)
        .filter(reason="judged_relevant")
        .select("query_id", positive_id="doc_id")
    )
    assert added.height > 0
    assert added.join(judged, on=["query_id", "positive_id"], how="anti").height == 0
    own = about.filter(
        pl.col("positive_label").is_null() | (pl.col("positive_label") == "positive")
    )
    assert own.equals(before)
    labels = Workdir(plain.work).scan("4-filter/verdicts").select("label").unique().collect()
    assert "judged_positive" not in labels["label"].to_list()
