"""Rows of the campaign out of odd columns of Parquet files, in each place where a reader may meet them."""

import pyarrow as pa

from tests.torture.malformed.files import ROWS, as_parquet
from tests.torture.malformed.kinds_of_parquet import COLUMNS, TABLES
from tests.torture.malformed.rows import Row, reader

_COUNTED = (0, "cannot be used")
_FILE = "input.parquet"
_OTHERS = (1, "is not in the")  # they are read, and qrels name other ids


def column_rows():
    """Yield a row for each kind of column as id, text, relevance, or a column of one's own."""
    for role in ("corpus", "queries", "lint-corpus", "lint-queries", "init-corpus"):
        own = "lang" if role.endswith("queries") else "url"
        for name, column in COLUMNS.items():
            yield _row(role, "_id", name, column, _of_id(role, column))
            yield _row(role, "text", name, column, _of_text(role, column))
            yield _row(role, own, name, column, column.own)
    for role in ("qrels", "lint-qrels"):
        for name, column in COLUMNS.items():
            yield _row(role, "query-id", name, column, _of_id(role, column))
            yield _row(role, "score", name, column, column.as_relevance)
    for name, column in COLUMNS.items():
        text = column.as_text
        yield _row(
            "pairs",
            "anchor",
            name,
            column,
            (1, "empty") if text[0] == 0 and column.is_empty else text,
        )
        yield _row("pairs", "own", name, column, column.own)
        yield _row("init", "own", name, column, column.own)
        yield _row("lint", "own", name, column, column.own)
        yield _row("lint", "query_id", name, column, column.own)
        yield _row("lint", "score", name, column, column.own)
        yield _row("lint", "negative", name, column, column.in_lint)


def _of_id(role, column):
    expected = column.as_id
    if role.endswith("qrels") and "already" in expected:
        expected = (0,)
    if role in ("corpus", "queries", "qrels") and expected[0] == 0:
        return _OTHERS
    return _COUNTED if expected[0] and role.startswith("init") else expected


def _of_text(role, column):
    if column.is_empty and role.endswith("corpus"):
        return (0,)  # there is a title
    expected = (1, "empty") if column.is_empty else column.as_text
    return _COUNTED if expected[0] and role.startswith("init") else expected


def _row(role, name, kind, column, expected):
    who = reader(role, "parquet")
    code, *words = expected
    is_named = code and (expected is not _OTHERS or role == "qrels")
    words = (*words, _FILE) if is_named else tuple(words)
    title = f"{who.name}: {name} is {kind}"
    return Row(title, _with_column(who, name, column), _FILE, who.command, code, words)


def _with_column(who, name, column):
    def make(path):
        table = pa.Table.from_pylist(ROWS[who.rows])
        values = column.values(table.num_rows)
        if name in table.column_names:
            table = table.set_column(table.column_names.index(name), name, values)
        else:
            table = table.append_column(name, values)
        path.write_bytes(as_parquet(table))

    return make


def table_rows():
    """Yield a row for each Parquet file that is odd as a whole, and each reader."""
    for role in (
        "corpus",
        "queries",
        "qrels",
        "pairs",
        "lint",
        "init",
        "lint-corpus",
        "lint-qrels",
    ):
        who = reader(role, "parquet")
        for name, kind in TABLES.items():
            make = _with_table(who, kind.change)
            words = (*kind.words, _FILE) if kind.code else ()
            yield Row(f"{who.name}: {name}", make, _FILE, who.command, kind.code, words)


def _with_table(who, change):
    return lambda path: path.write_bytes(as_parquet(change(pa.Table.from_pylist(ROWS[who.rows]))))
