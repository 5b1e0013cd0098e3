"""Tables of Lance, which LanceDB writes: folders NAME.lance, read by the package pylance where it is there.

Lance keeps deleted rows and older versions in the folder, so its files are no rows by themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from negmine.config.addresses import Address
from negmine.data.sources.problems import SHOWN
from negmine.errors import InputError, MissingDependency

ENDING, _VERSIONS = ".lance", "_versions"
_EXPORT = "pyarrow.parquet.write_table(table.to_arrow(), 'vectors.parquet')"


def is_lance(path: Path) -> bool:
    """Tell whether a path names a table of Lance. Of an address the name alone tells."""
    if isinstance(path, Address):
        return path.suffix == ENDING
    return path.is_dir() and (path.suffix == ENDING or (path / _VERSIONS).is_dir())


def check_place(path: Path) -> None:
    """Raise InputError for a table at an address, and for a folder of tables."""
    if isinstance(path, Address):
        if is_lance(path):
            raise InputError(
                f"{path} is a LanceDB table, and those are read from folders of this machine alone. Copy it "
                f"here, or write it as Parquet: {_EXPORT}."
            )
        return
    tables = [] if is_lance(path) else sorted(path.glob(f"*{ENDING}"))
    if tables:
        names = ", ".join(one.name for one in tables[:SHOWN])
        raise InputError(f"{path} is a LanceDB database. Name one of its tables: {names}.")


def schema_of(path: Path) -> pa.Schema:
    """Return the columns of the newest version of a table."""
    schema: pa.Schema = _opened(path).schema
    return schema


def batches(path: Path, columns: Sequence[str], rows: int) -> Iterator[pa.RecordBatch]:
    """Yield these columns of the newest version of a table, in its order, so many rows at a time."""
    scanner = _opened(path).scanner(columns=list(columns), batch_size=rows, scan_in_order=True)
    for batch in scanner.to_batches():
        yield batch.select(columns)


def files_of(path: Path) -> list[Path]:
    """Return all files of a table's folder, sorted by name: what its content is identified by."""
    return sorted(one for one in path.rglob("*") if one.is_file())


def _opened(path: Path) -> Any:
    try:
        import lance
    except ImportError as error:
        raise MissingDependency(
            f"{path} is a LanceDB table. Install what reads it: pip install 'negmine[lance]'. Or write it as "
            f"Parquet: {_EXPORT}."
        ) from error
    try:
        return lance.dataset(str(path))
    except (ValueError, OSError) as error:
        raise InputError(f"{path} cannot be read as a LanceDB table. Write it again.") from error
