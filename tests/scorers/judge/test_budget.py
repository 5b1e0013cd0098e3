"""A budget is what one command may spend, examination and all; the same command again goes on."""

import asyncio

import polars as pl
import pytest

import negmine
from negmine.errors import JudgeError
from negmine.models.endpoint.budget import Budget, BudgetSpent, guess_tokens
from negmine.storage.workdir import Workdir
from tests.scorers.judge.mining import Ear, mine, mined, states, verdicts
from tests.scorers.judge.server import answer, documents, honest, serving

NO = honest(lambda text: False)
ONE = {"judge_batch": 1, "judge_rounds": 1, "judge_concurrency": 1}
JUDGE = "4-filter/judge-m"


def run(budget, costs, at_once):
    """Make calls that reserve 100 tokens each and use what `costs` says."""

    async def one(cost):
        await budget.reserve(100)
        await asyncio.sleep(0)
        budget.settle(100, cost, False)

    async def work(waiting):
        while waiting:
            await one(waiting.pop(0))

    async def every():
        waiting = list(costs)
        jobs = [asyncio.create_task(work(waiting)) for _ in range(at_once)]
        return await asyncio.gather(*jobs, return_exceptions=True)

    return asyncio.run(every())


@pytest.mark.parametrize("at_once", [1, 8])
def test_calls_at_the_same_time_do_not_overshoot_together(at_once):
    budget = Budget(tokens=1000)
    ended = run(budget, [100] * 40, at_once)
    assert all(isinstance(end, BudgetSpent) for end in ended)
    assert (budget.asked, budget.used) == (10, 1000)


@pytest.mark.parametrize("at_once", [1, 8])
def test_what_a_call_does_not_use_is_for_others(at_once):
    budget = Budget(tokens=1000)
    run(budget, [10] * 40, at_once)
    assert budget.used == 400
    budget = Budget(tokens=300)
    run(budget, [10] * 40, at_once)
    assert budget.asked == 21  # after 210 the next might come to 310
    assert budget.spent


def test_tokens_are_guessed_from_bytes():
    assert [guess_tokens(text) for text in ("", "a", "abcd", "abcde", "電池")] == [0, 1, 1, 2, 2]


def test_a_budget_ends_the_asking_and_what_was_not_asked_is_not_used(tmp_path, beir):
    with serving(NO) as server:
        result = mine(tmp_path / "w", beir, server, judge_budget="3", **ONE)
        assert len(server.requests) == 3
        assert result.summary["kept"] == 3
        assert result.summary["rows_written"] > 0
        more = mine(tmp_path / "w", beir, server, judge_budget="3calls", **ONE)
        assert len(server.requests) == 6  # what was paid for is free
        assert more.summary["kept"] == 6


def test_the_same_command_again_goes_on(tmp_path, beir):
    """Until all is judged: as if there had been no budget."""
    with serving(NO) as server:
        whole = mine(tmp_path / "whole", beir, server)
        needed = len(server.requests)
        work, ear = mined(tmp_path / "w", beir), Ear()
        flags = {"judge_url": server.url, "judge_model": "m", "judge_check": 0}
        flags["judged_negatives"] = "ignore"
        flags["judge_concurrency"] = 1  # else every query might get one round, and none a verdict
        negmine.filter(work, judge_budget="3", **flags)
        state, why = states(work)[JUDGE]
        assert state == "partial"
        assert why.startswith("the judge's budget was spent with ")
        assert states(work)["4-filter/verdicts"][0] == "fresh"
        assert negmine.write(work).summary["rows_written"] > 0
        written = negmine.write(work).summary
        for _ in range(needed // 3 + 1):
            negmine.mine(
                work, data=beir, retriever=["bm25"], no_near_duplicate=True, progress=ear,
                judge_budget="3", **flags,
            )  # fmt: skip
        assert states(work)[JUDGE] == ("fresh", "")
        assert len(server.requests) == 2 * needed
        again = negmine.filter(work)
        assert len(server.requests) == 2 * needed
    assert any(
        "--judge-budget 3 is spent (3 calls" in note and "again" in note for note in ear.notes
    )
    assert written != whole.summary == negmine.write(work).summary
    assert again.summary["removed"] == whole.summary["removed"]
    assert verdicts(work).equals(verdicts(tmp_path / "whole"))
    assert {name: state for name, (state, _) in states(work).items() if state != "fresh"} == {}


def test_without_the_budget_the_rest_is_asked(tmp_path, beir):
    with serving(NO) as server:
        mine(tmp_path / "w", beir, server, judge_budget="3", **ONE)
        whole = mine(tmp_path / "w", beir, server, **ONE)
        assert states(tmp_path / "w")[JUDGE][0] == "fresh"
        assert whole.summary == mine(tmp_path / "one", beir, server, **ONE).summary


def test_only_parts_with_something_left_are_made_again(tmp_path, beir, monkeypatch):
    monkeypatch.setattr("negmine.config.memory.PART_QUERIES", 2)
    with serving(NO) as server:
        whole = mine(tmp_path / "whole", beir, server, **ONE)
        needed = len(server.requests)
        mine(tmp_path / "w", beir, server, judge_budget=str(needed // 2), **ONE)
        parts = sorted((tmp_path / "w" / JUDGE).glob("part-*"))
        left = [pl.read_parquet(part).filter(pl.col("rounds") == 0).height for part in parts]
        assert len(parts) > 2
        assert left[0] == 0 < sum(left)
        before = [part.stat().st_mtime_ns for part in parts]
        again = mine(tmp_path / "w", beir, server, **ONE)
        same = [part.stat().st_mtime_ns for part in parts]
    assert [a == b for a, b in zip(before, same, strict=True)] == [n == 0 for n in left]
    assert again.summary == whole.summary


def test_a_kill_after_a_budget_keeps_what_is_there(tmp_path, beir, monkeypatch):
    """The part that the budget cut is there with the right identity, and is still made again."""
    monkeypatch.setattr("negmine.config.memory.PART_QUERIES", 2)
    dead = False

    def script(request, number):
        return (401, {}) if dead else NO(request, number)

    with serving(script) as server:
        whole = mine(tmp_path / "whole", beir, server, **ONE)
        cut = mine(tmp_path / "w", beir, server, judge_budget="1", **ONE)
        dead = True
        with pytest.raises(JudgeError):
            mine(tmp_path / "w", beir, server, **ONE)
        assert negmine.write(tmp_path / "w").summary == cut.summary
        dead = False
        assert mine(tmp_path / "w", beir, server, **ONE).summary == whole.summary


@pytest.mark.parametrize("method", ["verdict", "logprob"])
def test_the_examination_is_paid_from_the_same_budget(tmp_path, beir, method):
    right = honest(lambda text: any(word in text for word in ("Tea", "tea", "Cats", "sorted")))
    work = mined(tmp_path / "w", beir)
    flags = {
        "judge_model": "m",
        "judge_method": method,
        "judge_budget": "5",
        "min_sensitivity": 0.0,
    }
    with serving(right) as server:
        flags["judge_url"] = server.url
        with pytest.raises(
            JudgeError, match=r"examination is not over.* 5 is spent \(5 calls.* run the same"
        ):
            negmine.filter(work, **flags)
        assert len(server.requests) == 5
        for _ in range(100):
            paid = len(server.requests)
            try:
                negmine.filter(work, **flags)
            except JudgeError:
                continue
            finally:
                assert len(server.requests) <= paid + 5
            if states(work)[JUDGE][0] == "fresh":
                break
        assert states(work)[JUDGE][0] == "fresh"
        spent = len(server.requests)
        other = mined(tmp_path / "other", beir)
        negmine.filter(other, **(flags | {"judge_budget": "9999"}))
        assert len(server.requests) == 2 * spent


@pytest.mark.parametrize("usage", [True, False])
@pytest.mark.parametrize("concurrency", [1, 8])
def test_a_budget_of_tokens_holds_with_usage_and_without(tmp_path, beir, usage, concurrency):
    def script(request, number):
        text = "\n".join(f"{name}: no, confident" for name in documents(request))
        body = answer(text, usage=(100, 10))
        if not usage:
            del body["usage"]
        return 200, body

    ear = Ear()
    with serving(script) as server:
        mine(
            tmp_path / "w", beir, server, progress=ear, judge_budget="1000 tokens",
            **(ONE | {"judge_concurrency": concurrency}),
        )  # fmt: skip
        calls = len(server.requests)
    assert 0 < calls <= 1000 // 110
    assert states(tmp_path / "w")[JUDGE][0] == "partial"
    assert any("does not report tokens" in note for note in ear.notes) != usage


def test_the_budget_shapes_no_row(tmp_path, beir):
    with serving(NO) as server:
        mine(tmp_path / "w", beir, server)
        assert states(tmp_path / "w", judge_budget="3")[JUDGE] == ("fresh", "")
        assert "budget" not in Workdir(tmp_path / "w").require(JUDGE).settings


@pytest.mark.parametrize("budget", ["0", "50tokens"])
def test_a_budget_that_is_too_small_for_one_call_is_told(tmp_path, beir, budget):
    ear = Ear()
    with serving(NO) as server:
        mine(tmp_path / "w", beir, server, progress=ear, judge_budget=budget)
        with pytest.raises(JudgeError, match="too small for one call"):
            mine(tmp_path / "v", beir, server, judge_budget=budget, judge_check=50)
        assert server.requests == []
    said = [
        note for note in ear.notes if f"--judge-budget {budget} is too small for one call" in note
    ]
    assert said and all(("tokens:" in note) == (budget != "0") for note in said)
