"""Whether style tells which negatives a model wrote: planted styles are found, equal ones are not."""

import json
import random

import polars as pl
import pytest

import negmine
from negmine.analysis.lint.checks.style import FEATURES, features
from negmine.analysis.lint.checks.tells import LEAST

WORDS = "river stone bread window garden engine paper copper winter market signal harbour".split()


def text(chance, words=(6, 30), end="."):
    body = " ".join(chance.choices(WORDS, k=chance.randint(*words)))
    return body.capitalize() + end


def audit(tmp_path, written, found, **settings):
    """Lint rows with one written and one found negative each."""
    rows = [
        {
            "query": f"question number {n}", "pos": [f"an answer number {n}"], "neg": [own, other],
            "query_id": f"q{n}", "pos_id": [f"p{n}"],
            "neg_id": [f"generated-query-only-{n:020x}", f"d{n}"],
        }
        for n, (own, other) in enumerate(zip(written, found, strict=True))
    ]  # fmt: skip
    path = tmp_path / "x.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    report = negmine.lint(path, **settings)
    return next(rule for rule in report["rules"] if rule["rule"] == "generated_tells")


def test_a_style_that_tells_is_found_and_named(tmp_path):
    """Written texts end without a full stop, in three of four cases."""
    chance = random.Random(1)
    written = [text(chance, end="." if n % 4 == 0 else "") for n in range(80)]
    rule = audit(tmp_path, written, [text(chance) for _ in range(80)])
    assert rule["count"] == 1 and rule["level"] == "suspicion" and rule["share"] > 0.8
    assert rule["about"]["telling"][0]["feature"] == "ends with a full stop"
    # alone: P(written > found) + P(equal) / 2 = 0 + (1 / 4) / 2
    assert rule["about"]["telling"][0]["auc"] == pytest.approx(0.125, abs=1e-4)
    assert (rule["about"]["written"], rule["about"]["found"]) == (80, 80)


def test_texts_of_one_style_are_not_told_apart(tmp_path):
    chance = random.Random(2)
    written, found = ([text(chance) for _ in range(300)] for _ in range(2))
    rule = audit(tmp_path, written, found)
    assert rule["checked"] and rule["count"] == 0
    assert 0.4 < rule["share"] < 0.65


def test_the_limit_can_be_set(tmp_path):
    chance = random.Random(3)
    written = [text(chance, words=(12, 34)) for _ in range(200)]
    found = [text(chance) for _ in range(200)]
    share = audit(tmp_path, written, found)["share"]
    assert 0.55 < share < 0.8
    assert audit(tmp_path, written, found, tells_auc=0.55)["count"] == 1


def test_too_few_are_not_measured(tmp_path):
    chance = random.Random(4)
    texts = [text(chance) for _ in range(LEAST)]
    rule = audit(tmp_path, ["the same text"] * LEAST, texts)
    assert not rule["checked"] and "30" in rule["why_not"]
    path = tmp_path / "plain.jsonl"
    path.write_text('{"anchor": "a b", "positive": "c d", "negative": "e f"}\n')
    report = negmine.lint(path)
    rule = next(rule for rule in report["rules"] if rule["rule"] == "generated_tells")
    assert not rule["checked"] and "generate" in rule["why_not"]


def test_features_of_a_text():
    row = pl.DataFrame({"text": ["Tea, hot Tea: 80 degrees.\nDrink it"], "query": ["hot tea now"]})
    by_name = dict(zip(FEATURES, features(row)[0].round(6), strict=True))
    assert by_name["lines"] == pytest.approx(0.693147)  # ln 2
    assert by_name["characters per word"] == round(34 / 7, 6)
    assert by_name["share of capitals"] == round(3 / 34, 6)
    assert by_name["share of digits"] == round(2 / 34, 6)
    assert by_name["share of commas"] == round(1 / 34, 6)
    assert by_name["share of other punctuation"] == round(2 / 34, 6)
    assert by_name["share of the query's words"] == round(2 / 3, 6)
    assert by_name["share of words that are there twice"] == round(1 / 7, 6)
    assert (by_name["ends with a full stop"], by_name["begins with a capital"]) == (0, 1)
    empty = features(pl.DataFrame({"text": ["", "。"], "query": ["", "x"]}))
    assert empty.shape == (2, len(FEATURES)) and (empty == empty).all()
