"""How many cases each family of attacks has, in docs/explanation/promises.md.

python -m tests.torture.counts [--check]
"""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.bench.pages import with_made

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/explanation/promises.md"
SCRIPT = "tests/torture/counts.py"


def collected(form):
    """Return file to number of cases; form: short or full."""
    command = [sys.executable, "-m", "pytest", "-q", "--collect-only", "tests/torture"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env=os.environ | {"TORTURE": form}
    )
    names = [line.split("::")[0] for line in done.stdout.splitlines() if "::" in line]
    return Counter(Path(name).name for name in names)


def table():
    """Return the counts as a Markdown table."""
    short, full = collected("short"), collected("full")
    lines = ["| file in `tests/torture/` | cases, short form | cases, all |", "|---|---|---|"]
    lines += [f"| `{name}` | {short[name]} | {count} |" for name, count in sorted(full.items())]
    lines.append(f"| together | {sum(short.values())} | {sum(full.values())} |")
    return "\n".join(lines)


def rendered():
    """Return the page with the table of now."""
    return with_made(PAGE, SCRIPT, table())


def main():
    if "--check" in sys.argv:
        sys.exit(PAGE.read_text(encoding="utf-8") != rendered())
    PAGE.write_text(rendered(), encoding="utf-8")


if __name__ == "__main__":
    main()
