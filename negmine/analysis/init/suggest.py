"""What follows from the data: settings that it needs, and sentences of advice."""

from __future__ import annotations

from typing import Any

from negmine.analysis.init.look import Data, Table
from negmine.config.pairs_formats import FLAGEMBEDDING, TEVATRON
from negmine.config.settings import IndexSettings
from negmine.data.sources.columns import listed
from negmine.errors import InputError

QUERY_COLUMNS = ("anchor", "query", "question", "sentence1", "text1")
POSITIVE_COLUMNS = ("positive", "pos", "document", "passage", "answer", "sentence2", "text2")
MANY_DOCUMENTS = 200_000  # from here on encoding all of them on a CPU takes hours


def needed(settings: IndexSettings, data: Data) -> dict[str, Any]:
    """Return the settings of the index stage that a run over this data needs, by field name."""
    fields: dict[str, Any] = {
        name: getattr(settings, name)
        for name in settings.model_fields_set
        if getattr(settings, name) is not None
    }
    if data.split is not None:
        fields["qrels_split"] = data.split
    if any(table.skipped for table in data.tables):
        fields["on_error"] = "skip"
    pairs = next((table for table in data.tables if table.role == "pairs"), None)
    if pairs is None:
        return fields
    if pairs.form in (FLAGEMBEDDING, TEVATRON):
        return {**fields, "pairs_format": pairs.form}
    return fields | _pair_columns(settings, pairs)


def _pair_columns(settings: IndexSettings, pairs: Table) -> dict[str, str]:
    """Return which columns hold query and positive, where they are not called as usual."""
    lower = {name.lower(): name for name in reversed(pairs.columns)}
    columns = {}
    for field, names in (("query_column", QUERY_COLUMNS), ("positive_column", POSITIVE_COLUMNS)):
        if field in settings.model_fields_set:
            column = getattr(settings, field)
        else:
            column = next((lower[name] for name in names if name in lower), None)
        if column not in pairs.columns:
            flag = f"--{field.replace('_', '-')}"
            raise InputError(
                f"{pairs.file}: which column holds the {field.removesuffix('_column')}? It has: "
                f"{listed(pairs.columns)}. Name it with {flag}."
            )
        columns[field] = column
    return {name: column for name, column in columns.items() if column != _default(name)}


def _default(field: str) -> Any:
    return IndexSettings.model_fields[field].default


def advice(settings: IndexSettings, data: Data) -> list[str]:
    """Return sentences about the data that help to choose settings."""
    return [*_retrievers(data), *_unusable(data), *_splits(data), *_relevance(settings, data)]


def _retrievers(data: Data) -> list[str]:
    documents = sum(table.rows for table in data.tables if table.role in ("corpus", "pairs"))
    if documents < MANY_DOCUMENTS:
        return ["Retrievers: bm25 and dense, the default, suit a corpus of this size."]
    return [
        f"Retrievers: encoding {documents:,} documents for the dense retriever takes hours without a GPU. "
        'Begin with retriever = ["bm25"], or set dense-scope = "candidates".'
    ]


def _unusable(data: Data) -> list[str]:
    return [
        f"{table.file.name}: {count:,} of the first rows cannot be used ({reason.split(': ', 1)[-1]}); "
        'on-error = "skip" leaves such rows out.'
        for table in data.tables
        for reason, count in table.skipped.items()
    ]


def _splits(data: Data) -> list[str]:
    if len(data.splits) < 2:
        return []
    return [f"Splits of the qrels: {', '.join(data.splits)}. This file reads {data.split}."]


def _relevance(settings: IndexSettings, data: Data) -> list[str]:
    judged = data.judgements
    if judged is None:
        return []
    least = settings.min_relevance
    sentences = []
    if max(judged.relevances, default=1) > 1:
        grades = ", ".join(map(str, judged.relevances))
        sentences.append(
            f"Relevance has the grades {grades}. From {least} on a document is a positive (min-relevance)."
        )
    if not judged.queries:
        qrels = next(table for table in data.tables if table.role == "qrels")
        left_out = "".join(
            f" {count:,} of its first rows cannot be used ({reason.split(': ', 1)[-1]})."
            for reason, count in qrels.skipped.items()
        )
        raise InputError(
            f"{qrels.file}: none of the first judgements has relevance {least} or more, so no query has a "
            f"positive.{left_out} Check that this is the right qrels file."
        )
    several = f"{judged.several:,}" if judged.several else "none"
    first = f"Of the first {judged.queries:,} queries with a positive, {several} have "
    needs = "negmine leak and --max-leak need such queries."
    return [*sentences, f"{first}two or more. {needs}"]
