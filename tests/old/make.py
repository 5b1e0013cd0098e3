"""Make tests/old/NAME.tar.gz: data, a model, and a work directory, by the code of an earlier commit.

python -m tests.old.make 4a792a8
"""

import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from tests.conftest import write_beir
from tests.models.tiny import static_model
from tests.scorers.judge.server import honest, serving

PLACE = Path("/tmp/negmine-old")  # whose name is in the settings that are packed
FOLDERS = ("data", "model", "work")


def main(commit):
    if PLACE.exists():
        sys.exit(f"{PLACE} is there already")
    with tempfile.TemporaryDirectory() as code:
        archive = subprocess.run(["git", "archive", commit], check=True, capture_output=True).stdout
        subprocess.run(["tar", "x", "-C", code], input=archive, check=True)
        PLACE.mkdir()
        write_beir(PLACE / "data")
        static_model(PLACE / "model")
        with serving(honest(lambda text: "tea" in text.lower())) as server:
            words = [
                "mine", "work", "--data", "data", "--retriever", "bm25", "--retriever", "dense",
                "--model", "./model",
                "--no-near-duplicate", "--num-negatives", "2", "--judge-url", server.url, "--judge-model", "m",
                "--judge-check", "0",
            ]  # fmt: skip
            subprocess.run(
                [sys.executable, "-m", "negmine", *words], cwd=PLACE, check=True,
                env=os.environ | {"PYTHONPATH": code},
            )  # fmt: skip
    with tarfile.open(Path(__file__).parent / f"{commit}.tar.gz", "w:gz") as packed:
        for name in FOLDERS:
            packed.add(PLACE / name, name)


if __name__ == "__main__":
    main(sys.argv[1])
