"""The judge's examination, its gate, and what judging would cost."""

import json
import random

import pytest

import negmine
from negmine.api import check_judge
from negmine.errors import GateNotMet, JudgeError, SettingsError
from negmine.scorers.judge.check import Tally, by_score
from negmine.scorers.judge.rounds import Slot
from negmine.stages.making import run_stages
from negmine.stages.opening import open_existing
from negmine.storage.workdir import Workdir
from tests import warm
from tests.conftest import DOCUMENTS, QRELS
from tests.scorers.judge.mining import Ear, mined
from tests.scorers.judge.server import answer, documents, honest, serving

POSITIVES = {" ".join(DOCUMENTS[doc]).strip() for _, doc, relevance in QRELS if relevance > 0}


def right(text):
    return text in POSITIVES


def read_settings(work):
    return json.loads((work / "settings.json").read_text())


def flags(server, **more):
    return {"judge_url": server.url, "judge_model": "m", "judge_retries": 0} | more


@pytest.mark.parametrize("method", ["verdict", "logprob"])
def test_an_honest_judge_passes(tmp_path, beir, method):
    work = mined(tmp_path / "w", beir)
    with serving(honest(right)) as server:
        given, remembered = flags(server, judge_method=method), read_settings(work)
        found = negmine.judge_check(work, **given)
        paid = len(server.requests)
        assert read_settings(work) == remembered  # the judge decides nothing yet
        assert {one.state for one in negmine.status(work)} == {"fresh"}
        assert negmine.judge_check(work, **given) == found
        assert len(server.requests) == paid
        done = negmine.filter(work, **given)
        examined = next(
            one for one in done.artifacts if one["artifact"] == "4-filter/judge-check-m"
        )
        assert examined["outcome"] == "fresh"
        assert done.summary["kept"] > 0
    assert found["positives"] == 6
    # in a corpus of 23, half of a query's random documents are some other query's positives
    assert found["sensitivity"] >= (1 if method == "verdict" else 0.8)
    assert found["abstained"] == 0
    assert found["specificity_judged_negatives"] == 1
    # a random document may be the positive of another query: the oracle here goes by the text alone
    assert found["specificity"] >= 0.5
    if method == "verdict":
        assert found["agreement"] == 1


def test_a_judge_that_finds_nothing_relevant_is_refused(tmp_path, beir):
    work = mined(tmp_path / "w", beir)
    with serving(honest(lambda text: False)) as server:
        with pytest.raises(GateNotMet, match="called 0% of 6 known positives") as told:
            negmine.filter(work, **flags(server))
        assert told.value.exit_code == 3
        asked = len(server.requests)
        with pytest.raises(GateNotMet):
            negmine.filter(work)
        assert len(server.requests) == asked
        assert negmine.filter(work, min_sensitivity=0.0).summary["kept"] > 0
        assert negmine.filter(work, min_sensitivity=0.8, force=True).summary["kept"] > 0
        unchecked = negmine.filter(work, judge_check=0)
    assert "4-filter/judge-check-m" not in {row["artifact"] for row in unchecked.artifacts}


def test_a_judge_that_cannot_be_read_is_reported_with_its_first_answer(tmp_path, beir):
    def script(request, number):
        return 200, answer("I am only a parrot.")

    work = mined(tmp_path / "w", beir)
    with serving(script) as server:
        with pytest.raises(GateNotMet) as error:
            negmine.filter(work, **flags(server))
        numbers = negmine.judge_check(work)
    assert "answers cannot be read, the first is 'I am only a parrot.'" in str(error.value)
    assert numbers["answers_unreadable"] == numbers["answers"] > 0


def test_a_biased_judge_is_exposed(tmp_path, beir):
    """Yes for whatever stands in the first half of the prompt."""

    def script(request, number):
        names = list(documents(request))
        said = (
            f"{n}: {'yes' if i < len(names) / 2 else 'no'}, confident" for i, n in enumerate(names)
        )
        return 200, answer("\n".join(said))

    work = mined(tmp_path / "w", beir)
    with serving(script) as server:
        found = negmine.judge_check(work, **flags(server))
    assert found["position_bias"] > 0.9
    assert found["agreement"] < 0.7


def test_a_judge_with_a_known_error_rate_measures_as_such():
    chance = random.Random(13)
    tally = Tally()
    for kind, truth in (("positive", "relevant"), ("random", "not_relevant")):
        wrong = {"relevant": "not_relevant", "not_relevant": "relevant"}[truth]
        tally.verdicts += [(kind, truth if chance.random() < 0.8 else wrong) for _ in range(5000)]
    tally.verdicts += [("judged_negative", "abstained")] * 10
    shares = tally.shares()
    assert shares["sensitivity"] == pytest.approx(0.8, abs=0.02)
    assert shares["specificity"] == pytest.approx(0.8, abs=0.02)
    assert shares["abstained"] == pytest.approx(10 / 10_010, abs=1e-4)
    assert shares["position_bias"] is None


def test_position_bias_is_the_difference_between_the_halves():
    tally = Tally(
        slots=[Slot(0, 0.0, True), Slot(1, 0.4, True), Slot(2, 0.6, False), Slot(3, 1.0, True)]
    )
    assert tally.shares()["position_bias"] == 0.5


def test_first_token_scores_count_against_each_other():
    """A positive at .30 is well judged if everything else is far below (UniME-V2's own rows)."""
    kinds = ["positive", "random", "random"]
    assert by_score(kinds, [0.3, 0.05, 0.1], 0.01) == ["relevant", "not_relevant", "not_relevant"]
    assert by_score(kinds, [0.3, 0.295, 0.1], 0.01) == ["relevant", "relevant", "not_relevant"]
    assert by_score(kinds, [0.1, 0.5, 0.2], 0.01) == ["not_relevant", "relevant", "relevant"]
    assert by_score(kinds, [None, 0.5, 0.05], 0.01) == ["abstained"] * 3
    assert by_score(kinds, [0.4, None, 0.05], 0.01) == ["relevant", "abstained", "not_relevant"]


def test_a_dry_run_asks_nothing_and_bounds_what_is_asked_later(tmp_path, beir):
    work = mined(tmp_path / "w", beir)
    with serving(honest(lambda text: False)) as server:
        asked = [
            "--judge-url",
            server.url,
            "--judge-model",
            "m",
            "--judge-batch",
            "2",
            "--num-negatives",
            "2",
        ]
        command = ["filter", work, *asked, "--judge-check", "0", "--json"]
        dry = warm.negmine(*command, "--dry-run", "--prices", "1,2")
        assert dry.returncode == 0, dry.stderr
        assert server.requests == []
        found = json.loads(dry.stdout)["data"]
        real = warm.negmine(*command)
        assert real.returncode == 0, real.stderr
        assert found["calls_least"] <= len(server.requests) <= found["calls_most"]
        letters = sum(len(prompt) for prompt in server.prompts)
    assert found["tokens_least"] * 4 <= letters * 1.2
    dollars = (found["tokens_most"] + 2 * found["answer_tokens_most"]) / 1e6
    assert found["dollars_most"] == pytest.approx(dollars, abs=1e-4)


def test_questions_about_a_judge_need_one(tmp_path, beir):
    work = mined(tmp_path / "w", beir)
    with pytest.raises(SettingsError, match="Which judge"):
        negmine.judge_check(work)
    done = warm.negmine("filter", work, "--dry-run")
    assert done.returncode == 2
    assert "--dry-run is about the judge" in done.stderr
    assert Workdir(work).manifest("4-filter/verdicts") is not None


def trial_sizes(server):
    return {len(documents(request)) for request in server.requests}


def test_the_examination_asks_as_it_will_be_asked(tmp_path, beir):
    work = mined(tmp_path / "w", beir)
    for batch, largest in ((16, 16), (3, 3), (1, 1)):
        with serving(honest(right)) as server:
            found = negmine.judge_check(work, **flags(server, judge_batch=batch))
            assert max(trial_sizes(server)) == largest
        assert found["negatives"] >= found["positives"]
        assert found["specificity"] is not None


def test_the_first_judge_is_examined_too(tmp_path, beir):
    """It clears every positive: what it clears is taken as not relevant, so it must not pass."""
    work = mined(tmp_path / "w", beir)
    blind = honest(lambda text: False)

    def script(request, number):
        return (blind if request["model"] == "small" else honest(right))(request, number)

    with serving(script) as server:
        given = flags(server, judge_first="small")
        found = negmine.judge_check(work, **given)
        assert (found["sensitivity"], found["sensitivity_first"]) == (0, 0)
        with pytest.raises(GateNotMet, match=r"called 0% .*--judge-first small flagged 0%"):
            negmine.filter(work, **given)


def test_silence_is_no_agreement(tmp_path, beir):
    work = mined(tmp_path / "w", beir)
    with serving(lambda r, n: (200, answer("I cannot tell."))) as server:
        assert negmine.judge_check(work, **flags(server))["agreement"] is None
    with serving(honest(right)) as server:
        assert negmine.judge_check(work, **flags(server, judge_rounds=1))["agreement"] is None
        assert negmine.judge_check(work, **flags(server, judge_rounds=2))["agreement"] == 1


def test_a_judge_that_always_says_yes_is_told(tmp_path, beir):
    work, ear = mined(tmp_path / "w", beir), Ear()
    with serving(honest(lambda text: True)) as server:
        found = check_judge(open_existing(work, flags(server), progress=ear))
        assert (found["sensitivity"], found["specificity"]) == (1, 0)
        run_stages(open_existing(work, flags(server), progress=ear), ["filter"])
    notes = [note for note in ear.notes if "only 0% of random documents" in note]
    assert len(notes) == 2
    with serving(honest(right)) as server:
        quiet = Ear()
        check_judge(open_existing(work, flags(server), progress=quiet))
        assert quiet.notes == []


def test_a_judge_that_always_says_no_is_told(tmp_path, beir):
    work, ear = mined(tmp_path / "w", beir), Ear()
    with serving(honest(lambda text: False)) as server:
        found = check_judge(open_existing(work, flags(server), progress=ear))
    assert found["sensitivity"] == 0
    assert [note for note in ear.notes if "calls none of" in note]


def test_an_examination_that_was_not_heard_is_not_over(tmp_path, beir):
    work = mined(tmp_path / "w", beir)
    broken = [True]

    def script(request, number):
        page = (200, "<html>maintenance</html>")
        return page if broken[0] else honest(right)(request, number)

    with serving(script) as server:
        with pytest.raises(JudgeError, match="examination is not over"):
            negmine.filter(work, **flags(server))
        broken[0] = False
        assert negmine.filter(work, **flags(server)).summary["kept"] > 0
        assert negmine.judge_check(work, **flags(server))["sensitivity"] == 1
