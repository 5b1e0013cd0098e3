"""A run with late interaction that is killed anywhere ends with the rows of an undisturbed one."""

import random

import numpy as np
import pytest

from tests import killed
from tests.conftest import write_beir
from tests.models.tiny import WORDS, multi_vector_model
from tests.test_resume import is_whole, rows_of

SMALL = (
    "import negmine.config.memory as m; m.PART_QUERIES = 4; m.PART_DOCUMENTS = 16; "
    "import negmine.storage.vectors as v; v.CHUNK_S = 0"
)


def collection(folder):
    rng = np.random.default_rng(4)
    texts = {f"d{n:02d}": ("", " ".join(rng.choice(WORDS, 9))) for n in range(60)}
    asked = {f"q{n}": " ".join(rng.choice(WORDS, 4)) for n in range(12)}
    return write_beir(folder, texts, asked, [(q, f"d{n:02d}", 1) for n, q in enumerate(asked)])


@pytest.mark.slow
def test_kills_and_then_the_rows_of_an_undisturbed_run(tmp_path):
    data, model = collection(tmp_path / "data"), multi_vector_model(tmp_path / "m")

    def mine(work, last=0):
        flags = [
            "--retriever",
            "bm25",
            "--retriever",
            "late",
            "--late-model",
            str(model),
            "--device",
            "cpu",
        ]
        return killed.negmine(["mine", work, "--data", data, "--k", "8", *flags], work, last, SMALL)

    calm = mine(tmp_path / "calm")
    expected, work = rows_of(tmp_path / "calm"), tmp_path / "hit"
    rng, kills = random.Random(13), 0
    for _ in range(5):
        kills += killed.was_killed(mine(work, last=rng.randint(10, killed.steps(calm) // 3)))
    assert kills
    is_whole(mine(work), work, expected)
