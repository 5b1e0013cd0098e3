"""The grammar of answers: what is unambiguous is read, whatever its dress; all else is silence."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.scorers.judge.answers import answers, readable
from negmine.scorers.judge.base import Reply
from negmine.scorers.judge.prompts import ids_of
from negmine.scorers.judge.votes import SILENT

IDS = ids_of("q", ["one", "two", "three", "four"])
ONE, TWO = IDS[:2]
OTHER = f"d1-{'0' * 12}"
YES, NO = (True, True), (False, True)


def read(text, **about):
    """Return the answers that are there: id to (is yes, is confident)."""
    reply = Reply(text, **about)
    return {n: a for n, a in zip(IDS, answers(reply, IDS), strict=True) if a != SILENT}


def words(answer):
    return "yes" if answer[0] else "no", "confident" if answer[1] else "unsure"


def lines(form, rows):
    return "\n".join(
        form.format(id=name, a=words(one)[0], s=words(one)[1], n=n)
        for n, (name, one) in enumerate(rows, 1)
    )


def jsons(rows, separator="\n"):
    keys = ("id", "answer", "confidence")
    return separator.join(json.dumps(dict(zip(keys, (n, *words(a)), strict=True))) for n, a in rows)


FORMS = [
    "{id}: {a}, {s}", "- {id}: {a}, {s}", "* **{id}**: {a}, {s}", "{n}. {id}: {a}, {s}",
    "{n}) `{id}` - {a} ({s})",
    "| {id} | {a} | {s} |", "| {n} | {id} | {a} | {s} |", "> {id}: {a}, {s}", '"{id}": "{a}, {s}",',
    "<{id}>: {a}, {s}",
    "ID: {id}, Answer: {a}, {s}", "Document {id}: **{a}**, *{s}*.", "{id} = {a}; {s}", "[{id}] {a}, {s}",
    "### {id}\t{a}\t{s}", "{id}: {a}, {s} - it tells how tea is brewed, there is no doubt", "{id} → {a}, {s}",
    "__{id}__: {a}, {s}", "{id}: relevant? {a}, {s}",
]  # fmt: skip
DRESSES = {form: (lambda rows, form=form: lines(form, rows)) for form in FORMS} | {
    "upper case": lambda rows: lines("{id}: {a}, {s}", rows).upper(),
    "one line": lambda rows: lines("{id}: {a}, {s}", rows).replace("\n", "; "),
    "one line, with numbers": lambda rows: lines("{n}. {id}: {a}, {s}", rows).replace("\n", " "),
    "prose around": lambda rows: f"Sure, here you are:\n\n{jsons(rows)}\n\nNo more questions? yes or no",
    "a fence": lambda rows: f"```\n{lines('{id}: {a}, {s}', rows)}\n```",
    "crlf": lambda rows: lines("{id}: {a}, {s}", rows).replace("\n", "\r\n\r\n"),
    "twice": lambda rows: "\n".join([lines("{id}: {a}, {s}", rows)] * 2),
    "JSON lines": jsons,
    "a JSON list": lambda rows: f"[{jsons(rows, ', ')}]",
    "a JSON list in a fence": lambda rows: "Well:\n```json\n[" + jsons(rows, ",\n") + "]\n```\nDone.",
    "JSON over many lines": lambda rows: json.dumps(json.loads(f"[{jsons(rows, ',')}]"), indent=2),
    "a JSON object": lambda rows: json.dumps({n: ", ".join(words(a)) for n, a in rows}),
    "JSON in JSON": lambda rows: json.dumps({"results": [[n, *words(a)] for n, a in rows]}),
    "truth values": lambda rows: json.dumps({n: {"relevant": a[0], "confident": a[1]} for n, a in rows}),
    "JSON over many lines, with prose": lambda rows: (
        "Here:\n" + json.dumps({n: {"answer": ", ".join(words(a))} for n, a in rows}, indent=1) + "\nDone."
    ),
    "thoughts": lambda rows: f"<think>{lines('{id}: yes', rows)}\n</think>\n{lines('{id}: {a}, {s}', rows)}",
}  # fmt: skip
SOME = st.lists(
    st.tuples(st.sampled_from(IDS), st.tuples(st.booleans(), st.booleans())),
    min_size=1, max_size=4, unique_by=lambda row: row[0],
)  # fmt: skip


@pytest.mark.parametrize("dress", DRESSES)
@given(rows=SOME)
def test_answers_are_read_in_any_order_and_dress(dress, rows):
    assert read(DRESSES[dress](rows)) == dict(rows)


@pytest.mark.parametrize("dress", DRESSES)
@given(rows=SOME, at=st.floats(0, 1))
def test_an_answer_that_is_cut_anywhere_is_the_same_or_none(dress, rows, at):
    text = DRESSES[dress](rows)
    for whole in (True, False):
        for name, answer in read(text[: int(at * len(text))], whole=whole).items():
            if whole:  # the server says that nothing is missing: at most how sure it is is lost
                assert answer[0] == dict(rows)[name][0]
            else:
                assert answer == dict(rows)[name]


@pytest.mark.parametrize("dress", DRESSES)
@given(rows=SOME)
def test_an_answer_that_is_contradicted_is_none(dress, rows):
    against = [(name, (not answer[0], True)) for name, answer in rows]
    assert read(f"{DRESSES[dress](rows)}\n{lines('{id}: {a}, {s}', against)}") == {}
    unsure = [(name, (answer[0], False)) for name, answer in rows]
    assert read(f"{DRESSES[dress](rows)}\n{lines('{id}: {a}, {s}', unsure)}") == dict(unsure)


PIECES = [
    *IDS, OTHER, "yes", "no", "not", "relevant", "irrelevant", "confident", "unsure", "or", "and", "maybe",
    "wait",
    "но", "1.", "2", ":", ",", "\n", "|", "**", "{", "}", '"', "[", "]", "```", "<think>", "</think>", "!",
    "~~", "id", "answer",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=14), st.booleans())
def test_an_answer_is_a_word_behind_its_id(pieces, whole):
    """Whatever is read: its id stands in the text, and behind it the word."""
    text = " ".join(pieces)
    for name, (is_yes, is_sure) in read(text, whole=whole).items():
        behind = text[text.index(name) + len(name) :]
        assert ("yes" in behind) if is_yes and "relevant" not in behind else True
        assert is_yes or any(word in behind for word in ("no", "irrelevant", "not relevant"))
        assert not is_sure or "confident" in behind


AMBIGUOUS = [
    "perhaps", "no idea", "not sure", "yes and no", "yes/no", "yes or no, confident or unsure", "", "no, yes",
    "neither",
    "yes, confident or unsure", "yes, confident? no, not at all", "no, confident. Wait, yes",
    "no, confident - yes",
    "yes, confident. Actually irrelevant", "not irrelevant", "irrelevant: yes", "relevant, no", "нет yes",
    "não yes",
    "yesно", "no\N{COMBINING ACUTE ACCENT} yes", "!yes", "~~yes~~ no", "≠ no", "¬yes", "0", "1", "true",
    "not yes", "hardly no",
    "no doubt it is relevant", "no longer unsure", "yes no", "\N{ZERO WIDTH SPACE}no", "no 5", "yes 0.1",
    "no, but nearly",
]  # fmt: skip


@pytest.mark.parametrize("text", AMBIGUOUS)
@pytest.mark.parametrize("form", ["{}: {}", "| {} | {} |", "- **{}** {}"])
def test_what_can_be_read_in_two_ways_or_in_none_is_no_answer(form, text):
    assert read(form.format(ONE, text)) == {}


@pytest.mark.parametrize(
    "text",
    [
        f"The document says {ONE}: no, confident",
        f"{ONE} is better than {TWO}: yes, confident",
        f"{ONE}\nno, confident",
        f"no, confident: {ONE}",
        f"not {ONE}: yes",
        f"x{ONE}: no",
        f"{ONE}0: no",
        f"{OTHER}: no",
        "1: no\n2. no\nno",
        f"<think>{ONE}: no, confident",
        json.dumps({"id": ONE, "irrelevant": True}),
        json.dumps({"id": ONE, "answer": "yes", "verdict": "not relevant"}),
        json.dumps({"id": ONE, "answer": 1}),
        json.dumps({"id": ONE, "answer": None}),
        json.dumps({"id": ONE, "text": f"{ONE}: no"}),
        json.dumps([ONE, TWO, "no"]),
        f'{{"id": "{ONE}", "answer": "no", "answer": "yes"}}',
        f'{{"id": "{ONE}", "id": "{TWO}", "answer": "no"}}',
        json.dumps({f"{ONE}, {TWO}": "no"}),
    ],
)
def test_an_answer_without_one_clear_owner_is_none(text):
    assert read(text) == {}


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("relevant", (True, False)),
        ("not relevant, certain", NO),
        ("irrelevant!", (False, False)),
        ("Yes.", (True, False)),
        ("no (not sure)", (False, False)),
        ("yes, confident: I am sure there is no doubt", YES),
        ("no, unsure. Actually I cannot tell", (False, False)),
    ],
)
def test_other_words_for_the_same(text, answer):
    assert read(f"{ONE}: {text}") == {ONE: answer}


@pytest.mark.parametrize(
    "text",
    [
        "1 - " * 24_000, f"{ONE} " * 5_000, f"{ONE}: yes, confident " * 3_000, "[" * 99_000, "[1,\n" * 24_000,
        "[\"a\", {\"b\":\n" * 6_000, "```\n" * 24_000,
        f"{ONE}: " + "* " * 49_000, f"{ONE}: yes, confident" + " no" * 30_000, '{"a":' * 19_000,
        f"{ONE} " + "1." * 45_000,
        "</think>" * 12_000,
    ],
)  # fmt: skip
def test_hostile_answers_are_read_in_a_moment(text):
    start = time.thread_time()
    read(text)
    readable(Reply(text), False)
    assert time.thread_time() - start < 2
