"""Odd values in the columns of text formats: what stands in the second row, and how a command ends."""

from typing import Any, NamedTuple

HUGE = "x" * 1_000_000


class Value(NamedTuple):
    """value: of the second row. code and words: how a command ends. only: the formats that can hold it."""

    value: Any
    code: int
    words: tuple[str, ...] = ()
    only: tuple[str, ...] = ("jsonl",)


ALL = ("jsonl", "csv", "tsv")
IDS = {
    "missing": Value(None, 1, ("empty",)),
    "empty": Value("", 1, ("empty",), ALL),
    "a list": Value(["a"], 1, ("list",)),
    "an object": Value({"a": 1}, 1, ("dict",)),
    "a number": Value(7, 0),
    "a fraction": Value(7.5, 0),
    "a huge number": Value(2**200, 0),
    "NaN": Value(float("nan"), 1, ("empty",)),
    "infinite": Value(float("inf"), 1, ("infinite",)),
    "a switch": Value(True, 0),
    "half a character": Value("a\ud800", 1, ("surrogate",)),
    "NUL": Value("a\0b", 1, ("null byte",), ALL),
    "an end of line": Value("a\nb", 0, (), ("jsonl", "csv")),
    "steering": Value("\x1b[31mred\u202e", 0, (), ALL),
    "a megabyte": Value(HUGE, 0, (), ALL),
}
TEXTS = {
    "missing": Value(None, 1, ("empty",)),
    "blank": Value("  ", 1, ("empty",), ALL),
    "a list": Value(["a"], 1, ("list",)),
    "an object": Value({"a": 1}, 1, ("dict",)),
    "a number": Value(7, 0),
    "NaN": Value(float("nan"), 1, ("empty",)),
    "half a character": Value("a\ud800", 1, ("surrogate",)),
    "NUL": Value("a\0b", 1, ("null byte",), ALL),
    "a megabyte": Value(HUGE, 0, (), ALL),
    "steering": Value("\x1b[31mred\u202e", 0, (), ALL),
}
RELEVANCES = {
    "missing": Value(None, 1, ("relevance",)),
    "empty": Value("", 1, ("relevance",), ALL),
    "a fraction": Value(1.5, 1, ("whole number",), ALL),
    "NaN": Value("NaN", 1, ("whole number",), ALL),
    "NaN as a number": Value(float("nan"), 1, ("whole number",)),
    "infinite": Value("inf", 1, ("whole number",), ALL),
    "infinite as a number": Value(float("inf"), 1, ("whole number",)),
    "1e400": Value("1e400", 1, ("whole number",), ALL),
    "2 to the 31st": Value(2**31, 1, ("2,147,483,647",), ALL),
    "below 32 bits": Value(-(2**31) - 1, 1, ("2,147,483,647",), ALL),
    "2 to the 64th": Value(2**64, 1, ("2,147,483,647",), ALL),
    "1e300": Value("1e300", 1, ("2,147,483,647",), ALL),
    "the largest": Value(2**31 - 1, 0, (), ALL),
    "1.0": Value("1.0", 0, (), ALL),
    "a word": Value("relevant", 1, ("whole number",), ALL),
    "a switch": Value(True, 0),
    "a list": Value([1], 1, ("whole number",)),
    "a megabyte": Value(HUGE, 1, ("whole number",), ALL),
    "digits without end": Value("9" * 100_000, 1, ("2,147,483,647",), ALL),
    "underscores": Value("1_000", 1, ("whole number",), ALL),
    "Arabic digits": Value("١", 1, ("whole number",), ALL),
}
EXTRAS = {
    "a list": Value([1, [2]], 0),
    "an object": Value({"a": {"b": None}}, 0),
    "half a character": Value("a\ud800", 1, ("surrogate",)),
    "half a character in a list": Value(["a\ud800"], 1, ("surrogate",)),
    "NaN": Value(float("nan"), 0),
    "infinite": Value(float("inf"), 0),
    "a huge number": Value(2**200, 0),
    "NUL": Value("a\0b", 0, (), ALL),
    "a megabyte": Value(HUGE, 0, (), ALL),
    "a date beyond all dates": Value("99999-99-99T99:99:99", 0, (), ALL),
}
LINT = {
    "missing": Value(None, 0),
    "blank": Value("  ", 0, (), ALL),
    "a list": Value(["a"], 1, ("a text is wanted",)),
    "an object": Value({"a": 1}, 1, ("a text is wanted",)),
    "a number": Value(7, 1, ("a text is wanted",)),
    "half a character": Value("a\ud800", 1, ("surrogate",)),
    "a megabyte": Value(HUGE, 0, (), ALL),
    "steering": Value("\x1b[31mred\u202e", 0, (), ALL),
}


class Name(NamedTuple):
    """value: the name of a column of one's own. taken_by: readers for which it has a meaning."""

    value: str
    code: int = 0
    words: tuple[str, ...] = ()
    only: tuple[str, ...] = (*ALL, "parquet")
    taken_by: tuple[str, ...] = ()


_OURS = (
    "same_as",
    "text_key",
    "body_key",
    "source_row",
    "label",
    "rank",
    "kept",
    "reason",
    "title_source",
    "Text",
    "TEXT",
    "text_source",
    "same_as_source",
    "first_id",
    "row",
    "literal",
    "index",
    "",
    " ",
    "a" * 100_000,
    "\x1b[31m",
    "a.b",
    "*",
    "^.*$",
    "negmine.schema",
    "column_0",
    "len",
    "count",
    "\u202e",
    "é",
    "e\u0301",
)
_IDS = ("corpus", "queries", "qrels", "lint-corpus", "init-corpus")
NAMES = {name: Name(name) for name in _OURS} | {
    "doc_id": Name("doc_id", taken_by=_IDS),
    "query_id": Name("query_id", taken_by=_IDS),
    "id": Name("id", taken_by=("qrels",)),
    "score": Name("score", taken_by=("qrels",)),
    "a\nb": Name("a\nb", only=("jsonl", "csv", "parquet")),
    "a\0b": Name("a\0b", 1, ("NUL",)),
    "half\ud800": Name("half\ud800", 1, ("surrogate",), ("jsonl",)),
}
