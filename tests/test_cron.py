"""Ten nights of a cron job over a growing corpus: one killed, one with a torn file, then a fresh run."""

import numpy as np
import polars as pl
import pytest

from negmine.storage.workdir import Workdir
from tests import killed
from tests.conftest import write_beir
from tests.models.tiny import static_model
from tests.test_resume import rows_of

NIGHTS, KILLED, TORN = 10, 4, 7
MIDDLE = 8  # step of retrieve before which the killed night ends
WORDS = (
    "tea water cat sleep list sort snake city lake battery train minute degree green black".split()
)


def mine(work, data, model, last=0):
    """Mine in a process of its own that dies before step `last` of retrieve."""
    arguments = [
        "mine", work, "--data", data, "--model", model, "--k", 15, "--device", "cpu",
        "--max-risk", 0.9, "--no-relative-margin", "--no-near-duplicate",
    ]  # fmt: skip
    return killed.negmine(arguments, work / "2-retrieve", last)


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


@pytest.mark.slow
def test_ten_nights_end_as_one_fresh_run(tmp_path):
    data, work, model = tmp_path / "data", tmp_path / "work", static_model(tmp_path / "model")
    for number in range(NIGHTS):
        write_beir(data, *night(number))
        if number == TORN:
            with (data / "corpus.jsonl").open("a") as file:
                file.write('{"_id": "torn", "te')
        done = mine(work, data, model, last=MIDDLE if number == KILLED else 0)
        assert killed.was_killed(done) == (number == KILLED), done.stderr
        if number == TORN:
            assert done.returncode == 1, done.stderr
            assert "corpus.jsonl" in done.stderr
            assert '{"_id": "torn"' in done.stderr
            assert Workdir(work).scan("5-write/triplet").collect().height > 0  # last night's
        elif number != KILLED:
            assert done.returncode == 0, done.stderr
            stats = Workdir(work).require("1-index/dense-model").stats
            assert stats["encoded"] == 0 or number == 0 or stats["reused"] > 100
    done = mine(tmp_path / "fresh", data, model)
    assert done.returncode == 0, done.stderr
    assert killed.steps(done) > MIDDLE
    found, fresh = rows_of(work), rows_of(tmp_path / "fresh")
    assert set(found) == set(fresh)
    for name, table in fresh.items():
        assert found[name].equals(table), name
    assert fresh["5-write/triplet"].filter(pl.col("negative").str.contains("changed")).height > 0
