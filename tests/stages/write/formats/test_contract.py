"""What every output format promises, whichever it is: a new one in the registry is tested here at once."""

import ast
import inspect
from pathlib import Path

import polars as pl
import pytest

from negmine.config.settings import WriteSettings
from negmine.data.schemas import name_of
from negmine.data.texts import rendered
from negmine.stages.write.formats import registry
from negmine.stages.write.formats.registry import FORMATS
from negmine.storage.parquet import part_name
from tests.stages.write.build import DOCUMENTS, QUERIES, VERDICTS, verdicts, written
from tests.stages.write.formats import query_lists

every_format = pytest.mark.parametrize("name", [*FORMATS, query_lists.NAME])


IDS_ALONE = {
    "ids",
    "tevatron-ids",
    "nemo",
    "beir",
}  # formats whose rows have ids, and texts beside them
LINES = {
    "colbert",
    "arctic",
    "gpl",
    "rank-llm",
}  # of numbers, or with texts inside texts: see their tests
WORDS = {"", "user", "assistant", "normal", "negmine"}  # that formats add
with_texts = pytest.mark.parametrize("name", [n for n in FORMATS if n not in IDS_ALONE | LINES])


@pytest.fixture(autouse=True)
def _one_more_format(monkeypatch):
    monkeypatch.setitem(registry.MODULES, query_lists.NAME, query_lists.MODULE)


@every_format
def test_a_format_is_registered_under_its_own_name(name):
    assert FORMATS[name].name == name
    assert part_name(0, FORMATS[name].file_kind) in ("part-00000.parquet", "part-00000.jsonl")


@every_format
@pytest.mark.parametrize("num_negatives", [1, 3])
def test_the_columns_are_those_of_the_schema(name, num_negatives):
    schema = FORMATS[name].schema(WriteSettings(num_negatives=num_negatives))
    rows, _ = written(format=name, num_negatives=num_negatives)
    assert rows.columns == schema.names
    assert rows.height > 0
    assert name_of(schema).startswith("training/")


@every_format
def test_rows_stand_beside_their_provenance(name):
    """Texts are those of the documents that the same row of provenance names."""
    rows, provenance = written(format=name, num_negatives=3)
    assert rows.height == provenance.height
    text_of = dict(DOCUMENTS.iter_rows()) | dict(QUERIES.iter_rows())
    for row, about in zip(rows.iter_rows(), provenance.iter_rows(named=True), strict=True):
        ids = {one for key in ("positive_id", "negative_id") for one in _listed(about[key])}
        texts = {text_of[about["query_id"]], *(text_of[one] for one in ids)}
        if name in IDS_ALONE:
            assert _texts(row) & set(text_of) == {about["query_id"], *ids}
        elif name not in LINES:
            assert _texts(row) - ids - {about["query_id"], *WORDS} == texts


def _listed(value):
    return value if isinstance(value, list) else [] if value is None else [value]


def _all_texts(rows):
    ids = {*DOCUMENTS["doc_id"], *QUERIES["query_id"]}
    return set().union(*map(_texts, rows.iter_rows())) - WORDS - ids


def _texts(row):
    """Return all texts of a row, however deep they lie."""
    if isinstance(row, str):
        return {row}
    inside = row.values() if isinstance(row, dict) else row if isinstance(row, list | tuple) else ()
    return set().union(*map(_texts, inside))


@every_format
def test_nothing_to_write_keeps_the_schema(name):
    empty, about_nothing = written(VERDICTS.clear(), format=name)
    full, about = written(VERDICTS, format=name)
    assert empty.height == about_nothing.height == 0
    assert empty.schema == full.schema
    assert about_nothing.schema == about.schema


@every_format
def test_a_query_without_negatives_has_no_row_with_a_negative(name):
    _, provenance = written(verdicts([("a", False)], ("p",), "lonely"), format=name)
    assert provenance["negative_id"].drop_nulls().len() == 0


@with_texts
def test_texts_come_through_as_they_are(name):
    odd = {"a": 'tab\t "quoted" \\ line\nfeed', "c": "e\u0301 ｱ 🙂 \u2028 \u0000", "p1": "שלום"}
    documents = pl.DataFrame({"doc_id": list(odd), "text": list(odd.values())})
    queries = pl.DataFrame({"query_id": ["q"], "text": ["電池 \ufeff"]})
    data = verdicts([("a", True), ("c", True)], ("p1",))
    rows, _ = written(data, queries, documents, format=name, num_negatives=2)
    assert _all_texts(rows) == {*odd.values(), "電池 \ufeff"}


@with_texts
def test_a_document_without_a_title_is_its_text_alone(name):
    corpus = pl.DataFrame(
        {
            "doc_id": ["a", "p"],
            "title": pl.Series([None, "Tea"], dtype=pl.String),
            "text": ["A", "green"],
        }
    )
    documents = corpus.select("doc_id", rendered(title=True, separator=" "))
    rows, _ = written(verdicts([("a", True)]), QUERIES, documents, format=name, num_negatives=1)
    assert _all_texts(rows) == {"Q", "A", "Tea green"}


@every_format
def test_a_part_of_the_queries_gives_the_rows_that_it_gives_among_all(name):
    rows, provenance = written(format=name)
    parts = [written(part, format=name) for part in VERDICTS.partition_by("query_id")]
    assert pl.concat([part for part, _ in parts]).equals(rows)
    assert pl.concat([about for _, about in parts]).equals(provenance)


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_has_a_test_with_rows_written_by_hand(name):
    module = registry.MODULES[name].rpartition(".")[2]
    assert Path(__file__).with_name(f"test_{module}.py").exists()


@every_format
def test_formats_do_not_import_each_other(name):
    module = registry.MODULES[name]
    source = inspect.getsource(inspect.getmodule(FORMATS[name].rows))
    assert not _imports(source) & (set(registry.MODULES.values()) - {module})


def _imports(source):
    """Return every module that is imported, and every name from one, in full."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_all_ways_to_import_a_format_are_seen():
    package, other = "negmine.stages.write.formats", "negmine.stages.write.formats.triplet"
    for line in (
        f"import {other}",
        f"from {package} import triplet",
        f"from {other} import FORMAT",
    ):
        assert other in _imports(line)


@every_format
def test_a_format_says_what_it_is_in_sentences(name):
    output = FORMATS[name]
    for text in (output.reading, output.columns, output.about):
        assert text[0].isupper() or text[0] == "`"
        assert text.endswith(".")
    assert not output.row_per.endswith(".")
