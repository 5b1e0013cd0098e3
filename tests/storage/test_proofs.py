"""What `prove` keeps: damaged, it counts as not there, and is made again."""

import polars as pl

from negmine.storage.proofs import read_result, read_training, write_result, write_training
from negmine.storage.workdir import Workdir

ROWS = pl.DataFrame({"query_id": ["q1", "q2", "q3"], "ndcg@10": [0.25, 1.0, 0.0]})
FACTS = {"steps": 12, "seconds": 3.5, "curve": [[1, 0.5]]}


def test_a_training_comes_back(tmp_path):
    work = Workdir(tmp_path)
    assert read_training(work, "x") is None
    write_training(work, "x", ROWS, FACTS)
    rows, facts = read_training(work, "x")
    assert rows.equals(ROWS)
    assert facts == FACTS


def test_no_flipped_byte_gives_other_metrics(tmp_path):
    work = Workdir(tmp_path)
    write_training(work, "x", ROWS, FACTS)
    path = tmp_path / "prove/x.parquet"
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        assert read_training(work, "x") is None, place
    path.write_bytes(whole)
    assert read_training(work, "x") is not None
    (tmp_path / "prove/x.parquet.xxh3").unlink()  # as of an older version
    assert read_training(work, "x") is not None


def test_a_damaged_result_is_none(tmp_path):
    work = Workdir(tmp_path)
    write_result(work, {"verdict": ["better"], "seeds": 3})
    assert read_result(work) == {"verdict": ["better"], "seeds": 3}
    path = tmp_path / "prove/result.json"
    path.write_text(path.read_text().replace("3", "4", 1))
    assert read_result(work) is None
