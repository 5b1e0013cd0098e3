"""The operating system says no: one message with path and remedy, exit code 1, and nothing lost."""

import errno
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

import negmine
from negmine.config.settings import STAGES
from tests.conftest import write_beir
from tests.killed import steps
from tests.torture import faults
from tests.warm import negmine as run

REFUSALS = {
    errno.ENOSPC: "Make space",
    errno.EDQUOT: "quota",
    errno.EROFS: "Use a directory on a disk that can be written",
    errno.EACCES: "Check owner and rights",
    errno.EIO: "fails",
    errno.EMFILE: "ulimit -n",
}
COMMANDS = (
    ("mine", "WORK", "--data", "DATA", "--retriever", "bm25"),
    ("write", "WORK", "--format", "n-tuple", "--num-negatives", "2"),
    ("filter", "WORK", "--max-risk", "0.9"),
    ("status", "WORK"),
    ("report", "WORK", "--html", "WORK/../page.html"),
    ("leak", "WORK"),
    ("explain", "WORK", "q3"),
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_beir(tmp_path_factory.mktemp("data") / "beir")


@pytest.fixture(scope="module")
def finished(tmp_path_factory, data):
    work = tmp_path_factory.mktemp("finished") / "work"
    negmine.mine(work, data=data, retriever=["bm25"])
    return work


def rows(work):
    return pl.read_parquet(work / "5-write/triplet/*.parquet").rows()


def check_refused(done, code):
    """Check how a command ends that could not go on."""
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 1, 2), done.stderr
    if done.returncode:
        assert "error: " in done.stderr
        assert os.strerror(code) in done.stderr or "cannot" in done.stderr, done.stderr


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_no_step_ends_in_a_traceback_and_the_same_command_then_finishes(
    command, finished, data, tmp_path
):
    def arguments(work):
        return [str(word).replace("WORK", str(work)).replace("DATA", str(data)) for word in command]

    def fresh(name):
        work = tmp_path / name / "work"
        if command[0] != "mine":
            shutil.copytree(finished, work)
        return work

    whole = fresh("whole")
    count = steps(faults.negmine(arguments(whole), whole))
    few = (
        5 if command[0] in ("mine", *STAGES) else 2
    )  # in the short form; an analysis changes nothing
    some = {1, count, *range(2, count, max(count // few, 1))}
    chosen = range(1, count + 1) if faults.FULL else sorted(some)
    for step in chosen:
        code = list(REFUSALS)[step % len(REFUSALS)]
        work = fresh(f"at-{step}")
        check_refused(faults.negmine(arguments(work), work, step, code), code)
        again = faults.negmine(arguments(work), work)
        assert again.returncode == 0, (step, again.stderr)
        if command[0] == "mine":
            assert rows(work) == rows(whole)
        shutil.rmtree(work.parent)


@pytest.mark.parametrize(("code", "remedy"), REFUSALS.items(), ids=map(os.strerror, REFUSALS))
def test_the_message_names_path_cause_and_remedy(code, remedy, data, tmp_path):
    work = tmp_path / "work"
    count = steps(faults.negmine(["mine", work, "--data", data, "--retriever", "bm25"], work))
    shutil.rmtree(work)
    for step in range(count // 2, count):
        done = faults.negmine(
            ["mine", work, "--data", data, "--retriever", "bm25"], work, step, code
        )
        if os.strerror(code) in done.stderr:
            break
        shutil.rmtree(work)
    message = next(line for line in done.stderr.splitlines() if line.startswith("error: "))
    assert str(work) in message
    assert remedy in message
    assert ("MB free" in message) == (code in (errno.ENOSPC, errno.EDQUOT))


@pytest.fixture
def small_disk(tmp_path):
    """A function that gives a disk of some kilobytes; only root can make one."""
    places = []

    def make(kilobytes):
        place = tmp_path / f"disk-{kilobytes}"
        place.mkdir()
        options = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", place]
        try:
            mounted = subprocess.run(options, capture_output=True)
        except FileNotFoundError:
            pytest.skip("there is no mount here")
        if mounted.returncode:
            pytest.skip("only root can make a small disk")
        places.append(place)
        return place

    yield make
    for place in places:
        subprocess.run(["umount", "-l", place], check=True)


SIZES = (16, 64, 160, 300, 500) if not faults.FULL else range(8, 900, 24)


@pytest.mark.parametrize("kilobytes", SIZES)
def test_a_full_disk_is_one_message_and_once_enlarged_the_rows_are_right(
    kilobytes, small_disk, data, finished
):
    disk = small_disk(kilobytes)
    command = ("mine", disk / "work", "--data", data, "--retriever", "bm25")
    done = run(*command)
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 1), done.stderr
    if done.returncode:
        assert "No space left on device" in done.stderr, done.stderr
        assert "Make space" in done.stderr
    subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
    again = run(*command)
    assert again.returncode == 0, again.stderr
    assert rows(disk / "work") == rows(finished)


def test_space_for_a_mapped_file_is_there_before_it_is_written(small_disk):
    """Where the disk is nearly full, mapping holes and writing to them would end in SIGBUS."""
    from negmine.storage.files import new_mapped

    disk = small_disk(64)
    with pytest.raises(OSError, match="No space left on device") as raised:
        new_mapped(disk / "vectors.npy", "float32", (1000, 64))
    assert raised.value.filename == str(disk / "vectors.npy")
    mapped = new_mapped(disk / "few.npy", "float32", (50, 64))
    mapped[:] = 1
    mapped.flush()


def test_a_read_only_disk(small_disk, data, finished):
    disk = small_disk(4096)
    shutil.copytree(finished, disk / "work")
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    assert run("status", disk / "work").returncode == 0
    assert run("leak", disk / "work").returncode in (0, 1)
    done = run("filter", disk / "work", "--relative-margin", "0.3")
    assert done.returncode == 1
    assert "Read-only file system" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_limit_of_file_sizes_is_a_message(data, tmp_path):
    """A quota, as any user can set it: ulimit -f."""
    command = f"{sys.executable} -m negmine.cli mine {tmp_path}/w --data {data} --retriever bm25"
    words = f"ulimit -f 2; exec {command}"
    done = subprocess.run(["bash", "-c", words], capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_name_that_is_too_long_is_a_message(data, tmp_path):
    done = run("mine", tmp_path / ("w" * 300), "--data", data, "--retriever", "bm25")
    assert done.returncode == 1
    assert "File name too long" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("json", [(), ("--json",)])
def test_stdout_may_be_closed_full_or_a_pipe_that_nobody_reads(json, finished):
    command = f"{sys.executable} -m negmine.cli status {finished} {' '.join(json)}"
    for words, codes in (
        (f"{command} >&-", (0,)),
        (f"{command} > /dev/full", (1,)),
        (f"set -o pipefail; {command} | true", (0, 1)),
        (f"set -o pipefail; {command} | head -1 > /dev/null", (0, 1)),
    ):
        done = subprocess.run(["bash", "-c", words], capture_output=True, text=True, timeout=120)
        assert done.returncode in codes, (words, done.stderr)
        assert "Traceback" not in done.stderr
        assert "Exception ignored" not in done.stderr
        assert ("stdout cannot be written" in done.stderr) == words.endswith("/dev/full")


@pytest.mark.parametrize("flag", ["--json", "--html"])
def test_a_report_into_a_full_device_is_one_message_and_the_device_stays(flag, finished):
    done = run("report", finished, "--no-leak", flag, "/dev/full")
    assert done.returncode == 2
    assert "/dev/full cannot be written: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert Path("/dev/full").is_char_device()


@pytest.mark.parametrize("module", ["typer", "pydantic", "negmine.cli.console", "polars"])
def test_ctrl_c_while_modules_are_imported_is_130(module, finished):
    script = f"""
import builtins, os, signal, sys
real = builtins.__import__
def importing(name, *rest, **options):
    if name == {module!r}:
        builtins.__import__ = real
        os.kill(os.getpid(), signal.SIGINT)
    return real(name, *rest, **options)
builtins.__import__ = importing
sys.argv = ["negmine", "status", {str(finished)!r}]
from negmine.cli.start import main
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 130, done.stderr
    assert "Traceback" not in done.stderr
    assert "Interrupted" in done.stderr
    assert signal.SIGINT == 2


def test_what_is_no_refusal_keeps_its_traceback(finished, monkeypatch):
    from negmine.cli.refusals import refusal

    assert refusal(ValueError("No space left on device")) is None
    assert refusal(ValueError("zstd error: Data corruption detected")) is None
    assert refusal(pl.exceptions.ComputeError("a column is missing")) is None
    assert refusal(KeyError("x")) is None
    assert "Memory is used up" in refusal(MemoryError())["message"]
