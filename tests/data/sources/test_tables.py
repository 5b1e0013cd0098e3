"""Tables in memory in place of files: lists, frames of Polars and pandas, Arrow, datasets."""

import polars as pl
import pyarrow as pa
import pytest

import negmine
from negmine.errors import SettingsError

ROWS = [
    {"anchor": f"how do {name} sleep", "positive": f"{name} sleep {hours} hours a day"}
    for name, hours in (("cats", 12), ("dogs", 10), ("owls", 11), ("bats", 20))
]


def tables():
    import datasets
    import pandas

    return {
        "list": ROWS,
        "columns": {name: [row[name] for row in ROWS] for name in ROWS[0]},
        "polars": pl.DataFrame(ROWS),
        "lazy": pl.LazyFrame(ROWS),
        "pandas": pandas.DataFrame(ROWS),
        "arrow": pa.Table.from_pylist(ROWS),
        "datasets": datasets.Dataset.from_list(ROWS),
    }


@pytest.mark.parametrize(
    "kind", ["list", "columns", "polars", "lazy", "pandas", "arrow", "datasets"]
)
def test_a_table_in_memory_is_mined_like_a_file(tmp_path, kind):
    file = tmp_path / "pairs.parquet"
    pl.DataFrame(ROWS).write_parquet(file)
    flags = {"retriever": ["bm25"], "k": 3}
    given = negmine.mine(tmp_path / "given", pairs=tables()[kind], **flags)
    from_file = negmine.mine(tmp_path / "file", pairs=file, **flags)
    assert given.summary == from_file.summary
    again = negmine.mine(tmp_path / "given", pairs=tables()[kind], **flags)
    assert {one["outcome"] for one in again.artifacts} == {"fresh"}
    assert {one["outcome"] for one in negmine.mine(tmp_path / "given").artifacts} == {"fresh"}


def test_what_is_no_table_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="pairs: int is no table"):
        negmine.mine(tmp_path / "w", pairs=3)


def test_names_of_the_library_are_offered():
    assert {"mine", "leak", "explain"} <= set(dir(negmine))
