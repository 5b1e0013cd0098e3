"""What a chunk of the vector cache keeps of a text: a vector of fixed length, or a sparse one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from negmine.data import sparse_rows
from negmine.data.arrays import Floats
from negmine.data.sparse_rows import SparseRows

R = TypeVar("R", bound=Floats | SparseRows)
_SPARSE = pa.large_list(pa.struct([("term", pa.int32()), ("weight", pa.float32())]))


def column_of(rows: Floats | SparseRows) -> pa.Array:
    """Return rows as an Arrow column."""
    if isinstance(rows, SparseRows):
        values = pa.StructArray.from_arrays(
            [pa.array(rows.terms), pa.array(rows.weights)], fields=list(_SPARSE.value_type)
        )
        return pa.LargeListArray.from_arrays(pa.array(rows.offsets), values)
    vectors = np.ascontiguousarray(rows, np.float32)
    return pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])


def rows_of(column: pa.Array) -> Floats | SparseRows:
    """Return what `column_of` was given, without a copy. Raises ValueError for any other column."""
    kind = column.type
    if pa.types.is_fixed_size_list(kind) and kind.value_type == pa.float32():
        vectors: Floats = column.flatten().to_numpy(zero_copy_only=True)
        return vectors.reshape(len(column), kind.list_size)
    if pa.types.is_large_list(kind) and kind.value_type.equals(_SPARSE.value_type):
        return _sparse(column)
    raise ValueError("it is no chunk of vectors")


def _sparse(column: pa.Array) -> SparseRows:
    offsets = column.offsets.to_numpy()
    values = column.values
    if column.offset or values.null_count or (np.diff(offsets) < 0).any():
        raise ValueError("its lists do not follow each other")
    if offsets[0] != 0 or offsets[-1] != len(values):
        raise ValueError("its lists leave out values")
    terms, weights = (values.field(name).to_numpy(zero_copy_only=True) for name in (0, 1))
    if terms.min(initial=0) < 0:
        raise ValueError("it has a term below 0")
    return SparseRows(offsets, terms, weights)


def joined(parts: Sequence[Any]) -> Any:
    """Return the rows of several of one kind, one after the other; there is at least one."""
    is_sparse = isinstance(parts[0], SparseRows)
    return sparse_rows.joined(parts) if is_sparse else np.concatenate(parts)


def arrays_of(rows: Floats | SparseRows) -> list[NDArray[Any]]:
    """Return the arrays that rows consist of."""
    if isinstance(rows, SparseRows):
        return [rows.offsets, rows.terms, rows.weights]
    return [rows]


def width_of(rows: Floats | SparseRows) -> int:
    """Return the dimensions of vectors; 0 for sparse ones, which have no fixed length."""
    return 0 if isinstance(rows, SparseRows) else int(rows.shape[1])
