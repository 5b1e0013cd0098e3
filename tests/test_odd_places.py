"""Work directories whose names look like patterns, and runs with nothing in them, are like any others."""

import negmine
from tests.conftest import write_beir

DOCUMENTS = {name: ("", f"green tea number {name}") for name in ("a", "b", "c", "d")}


def test_a_work_directory_whose_name_looks_like_a_pattern(tmp_path):
    data = write_beir(tmp_path / "data", DOCUMENTS, {"q": "green tea"}, [("q", "a", 1)])
    work = tmp_path / "[1]*" / "w=x"
    flags = {"data": data, "retriever": ["bm25"], "relative_margin": 0.0, "no_near_duplicate": True}
    negmine.mine(work, **flags)
    negmine.mine(tmp_path / "plain", **flags)
    assert negmine.report(work, leak=False, html=tmp_path / "r.html").funnel
    assert negmine.diff(work, tmp_path / "plain")["same_rows"]
    negmine.lint(work / "5-write" / "triplet" / "part-00000.parquet")


def test_a_run_that_writes_nothing_has_a_report(tmp_path):
    alone = {"a": DOCUMENTS["a"]}
    data = write_beir(tmp_path / "data", alone, {"q": "green tea"}, [("q", "a", 1)])
    negmine.mine(tmp_path / "w", data=data, retriever=["bm25"])
    page = tmp_path / "r.html"
    negmine.report(tmp_path / "w", leak=False, html=page)
    assert "No row of triplet was written" in page.read_text(encoding="utf-8")
