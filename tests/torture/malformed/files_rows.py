"""Rows of the campaign out of kinds of bytes and of values, for all readers of text files."""

import json

from tests.torture.malformed.files import ROWS, WRITERS
from tests.torture.malformed.kinds_of_bytes import GZIPPED, KINDS
from tests.torture.malformed.kinds_of_values import EXTRAS, IDS, LINT, NAMES, RELEVANCES, TEXTS
from tests.torture.malformed.rows import Row, reader

TABLES = (
    "corpus",
    "queries",
    "pairs",
    "lint",
    "init",
    "lint-corpus",
    "lint-queries",
    "init-corpus",
)
JUDGED = ("qrels", "lint-qrels", "init-qrels")
TEXT = ("jsonl", "csv", "tsv")
COUNTED = "cannot be used"  # what `init` says of bad rows
READERS = [
    *((role, ending) for role in TABLES for ending in (*TEXT, "parquet")),
    *((role, ending) for role in JUDGED for ending in (*TEXT, "parquet", "qrels")),
]


def byte_rows():
    """Yield a row for each kind of broken bytes and each reader that can meet it."""
    for role, ending in READERS:
        for name, kind in (KINDS | GZIPPED).items():
            if ending not in kind.endings or (kind.only and role not in kind.only):
                continue
            file = f"input.{ending}{'.gz' if name in GZIPPED else ''}"
            code, words = kind.code, (*kind.words, file)
            if code == 0:
                words = ()
            elif kind.of_row and role.startswith("init"):
                code, words = 0, (COUNTED,)
            who = reader(role, ending)
            yield Row(f"{who.name}: {name}", _changed(who, kind), file, who.command, code, words)


def _changed(who, kind):
    return lambda path: path.write_bytes(kind.change(who.valid()))


def value_rows():
    """Yield a row for each odd value in each column of each reader."""
    for ending in TEXT:
        for role in ("corpus", "queries", "lint-corpus", "lint-queries", "init-corpus"):
            own = "lang" if role.endswith("queries") else "url"
            columns = {"_id": IDS, "text": TEXTS, own: EXTRAS}
            if own == "url":
                columns["title"] = TEXTS
            yield from _values(role, ending, columns)
        for role in JUDGED:
            yield from _values(
                role, ending, {"query-id": IDS, "corpus-id": IDS, "score": RELEVANCES}
            )
        yield from _values("pairs", ending, {"anchor": TEXTS, "positive": TEXTS})
        yield from _values("lint", ending, {"anchor": LINT, "negative": LINT})


def _values(role, ending, columns):
    who = reader(role, ending)
    place = {"qrels": 1, "triplets": 1, "pairs": 1}.get(who.rows, -1)  # no judgement names the last
    line = (place % len(ROWS[who.rows])) + (1 if ending == "jsonl" else 2)
    for column, kinds in columns.items():
        for name, kind in kinds.items():
            if ending not in kind.only:
                continue
            code, words = _expected(role, column, kind, f"line {line}")
            make = _with_value(who, place, column, kind.value)
            title = f"{who.name}: {column} is {name}"
            yield Row(title, make, f"input.{ending}", who.command, code, words)


def _expected(role, column, kind, line):
    code, words = kind.code, (*kind.words, line, "input.")
    if role.endswith("corpus") and column in ("text", "title") and kind.words == ("empty",):
        return 0, ()  # there is a title beside the text, and the other way round
    if role == "qrels" and column != "score" and not code:
        return 1, ("is not in the", line)
    if code and role.startswith("init"):
        return 0, (COUNTED,)
    return (code, words) if code else (0, ())


def _with_value(who, place, column, value):
    def make(path):
        rows = [dict(row) for row in ROWS[who.rows]]
        rows[place][column] = value
        path.write_bytes(_written(who.ending, rows))

    return make


def _written(ending, rows):
    if ending == "jsonl":  # with escapes, so that half a character can be written
        return "".join(json.dumps(row) + "\n" for row in rows).encode()
    return WRITERS[ending](rows)


def name_rows():
    """Yield a row for each odd name of a column of one's own."""
    for ending in (*TEXT, "parquet"):
        for role in (
            "corpus",
            "queries",
            "qrels",
            "pairs",
            "lint",
            "init",
            "lint-corpus",
            "init-corpus",
        ):
            who = reader(role, ending)
            for name, kind in NAMES.items():
                if ending not in kind.only or role in kind.taken_by:
                    continue
                title = f"{who.name}: a column called {name[:20]!r}"
                words = (*kind.words, "input.") if kind.code else ()
                make = _with_name(who, kind.value)
                yield Row(title, make, f"input.{ending}", who.command, kind.code, words)


def _with_name(who, name):
    def make(path):
        rows = [{**row, name: f"own {place}"} for place, row in enumerate(ROWS[who.rows])]
        path.write_bytes(_written(who.ending, rows))

    return make
