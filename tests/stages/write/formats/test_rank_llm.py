"""rank-llm: passages under letters that tell nothing, and the ranking in letters alone."""

import json
import re

import pytest

import negmine
from negmine.errors import SettingsError
from tests.stages.write.build import SCORED, written
from tests.stages.write.formats.bundles import files


def _texts_by_letter(turns):
    return dict(re.findall(r"^\[([A-T])\] (.*)$", turns[1]["value"], re.MULTILINE))


def _ranked(row):
    """Return the texts in the order of the answer."""
    turns = row["conversations"]
    assert [turn["from"] for turn in turns] == ["system", "human", "gpt"]
    assert re.fullmatch(r"\[[A-T]\]( > \[[A-T]\])*", turns[2]["value"])
    texts = _texts_by_letter(turns)
    assert sorted(texts) == list("ABCDEFGHIJKLMNOPQRST"[: len(texts)])
    return [texts[letter] for letter in re.findall("[A-T]", turns[2]["value"])]


def test_the_positive_is_best_then_negatives_in_their_order():
    rows, _ = written(num_negatives=3, format="rank-llm")
    assert [_ranked(row) for row in rows.to_dicts()] == [
        ["P1", "A", "C", "D"],
        ["P2", "A", "C", "D"],
    ]


def test_a_teacher_orders_passages_by_its_scores():
    above = SCORED.with_columns(bm25_score=-SCORED["bm25_score"])
    rows, _ = written(above, num_negatives=3, format="rank-llm", teacher="bm25")
    assert _ranked(rows.to_dicts()[0]) == ["D", "C", "A", "P1"]


def test_a_conversation_asks_in_the_words_of_rankzephyr():
    rows, _ = written(num_negatives=1, format="rank-llm")
    system, human, _ = rows.to_dicts()[0]["conversations"]
    assert system["value"].startswith("You are RankLLM, an intelligent assistant")
    assert human["value"].startswith("I will provide you with 2 passages")
    assert "the search query: Q.\n[A] " in human["value"]
    assert "Search Query: Q.\nRank the 2 passages above" in human["value"]


def test_letters_are_drawn_by_the_seed():
    def first(seed):
        rows, _ = written(num_negatives=3, format="rank-llm", seed=seed)
        return [_texts_by_letter(row["conversations"])["A"] for row in rows.to_dicts()]

    assert first(1) == first(1)
    assert len({text for seed in range(20) for text in first(seed)}) == 5


def test_the_file_is_one_list(tmp_path):
    made = files(tmp_path, format="rank-llm", num_negatives=2)
    assert len(json.loads(made["train.json"])) == 2
    assert (
        json.loads(files(tmp_path / "none", SCORED.clear(), format="rank-llm")["train.json"]) == []
    )


def test_more_negatives_than_letters_are_refused(tmp_path, beir):
    with pytest.raises(SettingsError, match="--format rank-llm has a place for 19 negatives"):
        negmine.mine(
            tmp_path / "work", data=beir, retriever="bm25", format="rank-llm", num_negatives=20
        )
