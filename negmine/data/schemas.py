"""Every table that passes between stages: the page to read first.

`doc_id` and `query_id` are strings everywhere. `score`: higher is better, never a distance. `rank`:
from 1. Rows of one query stand together, ordered by rank, and a query is never split over two parts.
Name and version of a schema ride in the Parquet metadata (`negmine.schema`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import pyarrow as pa

from negmine.errors import SchemaError

FIRST_RANK = 1
POSITIVE_TEACHER = "positive_teacher_score"  # in provenance: the score of --teacher for a positive
JUDGED_POSITIVE = "judged_positive"  # a judge's word, in provenance only
NEIGHBOUR_POSITIVE = "neighbour_positive"  # what the nearest labelled pairs say, in provenance only
POSITIVE, UNLABELED, JUDGED_NEGATIVE = "positive", "unlabeled", "judged_negative"
RANDOM = "random"  # in provenance only: a random document, of which nobody knows more
GENERATED = "generated"  # written by a language model: stages/generate
PARTLY_RELEVANT = "partly_relevant"  # relevance above 0, but below --min-relevance

ID = pa.large_string()
TEXT = pa.large_string()
TEXT_KEY = pa.binary(16)  # blake2b of the normalised text, see texts.text_key


def _schema(name: str, *fields: pa.Field) -> pa.Schema:
    return pa.schema(fields, metadata={"negmine.schema": name})


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


CORPUS = _schema(
    "corpus/2",
    _required("doc_id", ID),
    pa.field("title", pa.large_string()),
    _required("text", pa.large_string()),
    pa.field("same_as", ID),
    _required("text_key", TEXT_KEY),
    _required("body_key", TEXT_KEY),
    _required("source_row", pa.int64()),
)
QUERIES = _schema(
    "queries/1",
    _required("query_id", ID),
    _required("text", pa.large_string()),
    pa.field("same_as", ID),
    _required("text_key", TEXT_KEY),
    _required("source_row", pa.int64()),
)
QRELS = _schema(
    "qrels/1",
    _required("query_id", ID),
    _required("doc_id", ID),
    _required("relevance", pa.int32()),
)
LABELS = _schema(
    "labels/1",
    *QRELS,
    _required("who", pa.large_string()),
    _required("when", pa.large_string()),
)
RUN = _schema(
    "run/1",
    _required("query_id", ID),
    _required("doc_id", ID),
    _required("rank", pa.int32()),
    _required("score", pa.float32()),
)
SEARCHED = _schema(
    "searched/1",
    _required("what", pa.large_string()),
    _required("id", ID),
    _required("key", pa.uint64()),
    _required("key_2", pa.uint64()),
)
RECALL = _schema(
    "recall/1",
    _required("query_id", ID),
    _required("found", pa.int32()),
    _required("wanted", pa.int32()),
)
CANDIDATES = _schema(
    "candidates/1",
    _required("query_id", ID),
    _required("doc_id", ID),
    _required("label", pa.large_string()),
    pa.field("rank", pa.int32()),
    pa.field("score", pa.float32()),
)
GENERATED_DOCUMENTS = _schema(
    "generated-documents/1",
    _required("query_id", ID),
    _required("kind", pa.large_string()),
    _required("number", pa.int32()),
    _required("outcome", pa.large_string()),
    pa.field("doc_id", ID),
    pa.field("text", pa.large_string()),
    pa.field("text_key", TEXT_KEY),
    _required("origin", pa.large_string()),
)
ASKED_FOR = _schema("asked-for/1", _required("query_id", ID))
LIKENESS = _schema(
    "likeness/1",
    _required("query_id", ID),
    _required("doc_id", ID),
    pa.field("positive_similarity", pa.float32()),
    pa.field("positive_similarity_mean", pa.float32()),
)
SCORES = _schema(
    "scores/1",
    _required("query_id", ID),
    _required("doc_id", ID),
    pa.field("score", pa.float32()),
)
FEATURES = _schema(
    "features/4",
    _required("query_id", ID),
    _required("doc_id", ID),
    pa.field("positive_similarity", pa.float32()),
    pa.field("positive_similarity_mean", pa.float32()),
    pa.field("centroid_similarity", pa.float32()),
    pa.field("owner_query_similarity", pa.float32()),
    pa.field("neighbours", pa.float32()),
    pa.field("same_parent", pa.bool_()),
    pa.field("contains_answer", pa.bool_()),
)
JUDGMENTS = _schema(
    "judgments/1",
    _required("query_id", ID),
    _required("doc_id", ID),
    pa.field("score", pa.float32()),
    pa.field("judge_verdict", pa.large_string()),
    pa.field("rounds", pa.int32()),
)
CHECK = _schema(
    "judge-check/1",
    _required("measure", pa.large_string()),
    pa.field("value", pa.float64()),
)
SURVIVORS = _schema(
    "survivors/1",
    _required("query_id", ID),
    _required("doc_id", ID),
    _required("kept", pa.bool_()),
)
VERDICTS = _schema(
    "verdicts/4",
    *CANDIDATES,
    *[field for field in FEATURES if field.name not in ("query_id", "doc_id")],
    pa.field("judge_verdict", pa.large_string()),
    pa.field("positive_score", pa.float32()),
    _required("kept", pa.bool_()),
    pa.field("reason", pa.large_string()),
)
SUSPECTS = _schema(
    "suspects/2",
    _required("query_id", ID),
    _required("doc_id", ID),
    pa.field("below", pa.float32()),
    pa.field("distance", pa.float32()),
    pa.field("neighbours", pa.float32()),
    pa.field("judge_verdict", pa.large_string()),
    _required("suspected", pa.bool_()),
    pa.field("reason", pa.large_string()),
)
CONTAMINATED = _schema(
    "contaminated/1",
    _required("what", pa.large_string()),
    _required("id", ID),
    _required("set", pa.large_string()),
    _required("test", pa.large_string()),
    _required("value", pa.float32()),
    _required("eval_what", pa.large_string()),
    _required("eval_id", ID),
    pa.field("token_match", pa.float32()),
    pa.field("ngram_match", pa.float32()),
    pa.field("span_start", pa.int64()),
    pa.field("span_words", pa.int64()),
)
RISK_MODEL = _schema(
    "risk-model/1",
    _required("fold", pa.int32()),
    _required("signal", pa.large_string()),
    _required("mean", pa.float64()),
    _required("scale", pa.float64()),
    _required("weight", pa.float64()),
    _required("share", pa.float64()),
    _required("labelled_share", pa.float64()),
)
LIMITS = _schema(
    "limits/1",
    _required("setting", pa.large_string()),
    _required("value", pa.float64()),
)
SHORT = _schema(
    "short/1",
    _required("query_id", ID),
    _required("candidates", pa.int64()),
    _required("asked", pa.int64()),
    _required("got", pa.int64()),
)

BATCHES = _schema(
    "batches/1",
    pa.field("batch", pa.int32()),
    pa.field("place", pa.int32()),
    _required("row", pa.int64()),
    _required("query_id", ID),
    pa.field("cluster", pa.int32()),
    _required("why", pa.large_string()),
)
REUSE = _schema(
    "reuse/1",
    _required("doc_id", ID),
    _required("fit_rank", pa.int64()),
    _required("fit_score", pa.float64()),
    _required("fit_query", ID),
)
ROUND = _schema(
    "round/1",
    _required("query_id", ID),
    _required("doc_id", ID),
    _required("round", pa.int32()),
)
REFRESH = _schema(
    "refresh/1",
    _required("query_id", ID),
    _required("last", pa.int64()),
    _required("kept", pa.int64()),
    _required("new", pa.int64()),
)
SCALES = _schema(
    "scales/1",
    _required("what", pa.large_string()),
    _required("name", pa.large_string()),
    pa.field("bucket", pa.int64()),
    _required("value", pa.float64()),
)


def training_schema(columns: Mapping[str, pa.DataType]) -> pa.Schema:
    """Return the schema of a training file with these columns, in this order; none may be empty."""
    return _schema("training/1", *(_required(name, kind) for name, kind in columns.items()))


def provenance_schema(
    opinions: Iterable[str],
    lists: bool,
    positive_lists: bool = False,
    teacher: bool = False,
    rounds: bool = False,
    origins: bool = False,
    shared: bool = False,
) -> pa.Schema:
    """Return the schema of provenance; with `lists`, one list a row for everything about negatives.

    positive_lists: the same for positives. teacher: there are scores of `--teacher`. rounds: there were
    earlier rounds, and each negative has the round that wrote it first. origins: a language model wrote
    candidates, and such a negative has its kind, model and prompt. shared: it has the query, too, that it was
    written for.
    """

    def many(kind: pa.DataType, are_lists: bool = lists) -> pa.DataType:
        return pa.large_list(kind) if are_lists else kind

    about: dict[str, pa.DataType] = {
        "negative_id": ID,
        "negative_label": pa.large_string(),
        "rank": pa.int32(),
        "score": pa.float32(),
        "retrievers": pa.large_list(ID),
    }
    for name in opinions:
        about |= {f"{name}_rank": pa.int32(), f"{name}_score": pa.float32()}
    about |= {
        "sampling_probability": pa.float64(),
        "weight": pa.float32(),
        "level": pa.large_string(),
        **({"round": pa.int32()} if rounds else {}),
        **({"origin": pa.large_string()} if origins else {}),
        **({"written_for": ID} if shared else {}),
    }
    return _schema(
        "provenance/4",
        _required("query_id", ID),
        pa.field("positive_id", many(ID, positive_lists)),
        pa.field("positive_label", many(pa.large_string(), positive_lists)),
        *(pa.field(name, many(kind)) for name, kind in about.items()),
        pa.field("positive_score", pa.float32()),
        *([pa.field(POSITIVE_TEACHER, many(pa.float32(), positive_lists))] if teacher else []),
    )


def with_opinions(schema: pa.Schema, names: Iterable[str], after: str) -> pa.Schema:
    """Add `<name>_rank?` (int32) and `<name>_score?` (float32) of retrievers and scorers behind `after`."""
    where = schema.get_field_index(after) + 1
    extra = [
        field
        for name in names
        for field in (pa.field(f"{name}_rank", pa.int32()), pa.field(f"{name}_score", pa.float32()))
    ]
    fields = [*schema][:where] + extra + [*schema][where:]
    return pa.schema(fields, metadata=schema.metadata)


_ABOUT_WRITTEN = (
    pa.field("origin", pa.large_string()),  # of a written document: kind, model, prompt
    pa.field("written_for", ID),  # the query that it was written for
)


def with_origin(schema: pa.Schema, columns: Collection[str]) -> pa.Schema:
    """Add what tables have where a language model wrote candidates, as far as it is among `columns`.

    `origin`; and `written_for`, where documents may be candidates of other queries, too.
    """
    for field in _ABOUT_WRITTEN:
        schema = schema.append(field) if field.name in columns else schema
    return schema


def name_of(schema: pa.Schema) -> str:
    """Return `name/version`, as it rides in the Parquet metadata."""
    return str((schema.metadata or {}).get(b"negmine.schema", b"?").decode())


def conform(table: pa.Table, schema: pa.Schema, extras: bool = False) -> pa.Table:
    """Bring `table` into the order and types of `schema`; refuse what cannot fit without loss.

    With `extras`, columns that the schema does not name follow behind it, as they came.
    Raises SchemaError for a missing column, a null where none may be, or a lossy cast.
    """
    missing = [f.name for f in schema if f.name not in table.column_names]
    if missing:
        raise SchemaError(
            f"{name_of(schema)}: column {missing[0]!r} is missing. It has: {table.column_names}"
        )
    kept = [c for c in table.column_names if extras and c not in schema.names]
    target = pa.schema([*schema, *(table.schema.field(c) for c in kept)], metadata=schema.metadata)
    try:
        result = table.select([*schema.names, *kept]).cast(target)
    except (ValueError, pa.ArrowInvalid) as error:
        raise SchemaError(f"{name_of(schema)}: {error}") from error
    for field in schema:
        if not field.nullable and result[field.name].null_count:
            raise SchemaError(f"{name_of(schema)}: column {field.name!r} has an empty value")
    return result.replace_schema_metadata(schema.metadata)
