"""`negmine status --verify`: alone it reads everything; sizes reads nothing more than before."""

import shutil

import pytest

from tests.cli.conftest import invoke


@pytest.fixture
def damaged(work, tmp_path):
    copied = shutil.copytree(work, tmp_path / "work")
    file = copied / "4-filter/verdicts/part-00000.parquet"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    return copied


@pytest.mark.parametrize(
    "flags",
    [
        ["--verify", "WORK"], ["WORK", "--verify"], ["--verify", "all", "WORK"],
        ["WORK", "--verify", "--json"], ["--verify", "WORK", "--k", "9"],
    ],
)  # fmt: skip
def test_verify_alone_is_verify_all(damaged, work, flags):
    done = invoke("status", *(damaged if flag == "WORK" else flag for flag in flags))
    assert done.exit_code == 1, done.output
    assert "damaged: part-00000.parquet" in " ".join(done.output.split())
    assert invoke("status", *(work if flag == "WORK" else flag for flag in flags)).exit_code == 0


@pytest.mark.parametrize("flags", [[], ["--verify", "sizes"]])
def test_without_it_sizes_alone_count(damaged, flags):
    done = invoke("status", damaged, *flags)
    assert done.exit_code == 0
    assert "damaged" not in done.output


def test_another_word_is_the_work_directory(work):
    assert invoke("status", work, "--verify", "bytes").exit_code == 2
