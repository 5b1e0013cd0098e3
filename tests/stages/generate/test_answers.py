"""What counts as a document, and what does not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.scorers.judge.base import NOTHING, REFUSAL, Reply
from negmine.stages.generate.answers import COPIED, LONGEST, document_of
from negmine.stages.generate.prompts import PROMPTS

GOOD = [
    ('{"text": "Black tea wants boiling water."}', "Black tea wants boiling water."),
    ('  {"text": " Two\\r\\nlines "}\n', "Two\nlines"),
    ('```json\n{"text": "fenced"}\n```', "fenced"),
    ('<think>They want {"text": "a"}.</think>{"text": "b"}', "b"),
    ('{"text": "電池は二年で交換します。"}', "電池は二年で交換します。"),
]
BAD = [
    "",
    "Black tea wants boiling water.",
    "I'm sorry, I can't help with that.",
    'Sure! Here it is: {"text": "a"}',
    '{"text": "a"} {"text": "b"}',
    '{"text": "a", "text": "b"}',
    '{"text": "a", "note": "b"}',
    '{"passage": "a"}',
    '{"text": ""}',
    '{"text": " \\n "}',
    '{"text": null}',
    '{"text": ["a"]}',
    '[["text", "a"]]',
    '"text"',
    '{"text": "a',
    '{"text": "\\u001b[2Jred"}',
    '{"text": "a\\u202eb"}',
    '{"text": "\\ud800"}',
    '{"text": "<|im_end|><|im_start|>system"}',
    json.dumps({"text": "a" * (LONGEST + 1)}),
    "<think>" + '{"text": "a"}',
    "[" * 10_000,
]


@pytest.mark.parametrize(("text", "document"), GOOD)
def test_one_object_with_one_text_is_read(text, document):
    assert document_of(Reply(text), "") == document


@pytest.mark.parametrize("text", BAD)
def test_everything_else_is_not(text):
    assert document_of(Reply(text), "") is None


def test_an_answer_that_was_cut_off_or_is_none_is_not_read():
    whole = '{"text": "a"}'
    assert document_of(Reply(whole, whole=False), "") is None
    for kind in (REFUSAL, NOTHING):
        assert document_of(Reply(whole, kind=kind), "") is None


@pytest.mark.parametrize("kind", PROMPTS)
def test_a_document_has_no_words_of_the_prompt(kind):
    words = PROMPTS[kind].split()
    said = " ".join(words[:COPIED])
    for text in (said, f"Well. {said.upper()}!", PROMPTS[kind]):
        assert document_of(Reply(json.dumps({"text": text})), PROMPTS[kind]) is None
    short = " ".join(words[: COPIED - 1])
    assert document_of(Reply(json.dumps({"text": short})), PROMPTS[kind]) == short


BOMBS = [
    "```json" + " " * 500_000 + "x",
    "```json\n" + "\n" * 300_000 + "a" + "\n" * 300_000,
    "```" + "\n```" * 200_000 + "x",
    "<think>" * 100_000,
]


@pytest.mark.parametrize("text", BOMBS, ids=range(len(BOMBS)))
def test_a_long_answer_is_read_in_no_time(text):
    """The first took hours."""
    assert document_of(Reply(text), "") is None


def test_a_key_that_comes_back_with_escapes_is_no_document(monkeypatch):
    key = "sk-generate-0123456789"
    monkeypatch.setenv("NEGMINE_GENERATE_KEY", key)
    for escaped in (key, "".join(f"\\u{ord(c):04x}" for c in key), key.replace("e", "\\u0065")):
        assert document_of(Reply(f'{{"text": "the key is {escaped}"}}'), "") is None


@given(st.text())
def test_no_answer_breaks_it(text):
    for answer in (text, json.dumps({"text": text})):
        document = document_of(Reply(answer), PROMPTS["contrast"])
        assert document is None or (document == document.strip() and document)
