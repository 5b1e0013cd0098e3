"""What --dry-run says bounds what is asked afterwards; prices are prices."""

import json

import pytest

import negmine
from negmine.api import estimate_judge
from negmine.stages.opening import open_existing
from tests import warm
from tests.scorers.judge.mining import mined
from tests.scorers.judge.server import answer, documents, honest, serving

NO, YES = honest(lambda text: False), honest(lambda text: True)


def unsure(request, number):
    """Votes that never settle: every round is needed, and both judges are."""
    if request.get("logprobs"):
        return 200, answer("Hm", tokens=[("Hm", -0.1)])
    return 200, answer("\n".join(f"{name}: yes, unsure" for name in documents(request)))


def mute(request, number):
    return 200, answer("I cannot tell.")


CASES = {
    "survivors": {},
    "all": {"judge_scope": "all", "judge_batch": 3},
    "one at a time": {"judge_batch": 1, "num_negatives": 2},
    "two judges": {"judge_first": "small", "judge_batch": 2},
    "first tokens": {"judge_method": "logprob", "num_negatives": 2},
    "first tokens, all": {"judge_method": "logprob", "judge_scope": "all"},
    "one round": {"judge_rounds": 1, "judge_batch": 4},
}


@pytest.mark.parametrize("check", [0, 50])
@pytest.mark.parametrize("name", CASES)
def test_a_dry_run_bounds_what_is_asked_later(tmp_path, beir, name, check):
    flags = CASES[name] | {"judge_check": check, "judge_model": "m", "min_sensitivity": 0.0}
    for number, script in enumerate((NO, YES, unsure, mute)):
        work = mined(tmp_path / str(number), beir)
        with serving(script) as server:
            said = flags | {"judge_url": server.url}
            found = estimate_judge(open_existing(work, said))
            assert server.requests == []
            negmine.filter(work, **said)
            room = sum(request["max_tokens"] for request in server.requests)
            sent = sum(len(prompt.encode()) for prompt in server.prompts) / 4
        asked = len(server.requests)
        assert asked <= found["calls_most"], script
        assert room <= found["answer_tokens_most"]
        assert sent <= found["tokens_most"]
        if script is NO and negmine.write(work).summary["queries_without_negatives"] == 0:
            assert found["calls_least"] <= asked
        again = estimate_judge(open_existing(work, said))
        assert again["examination_calls_most"] == 0
        assert found["examination_calls_most"] == found["calls_most"] - again["calls_most"]


def test_at_least_and_at_most_are_reached(tmp_path, beir):
    """A judge that is sure costs the least; one that cannot be read costs the most."""
    flags = {"judge_model": "m", "judge_check": 0, "num_negatives": 1}
    for script, end in ((NO, "least"), (mute, "most")):
        work = mined(tmp_path / end, beir)
        with serving(script) as server:
            said = flags | {"judge_url": server.url}
            found = estimate_judge(open_existing(work, said))
            negmine.filter(work, **said)
        assert len(server.requests) == found[f"calls_{end}"]


def run(work, *flags):
    return warm.negmine("filter", work, *flags, "--json")


@pytest.mark.parametrize("prices", ["nan,1", "-1,1", "1,inf", "1", "a,b", "1,2,3"])
def test_what_is_no_price_is_refused(tmp_path, beir, prices):
    judge = ["--judge-url", "http://localhost:9/v1", "--judge-model", "m"]
    done = run(tmp_path / "w", *judge, "--dry-run", f"--prices={prices}")
    assert done.returncode == 2
    assert f"--prices {prices}: give two numbers" in done.stdout


def test_prices_without_a_dry_run_ask_nothing(tmp_path, beir):
    work = mined(tmp_path / "w", beir)
    with serving(NO) as server:
        done = run(work, "--judge-url", server.url, "--judge-model", "m", "--prices", "1,2")
        assert server.requests == []
    assert done.returncode == 2
    assert "Add --dry-run" in json.loads(done.stdout)["errors"][0]["message"]
