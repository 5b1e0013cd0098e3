"""What the nearest pairs find: hidden positives that --near-positives drops, alone and beside other rules.

Half of the positives are hidden, as `negmine leak` does it; WordLlama and BM25 find candidates. Writes
the table of docs/how-to/check-positives.md. Needs the collections in ../shared.

    python -m tests.bench.near_positives [--write]
"""

from pathlib import Path

import negmine
from tests.bench.collections import encoder, flags_of
from tests.bench.pages import main

PAGE = Path(__file__).parents[2] / "docs/how-to/check-positives.md"
SCRIPT = "tests/bench/near_positives.py"
NEAR = 10
RULES = {
    "no rule": {"no_relative_margin": True, "no_risk": True},
    f"`--near-positives {NEAR}`": {
        "no_relative_margin": True, "no_risk": True, "near_positives": NEAR,
    },
    "margin": {"no_risk": True},
    f"margin, `--near-positives {NEAR}`": {"no_risk": True, "near_positives": NEAR},
    "margin and risk": {},
    f"margin and risk, `--near-positives {NEAR}`": {"near_positives": NEAR},
}  # fmt: skip
OFF = {"no_relative_margin": False, "no_risk": False, "near_positives": "none"}


def table(work):
    """Return the table by its mark: leak, yield and hardness of each set of rules on each collection."""
    lines = [
        "| collection | rules | hidden positives written | of negatives | leak | yield | hardness |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in ("cranfield", "stackfaq"):
        folder = work / name
        negmine.mine(folder, model=encoder("WordLlama", work), **flags_of(name, work))
        for rules, settings in RULES.items():
            negmine.filter(folder, **(OFF | settings))
            negmine.write(folder)
            seen = negmine.leak(folder)["rules"][-1]
            lines.append(
                f"| {name} | {rules} | {seen['leaked']} | {seen['selected']:,} | {seen['leak']:.2%} "
                f"| {seen['yield']:.2f} | {seen['hardness']:.2f} |"
            )
    return {SCRIPT: "\n".join(lines)}


if __name__ == "__main__":
    main(__doc__, PAGE, table)
