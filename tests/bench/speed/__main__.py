"""Run lines of the table, keep what they find in speed.json, and write speed.md.

python -m tests.bench.speed [LINE ...] [--work FOLDER] [--out FOLDER] [--runs N] [--small] [--size NAME=N]

Lines run at different times are kept together, each with its date and machine. --render only writes the page.
"""

from __future__ import annotations

import argparse
import datetime
import importlib
import json
import os
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from tests.bench.collections import DATA
from tests.bench.speed.machine import machine, versions
from tests.bench.speed.records import Setup
from tests.bench.speed.table import LINES, page

ROOT = Path(__file__).parents[3]
OUT = ROOT / "docs" / "explanation" / "benchmarks"
NOTES = Path(__file__).parent / "notes.toml"


def run(line: str, setup: Setup) -> dict[str, Any] | None:
    """Return the record of one line, with its date, machine and versions."""
    print(f"{line}:", file=sys.stderr, flush=True)
    where = {
        "date": f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC",
        "machine": machine(),
    }
    found = importlib.import_module(f"tests.bench.speed.{line}").measure(setup)
    if found is None:
        print("  there is no script for it yet: left out", file=sys.stderr)
        return None
    return {**found, **where, "versions": versions(), "small": setup.small, "sizes": setup.sizes}


def write(out: Path, records: dict[str, Any]) -> None:
    """Write speed.json and speed.md."""
    out.mkdir(parents=True, exist_ok=True)
    ordered = {line: records[line] for line in LINES if line in records}
    text = json.dumps(ordered, indent=1, ensure_ascii=False) + "\n"
    (out / "speed.json").write_text(text, encoding="utf-8")
    notes = tomllib.loads(NOTES.read_text(encoding="utf-8"))
    (out / "speed.md").write_text(page(ordered, notes), encoding="utf-8")


def main() -> None:
    asked = _parser().parse_args()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    if not DATA.exists() and not asked.render:
        sys.exit(f"{DATA} does not exist: the benchmark needs debian-packages in it.")
    path = asked.out / "speed.json"
    records = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    work = asked.work or Path(tempfile.mkdtemp(prefix="negmine-bench-"))
    setup = Setup(work.resolve(), asked.runs, asked.small, dict(asked.size))
    for line in [] if asked.render else asked.lines or LINES:
        found = run(line, setup)
        if found is not None:
            records[line] = found
            write(asked.out, records)
    write(asked.out, records)
    missed = [
        goal["name"] for found in records.values() for goal in found["targets"] if not goal["met"]
    ]
    print(f"{asked.out / 'speed.md'}: {len(missed)} missed", *missed, sep="\n  ", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "lines", nargs="*", choices=[[], *LINES], metavar="LINE", help=", ".join(LINES)
    )
    parser.add_argument(
        "--work", type=Path, help="keeps data and work directories; default: a temporary folder"
    )
    parser.add_argument("--out", type=Path, default=OUT, help="where speed.json and speed.md go")
    parser.add_argument("--runs", type=int, default=3, help="of each side, after the warm-up")
    parser.add_argument("--small", action="store_true", help="a smoke test of the scripts")
    parser.add_argument("--render", action="store_true", help="measure nothing, write the page")
    parser.add_argument(
        "--size", type=_size, action="append", default=[], help="such as documents=10000"
    )
    return parser


def _size(text: str) -> tuple[str, int]:
    name, number = text.split("=")
    return name, int(number)


if __name__ == "__main__":
    main()
