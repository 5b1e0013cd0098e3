"""Read every format with the trainers that are installed, and write down what was run: formats-tried.json.

Trainers are no requirements of negmine, and hardly fit into one environment. Install one beside it, as in

    pip install --no-deps --target /tmp/colbert colbert-ai ujson
    PYTHONPATH=/tmp/colbert:. python docs/trainers.py

and run this once in each environment: what it could not run stays as it was. Tevatron, GritLM, ArcticTraining,
rank_llm and DPR are on no index in the form that is checked: put their source, at the commits that
tests/trainers/checks.py names, on the path.
"""

from __future__ import annotations

import json
import sys
import tempfile
import warnings
from pathlib import Path

HERE = Path(__file__).parent
FILE = HERE / "reference" / "formats-tried.json"


def main() -> None:
    """Run the checks; a failure ends the script and leaves the file as it was."""
    from tests.trainers.checks import CHECKS, as_json, tried
    from tests.trainers.written import rows, write

    warnings.simplefilter("ignore")
    known = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else []
    table = {(one["format"], one["trainer"]): one for one in known}
    with tempfile.TemporaryDirectory() as scratch:
        work = write(Path(scratch))
        for place, check in enumerate(CHECKS):
            if not check.is_installed():
                print(f"not installed: {check.trainer} ({check.format})")
                continue
            folder = Path(scratch) / str(place)
            folder.mkdir()
            check.run(work / "5-write", rows(work, check.format), folder)
            table[check.format, check.trainer] = tried(check)
            print(f"ran: {check.trainer} ({check.format})")
    order = [(check.format, check.trainer) for check in CHECKS]
    FILE.write_text(as_json([table[key] for key in order if key in table]), encoding="utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parent))
    main()
