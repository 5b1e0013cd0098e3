"""Line 3: encoding, which tests/bench/encode.py measures; its record is taken as it is."""

from __future__ import annotations

import importlib.util
import json
from typing import Any

from tests.bench.speed.commands import PYTHON
from tests.bench.speed.measure import once
from tests.bench.speed.records import Setup


def measure(setup: Setup) -> dict[str, Any] | None:
    """Run `python -m tests.bench.encode OUT.json` and return what it wrote: a record as all others."""
    if importlib.util.find_spec("tests.bench.encode") is None:
        return None
    out = setup.work / "encode.json"
    flags = ["--runs", str(setup.runs), *(["--small"] if setup.small else [])]
    once([PYTHON, "-m", "tests.bench.encode", str(out), *flags], setup.work / "logs/encode.log")
    return json.loads(out.read_text(encoding="utf-8"))
