"""Ten nights of a cron job over a growing corpus: one killed, one with a torn file, then a fresh run."""

import signal
import subprocess
import sys
import time

import numpy as np
import polars as pl
import pytest

from negmine.storage.workdir import Workdir
from tests.conftest import write_beir
from tests.models.tiny import static_model
from tests.test_resume import rows_of

NIGHTS, KILLED, TORN = 10, 4, 7
WORDS = (
    "tea water cat sleep list sort snake city lake battery train minute degree green black".split()
)


def command(work, data, model):
    return [
        sys.executable, "-m", "negmine.cli", "mine", str(work), "--data", str(data), "--model", str(model),
        "--k", "15", "--device", "cpu", "--max-risk", "0.9", "--no-relative-margin", "--no-near-duplicate",
    ]  # fmt: skip


def night(number):
    """Return documents, queries, qrels of a night: some come, some go, some change under their id."""
    rng = np.random.default_rng(0)
    names = [f"d{n:03d}" for n in range(120 + 6 * number)]
    texts = {name: ("", f"{' '.join(rng.choice(WORDS, 6))} number {name}") for name in names}
    for name in names[5 : 5 + number]:  # one more is changed every night
        texts[name] = ("", f"{texts[name][1]} changed")
    for name in names[40 : 40 + number]:  # and one more is gone
        del texts[name]
    asked = {f"q{n:02d}": " ".join(rng.choice(WORDS, 3)) for n in range(20 + number)}
    qrels = [(query, names[place % 30], 1) for place, query in enumerate(asked)]
    return texts, asked, qrels


def kill_in_the_middle(process, work):
    """Kill when room 2 of this night is being worked on."""
    end = time.monotonic() + 300
    while time.monotonic() < end and process.poll() is None:
        if any((work / "2-retrieve").glob("*/.partial")):
            process.send_signal(signal.SIGKILL)
            process.communicate()
            return process.returncode
        time.sleep(0.002)
    pytest.fail("the night was over before it could be killed")


@pytest.mark.slow
def test_ten_nights_end_as_one_fresh_run(tmp_path):
    data, work, model = tmp_path / "data", tmp_path / "work", static_model(tmp_path / "model")
    for number in range(NIGHTS):
        write_beir(data, *night(number))
        if number == TORN:
            with (data / "corpus.jsonl").open("a") as file:
                file.write('{"_id": "torn", "te')
        run = command(work, data, model)
        process = subprocess.Popen(run, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if number == KILLED:
            assert kill_in_the_middle(process, work) == -signal.SIGKILL
            continue
        _, told = process.communicate(timeout=600)
        assert process.returncode == (1 if number == TORN else 0), told
        if number == TORN:
            assert "corpus.jsonl" in told
            assert '{"_id": "torn"' in told
            assert Workdir(work).scan("5-write/triplet").collect().height > 0  # last night's
        else:
            stats = Workdir(work).require("1-index/dense-model").stats
            assert stats["encoded"] == 0 or number == 0 or stats["reused"] > 100
    subprocess.run(command(tmp_path / "fresh", data, model), check=True, capture_output=True)
    found, fresh = rows_of(work), rows_of(tmp_path / "fresh")
    assert set(found) == set(fresh)
    for name, table in fresh.items():
        assert found[name].equals(table), name
    assert fresh["5-write/triplet"].filter(pl.col("negative").str.contains("changed")).height > 0
