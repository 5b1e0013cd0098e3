"""Line 5: another margin, number of negatives or format on a finished run."""

from __future__ import annotations

from typing import Any

from tests.bench.speed.commands import SAME_RULES, fresh, given_vectors, negmine, one_after_another
from tests.bench.speed.measure import in_turn
from tests.bench.speed.mine import data
from tests.bench.speed.records import Setup, ratio, record, sides, target

FULL = "the full run"


def measure(setup: Setup) -> dict[str, Any]:
    """Measure the full run of line 1 and, on what it left, each change in turn."""
    folder, work = data(setup), setup.work / "retune"
    changes = {
        "--relative-margin 0.1": lambda: one_after_another(
            negmine("filter", work, relative_margin=0.1), negmine("write", work)
        ),
        "--num-negatives 5": lambda: negmine("write", work, num_negatives=5),
        "--format n-tuple": lambda: negmine("write", work, format="n-tuple"),
    }
    commands = {
        FULL: lambda: negmine("mine", fresh(work), **given_vectors(folder), **SAME_RULES),
        **changes,
    }
    found = sides(in_turn(commands, setup.runs, setup.work / "logs" / "retune"))
    targets = []
    for name in changes:
        targets.append(target(name, found[name]["seconds"], "under", 5, "s"))
        share = ratio(found[name], found[FULL])
        targets.append(target(f"{name}, of the full run", share, "under", 0.05))
    what = (
        "The run of *mine from given vectors*, then on its work directory: `filter` and `write` "
        "for the margin "
        "(two processes), "
        "`write` for the others. Every training file and its provenance is written anew."
    )
    return record(what, found, targets)
