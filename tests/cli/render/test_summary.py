"""The summary of a run: counts that add up, and paths that are never cut."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from negmine.cli.render.summary import summary
from negmine.stages.summary import Result

COUNTS = {
    "queries_mined": 7, "positives": 9, "candidates": 1200, "kept": 1000,
    "removed": {"is_positive": 9, "too_risky": 191}, "skipped": {"corpus.jsonl: invalid JSON": 2},
    "rows_written": 35, "negatives_per_query": 5.0, "queries_short": 1, "queries_without_negatives": 0,
    "document_copies": 1,
}  # fmt: skip


@pytest.mark.parametrize("width", [60, 120])
def test_counts_reasons_seconds_rules_and_whole_paths_are_shown_at_every_width(width):
    folder = Path("/a/long/path/to/a/work/directory/that/does/not/fit/5-write/triplet")
    rules = [{"stage": "filter", "setting": "max_risk", "value": 0.02, "origin": "flag"}]
    files = [folder / "part-00000.parquet", folder / "part-00001.parquet"]
    result = Result(folder.parent, [], {"filter": 1.25, "write": 0.5}, COUNTS, files, rules)
    target = io.StringIO()
    Console(file=target, width=width).print(summary(result), crop=False)
    shown = " ".join(target.getvalue().split())
    for piece in (
        "1,200",
        "- too_risky",
        "191",
        "= kept",
        "1,000",
        "invalid JSON",
        "counted as one",
    ):
        assert piece in shown
    assert "filter and write settings (flags): --max-risk 0.02" in shown
    assert "seconds: filter 1.2, write 0.5" in shown
    assert f"{folder} (2 files)" in shown


@pytest.mark.parametrize(
    ("mean", "shown"), [(103.979, "104.0"), (5.0, "5.0"), (1234.5678, "1,234.6")]
)
def test_negatives_per_query_have_one_decimal(mean, shown):
    result = Result(Path("w"), [], {}, {"negatives_per_query": mean})
    target = io.StringIO()
    Console(file=target, width=80).print(summary(result))
    assert shown in target.getvalue().split()


def test_one_file_is_no_files():
    result = Result(Path("w"), [], {}, {}, [Path("w/5-write/triplet/part-00000.parquet")])
    target = io.StringIO()
    Console(file=target, width=80).print(summary(result))
    assert "(1 file)" in target.getvalue()
