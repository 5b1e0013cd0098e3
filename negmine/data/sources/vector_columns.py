"""Which columns of a file of embeddings hold the ids and the vectors: by flag, or by the names that dumps use.

Sources of the names: the dumps of Cohere, Qdrant, LanceDB, Arctic-Embed and vector-io on the Hugging Face Hub.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from negmine.config.naming import nearest
from negmine.data.sources.columns import check_names
from negmine.errors import InputError

IDS = {
    "document": (
        "doc_id", "docid", "docno", "document_id", "corpus_id", "corpus-id", "passage_id", "pid",
    ),
    "query": ("query_id", "query-id", "queryid", "qid"),
}  # fmt: skip  # before those of ANY
ANY = ("_id", "id", "custom_id")
VECTORS = ("embedding", "embeddings", "emb", "vector", "vectors", "values")
_BEGINS, _ENDS = ("vector_", "embedding_", "emb_"), ("-embedding", "_embedding", "_emb", "_vector")
_NUMBERS = (pa.float16(), pa.float32(), pa.float64(), pa.int8())


class VectorColumns(NamedTuple):
    """The names of two columns."""

    ids: str
    vectors: str


def columns_of(
    file: Path, schema: pa.Schema, kind: str, id_column: str | None, column: str | None
) -> VectorColumns:
    """Return the columns of a file; raise InputError where none fits, or two do.

    kind: `document` or `query`. id_column, column: those that the user names, or None.
    """
    check_names(file, schema.names)
    flat = pa.schema(list(_leaves(schema)))
    return VectorColumns(
        _id_column(file, flat, kind, id_column), _vector_column(file, flat, column)
    )


def _leaves(fields: Iterable[pa.Field], outer: str = "") -> Iterator[pa.Field]:
    """Yield all columns; those in a column of objects as `outer.inner`."""
    for field in fields:
        if pa.types.is_struct(field.type):
            yield from _leaves(field.type, f"{outer}{field.name}.")
        else:
            yield field.with_name(outer + field.name)


def column_at(batch: pa.RecordBatch, name: str) -> pa.Array:
    """Return a column of a batch, also one in a column of objects, named as `outer.inner`."""
    if name in batch.schema.names:
        return batch.column(name)
    outer, _, inner = name.partition(".")
    column = batch.column(outer)
    rest = pa.RecordBatch.from_arrays(column.flatten(), [field.name for field in column.type])
    return column_at(rest, inner)


def _id_column(file: Path, schema: pa.Schema, kind: str, wanted: str | None) -> str:
    names = [field.name for field in schema if _may_be_id(field.type)]
    if wanted is not None:
        return _named(file, schema, names, "--vector-id-column", wanted, "strings or whole numbers")
    own = _of_names(names, IDS[kind]) or _of_names(names, ANY)
    if len(own) == 1:
        return own[0]
    what = "no column of ids that has a well-known name" if not own else _several(own)
    raise InputError(f"{file} has {what}. It has: {_shown(schema)}. Name one: --vector-id-column.")


def _vector_column(file: Path, schema: pa.Schema, wanted: str | None) -> str:
    names = [field.name for field in schema if _may_be_vectors(field.type)]
    if wanted is not None:
        what = "lists of float16, float32, float64 or int8"
        return _named(file, schema, names, "--vector-column", wanted, what)
    own: list[str] = [one for one in names if _is_well_known(one)] or names
    if len(own) == 1:
        return own[0]
    what = "no column of vectors (lists of floats or int8)" if not own else _several(own)
    raise InputError(f"{file} has {what}. It has: {_shown(schema)}. Name one: --vector-column.")


def _named(
    file: Path, schema: pa.Schema, names: list[str], flag: str, wanted: str, what: str
) -> str:
    """Return the column that the user names; raise InputError where it is not there, or of another type."""
    if wanted in names:
        return wanted
    if wanted in schema.names:
        kind = schema.field(wanted).type
        raise InputError(f"{flag} {wanted}: in {file} it holds {kind}, and must hold {what}.")
    raise InputError(
        f"{flag} {wanted}: {file} has no such column.{nearest(wanted, names)} It has: {_shown(schema)}."
    )


def _of_names(names: Iterable[str], known: tuple[str, ...]) -> list[str]:
    return [name for name in names if name.lower() in known]


def _is_well_known(name: str) -> bool:
    lower = name.lower()
    return lower in VECTORS or lower.startswith(_BEGINS) or lower.endswith(_ENDS)


def _several(names: list[str]) -> str:
    return f"several columns that fit: {', '.join(names)}"


def _shown(schema: pa.Schema, most: int = 20) -> str:
    fields = [f"{field.name} ({field.type})" for field in schema]
    return ", ".join(fields[:most]) + (" ..." if len(fields) > most else "")


def _may_be_id(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _may_be_id(kind.value_type)
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_integer(kind)
    )


def _may_be_vectors(kind: pa.DataType) -> bool:
    is_list = (
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )
    return bool(is_list and kind.value_type in _NUMBERS)
