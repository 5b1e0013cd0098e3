"""Rows of the campaign for files that other miners wrote: odd values in lists, and columns that fit nothing."""

import json

from tests.torture.malformed.rows import Row

_COMMAND = ("index", "WORK", "--retriever", "bm25", "--pairs", "FILE")
VALID = {
    "flagembedding": {"query": "q one", "pos": ["a text"], "neg": ["another text", "a third"]},
    "tevatron": {
        "query": "q one",
        "positive_passages": [{"docid": "1", "title": "", "text": "a text"}],
        "negative_passages": [{"docid": "2", "title": "", "text": "another text"}],
    },
    "triplets": {"anchor": "q one", "positive": "a text", "negative": "another text"},
}
_ODD = {
    "a number": 7,
    "an object": {"x": 1},
    "a list of lists": [["a"]],
    "a list of null": [None],
    "a list of numbers": [1, 2.5],
    "a text with a null byte": ["a\0b"],
    "half a character": ["\ud800"],
    "a deep list": [[[[[["a"]]]]]],
}
_SECOND = {"flagembedding": ("pos", "neg"), "tevatron": ("positive_passages", "negative_passages")}
_SCORES = {
    "too few": [1.0],
    "a text": ["x", 1],
    "infinite": [1e999, 1],
    "no list": 1,
    "true": [True, 1],
}


def mined_rows():
    """Yield a row for each odd value in each list of each form: file, line and what to do are told."""
    for form, keys in _SECOND.items():
        for key in keys:
            for name, value in _ODD.items():
                yield _row(form, f"{name} as {key}", {key: value}, 1, ("line 2", key))
        yield _row(form, f"no {keys[0]}", {keys[0]: None}, 1, ("line 2", keys[0]))
        yield _row(form, f"an empty {keys[0]}", {keys[0]: []}, 1, ("line 2", "no text in it"))
        yield _row(form, f"an empty {keys[1]}", {keys[1]: []}, 0)
        yield _row(form, "two forms", {}, 1, ("--pairs-format",), first=VALID["triplets"])
    for name, value in _SCORES.items():
        for key in ("neg_scores",):
            yield _row("flagembedding", f"{name} as {key}", {key: value}, 1, ("line 2", key))
    for name in ("a number", "a list of null", "an object"):
        code, words = (0, ()) if name == "a number" else (1, ("line 2", "negative"))
        yield _row("triplets", f"{name} as negative", {"negative": _ODD[name]}, code, words)


def _row(form, name, change, code, words=(), first=None):
    valid = VALID[form] | (first or {})
    rows = [valid, VALID[form] | change, VALID[form] | {"query": "q two"}]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    expected = (*words, "input.jsonl") if code else words
    return Row(
        f"{form}: {name}",
        lambda path: path.write_text(text),
        "input.jsonl",
        _COMMAND,
        code,
        expected,
    )
