"""The benchmark's own arithmetic and its page. Nothing is timed here."""

import json
import sys
import tomllib

import polars as pl
import pytest

from tests.bench.speed.__main__ import NOTES, OUT, main
from tests.bench.speed.commands import negmine, one_after_another
from tests.bench.speed.measure import CommandFailed, in_turn, once
from tests.bench.speed.records import ratio, record, sides, target
from tests.bench.speed.rows import difference, differences
from tests.bench.speed.table import number, page

WHERE = {
    "date": "2026-01-02 03:04 UTC",
    "machine": {
        "cpu": "A CPU", "features": ["avx2"], "cores": 2, "memory_gb": 8.0, "load": 0.5,
        "system": "Linux 6", "python": "3.12.1",
    },
    "versions": {"negmine": "0.1.0"},
    "small": False,
}  # fmt: skip


def runs(*seconds):
    return [{"seconds": s, "cpu_s": 2 * s, "peak_mb": 100 * s} for s in seconds]


def sample():
    found = sides({"negmine": runs(1.0, 3.0, 2.0), "a peer": runs(4.0, 6.0, 8.0)})
    targets = [
        target("wall, of a peer", ratio(found["negmine"], found["a peer"]), "at most", 0.3),
        target("peak RSS", found["negmine"]["peak_mb"], "under", 250, "MB"),
    ]
    return record("What is done.", found, targets, {"rows": 1234, "same": True}) | WHERE


def test_a_side_is_its_median_with_the_ends():
    side = sides({"a": runs(3.0, 1.0, 2.0)})["a"]
    got = {key: side[key] for key in ("seconds", "least_s", "most_s", "cpu_s", "peak_mb", "runs")}
    assert got == {
        "seconds": 2.0, "least_s": 1.0, "most_s": 3.0, "cpu_s": 4.0, "peak_mb": 200.0, "runs": 3
    }  # fmt: skip


def test_a_ratio_is_of_medians_and_its_ends_of_neighbours():
    found = sides({"a": runs(1.0, 3.0, 2.0), "b": runs(4.0, 6.0, 8.0)})
    # medians 2 and 6; neighbours 1/4, 3/6, 2/8
    assert ratio(found["a"], found["b"]) == {
        "value": pytest.approx(1 / 3),
        "least": 0.25,
        "most": 0.5,
    }


@pytest.mark.parametrize(
    ("value", "better", "limit", "met"),
    [
        (0.5, "at most", 0.5, True),
        (0.51, "at most", 0.5, False),
        (5, "under", 5, False),
        (4.9, "under", 5, True),
        (500, "at least", 500, True),
        (499, "at least", 500, False),
    ],
)
def test_a_target_is_met_or_missed(value, better, limit, met):
    assert target("it", value, better, limit)["met"] is met


def test_the_page_says_what_was_measured():
    text = page({"mine": sample()}, {"mine": "Because of this.\n"})
    link = "[mine from given vectors](#mine-from-given-vectors)"
    assert (
        f"| {link} | wall, of a peer | **0.333x** (0.25x–0.5x) | at most 0.3x | **missed** |"
        in text
    )
    assert f"| {link} | peak RSS | **200 MB** | under 250 MB | met |" in text
    assert "| a peer | 6.00 | 4.00–8.00 | 12.00 | 600 | 3 |" in text
    assert "- rows: 1,234\n- same: yes\n\nBecause of this.\n\n_2026-01-02 03:04 UTC; A CPU" in text
    assert "smoke test" not in text


def test_the_page_says_that_a_small_run_says_nothing():
    assert "smoke test" in page({"mine": sample() | {"small": True}}, {})


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.03333, "x", "0.0333x"),
        (612.4, "x", "612x"),
        (1204.6, "MB", "1,205 MB"),
        (5, "s", "5.00 s"),
        (0.99996, "", "0.99996"),
        (0, "", "0"),
    ],
)
def test_numbers_read_well(value, unit, text):
    assert number(value, unit) == text


def test_the_page_in_the_docs_is_made_of_its_json():
    records = json.loads((OUT / "speed.json").read_text(encoding="utf-8"))
    notes = tomllib.loads(NOTES.read_text(encoding="utf-8"))
    assert (OUT / "speed.md").read_text(encoding="utf-8") == page(records, notes)
    assert not any(found["small"] for found in records.values())


def test_rendering_keeps_what_was_measured_before(tmp_path, monkeypatch):
    (tmp_path / "speed.json").write_text(json.dumps({"mine": sample()}))
    monkeypatch.setattr(sys, "argv", ["speed", "--render", "--out", str(tmp_path)])
    main()
    assert json.loads((tmp_path / "speed.json").read_text())["mine"]["facts"]["rows"] == 1234
    assert "1,234" in (tmp_path / "speed.md").read_text(encoding="utf-8")


def test_commands_run_in_turn_and_the_warm_up_does_not_count(tmp_path):
    log = tmp_path / "order"
    commands = {
        name: lambda name=name: ["sh", "-c", f"echo {name} >> {log}"] for name in ("a", "b")
    }
    found = in_turn(commands, 2, tmp_path)
    assert log.read_text().split() == ["a", "b"] * 3
    assert {name: len(runs) for name, runs in found.items()} == {"a": 2, "b": 2}
    assert all(run["peak_mb"] > 0 for runs in found.values() for run in runs)


def test_the_peak_is_that_of_the_command_and_not_of_its_parent(tmp_path):
    weight = bytearray(150 << 20)
    hungry = f"block = bytearray(80 << 20); block[::4096] = b'x' * {(80 << 20) // 4096}"
    peaks = [
        once([sys.executable, "-S", "-c", code], tmp_path / "log")["peak_mb"]
        for code in ("pass", hungry)
    ]
    assert weight is not None
    assert peaks[0] < 60 < 80 < peaks[1] < 140


def test_a_command_that_fails_is_an_error_with_its_last_words(tmp_path):
    with pytest.raises(CommandFailed, match="alas"):
        once(["sh", "-c", "echo alas; exit 3"], tmp_path / "log")


def test_commands_are_lists_of_words():
    words = negmine("mine", "w", no_risk=True, k=100)
    assert words[1:] == ["-m", "negmine.cli", "mine", "w", "--no-risk", "--k", "100"]
    assert one_after_another(["a", "b c"], ["d"]) == ["sh", "-c", "a 'b c' && d"]


def folder(path, *parts):
    path.mkdir(parents=True)
    for place, part in enumerate(parts):
        pl.DataFrame(part).write_parquet(path / f"part-{place:05d}.parquet")
    return path


def test_tables_are_compared_whatever_their_parts(tmp_path):
    whole = folder(tmp_path / "a/1-index/corpus", {"id": ["x", "y"], "score": [1.0, 2.0]})
    cut = folder(
        tmp_path / "b/1-index/corpus", {"id": ["x"], "score": [1.0]}, {"id": ["y"], "score": [2.0]}
    )
    assert difference(whole, cut) == ""
    assert differences(tmp_path / "a", tmp_path / "b") == {}


def test_what_differs_is_said(tmp_path):
    one = folder(tmp_path / "a", {"id": ["x", "y"], "score": [1.0, 2.0]})
    others = {
        "scores by at most 2.5e-01": {"id": ["x", "y"], "score": [1.0, 2.25]},
        "2 rows in ids, labels or order": {"id": ["y", "x"], "score": [1.0, 2.0]},
        "2 and 1 rows": {"id": ["x"], "score": [1.0]},
    }
    for place, (text, rows) in enumerate(others.items()):
        assert difference(one, folder(tmp_path / str(place), rows)) == text
    assert difference(one, tmp_path / "nowhere") == "only in one"
