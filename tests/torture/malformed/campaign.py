"""All rows of the campaign, and the sample of them that the short form tries."""

import random

from tests.torture.faults import FULL
from tests.torture.malformed import files_rows, mined_rows, other_rows, parquet_rows

SAMPLED = 480  # rows of the short form
SEED = 20261127
_MAKERS = (
    files_rows.byte_rows,
    files_rows.value_rows,
    files_rows.name_rows,
    mined_rows.mined_rows,
    parquet_rows.column_rows,
    parquet_rows.table_rows,
    other_rows.array_rows,
    other_rows.config_rows,
    other_rows.flag_rows,
    other_rows.faiss_rows,
    other_rows.place_rows,
)


def all_rows():
    """Return every row, by family."""
    return {make.__name__: list(make()) for make in _MAKERS}


def chosen():
    """Return the rows of this form: all, or from each family its share, drawn with a seed; at least 20."""
    families = all_rows()
    if FULL:
        return [row for rows in families.values() for row in rows] + list(
            other_rows.faiss_rows(True)
        )
    total = sum(map(len, families.values()))
    rng = random.Random(SEED)
    shares = {name: max(20, SAMPLED * len(rows) // total) for name, rows in families.items()}
    return [row for name, rows in families.items() for row in rng.sample(rows, shares[name])]
