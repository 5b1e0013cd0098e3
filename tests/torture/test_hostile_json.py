"""JSON that somebody else wrote, in a work directory and as data: a message or no effect, never a traceback."""

import json
import os
import shutil

import pytest

import negmine
from negmine.storage.small_json import read_sealed
from tests import warm
from tests.conftest import write_beir
from tests.torture.faults import FULL

DEEP = 200_000
CONTENTS = {
    "null": "null", "list": "[]", "list of lists": "[[]]", "number": "7", "text": '"x"', "true": "true",
    "empty object": "{}", "empty": "", "half": '{"a": ', "no UTF-8": b"\xff\xfe{", "NUL": "\0" * 64,
    "deep list": "[" * DEEP + "]" * DEEP, "deep object": '{"a":' * DEEP + "1" + "}" * DEEP,
    "huge number": '{"index": ' + "9" * 5000 + "}", "NaN": '{"index": NaN}', "stages null": '{"index": null}',
    "stages list": '{"index": [1]}', "unknown": '{"index": {"no_such": 1}}',
    "surrogate": '{"index": {"data": "\\ud800"}}',
}  # fmt: skip
FILES = (
    "settings.json",
    ".digests.json",
    ".lock-holder.json",
    "4-filter/verdicts/_manifest.json",
    "prove/result.json",
)
MANIFESTS = {
    "parts": (None, 7, [7], [{}], [{"file": 7}], [{"file": "../x", "bytes": 1, "rows": 1}]),
    "stats": (None, [], 7),
    "rows": (None, "x", []),
    "identity": (None, 7, []),
    "inputs": (None, [], {"a": 7}),
    "stage": (None, 7),
    "settings": (None, [], 7),
    "seconds": (None, "x"),
}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_beir(tmp_path_factory.mktemp("data") / "beir")


@pytest.fixture(scope="module")
def finished(tmp_path_factory, data):
    return negmine.mine(tmp_path_factory.mktemp("finished") / "w", data=data, retriever="bm25").work


def tried(work, act):
    """Run an act of the library; return the message of its error, if any."""
    try:
        act(work)
    except negmine.NegmineError as error:
        return str(error)
    return None


ACTS = (
    lambda work: negmine.status(work),
    lambda work: negmine.leak(work),
    lambda work: negmine.report(work, leak=False),
    lambda work: negmine.filter(work, max_risk=0.5),
    lambda work: negmine.write(work),
)


FEW = ("null", "list", "half", "no UTF-8", "deep list")
TRIED = [
    (file, content)
    for number, file in enumerate(FILES)
    for content in (CONTENTS if FULL or number == 0 else FEW)
]


@pytest.mark.parametrize(("file", "content"), TRIED)
def test_hostile_content_is_named_or_has_no_effect(file, content, finished, data, tmp_path):
    work = shutil.copytree(finished, tmp_path / "w")
    hostile = CONTENTS[content]
    place = work / file
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(hostile if isinstance(hostile, bytes) else hostile.encode())
    for act in ACTS:
        message = tried(work, act)
        assert message is None or len(message) < 2000
    negmine.mine(work, data=data, retriever="bm25")
    assert all(one.state == "fresh" for one in negmine.status(work))


@pytest.mark.parametrize(
    ("field", "value"), [(f, v) for f, values in MANIFESTS.items() for v in values]
)
def test_a_manifest_with_a_wrong_field_proves_nothing(field, value, finished, data, tmp_path):
    work = shutil.copytree(finished, tmp_path / "w")
    place = work / "4-filter/verdicts/_manifest.json"
    manifest = read_sealed(place)
    place.write_text(json.dumps(manifest | {field: value}))
    for act in ACTS[:3]:
        tried(work, act)
    negmine.mine(work, data=data, retriever="bm25")
    del manifest[field]
    place.write_text(json.dumps(manifest))
    for act in ACTS[:3]:
        tried(work, act)
    negmine.mine(work, data=data, retriever="bm25")
    assert all(one.state == "fresh" for one in negmine.status(work))


ROW = '{"query": "a question", "positive": "an answer", "more": %s}'
INPUTS = {
    "deep list in the first row": [ROW % ("[" * DEEP + "]" * DEEP)],
    "deep object in the second row": [ROW % "1", ROW % ('{"a":' * DEEP + "1" + "}" * DEEP)],
    "deep and not closed": [ROW % "1", ROW % ("[" * DEEP)],
    "many brackets in a text": [ROW % json.dumps("[" * DEEP)],
}


@pytest.mark.parametrize("command", ["mine", "lint"] if FULL else ["mine"])
@pytest.mark.parametrize("rows", INPUTS)
def test_data_that_is_nested_too_deep_is_a_bad_row(rows, command, tmp_path):
    (tmp_path / "pairs.jsonl").write_text("\n".join(INPUTS[rows]) + "\n")
    words = {
        "mine": [
            "mine",
            tmp_path / "w",
            "--pairs",
            tmp_path / "pairs.jsonl",
            "--retriever",
            "bm25",
        ],
        "lint": ["lint", tmp_path / "pairs.jsonl", "--query-column", "query"],
    }[command]
    done = warm.negmine(*words)
    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr
    if done.returncode:
        assert "pairs.jsonl" in done.stderr
    assert len(done.stderr) < 5000


@pytest.mark.parametrize("place", ["pipe", "/dev/zero", "/proc/self/environ"])
def test_what_is_no_regular_file_is_refused_at_once(place, tmp_path):
    if place == "pipe":
        place = tmp_path / "pairs.jsonl"
        os.mkfifo(place)
    done = warm.negmine("mine", tmp_path / "w", "--pairs", place)
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    assert str(place).rsplit("/", 1)[-1] in done.stderr
