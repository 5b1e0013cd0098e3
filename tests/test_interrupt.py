"""Ctrl-C: exit 130, one line that says how to go on, and nothing lost."""

import json
import signal
import subprocess
import sys

import pytest

import negmine
from tests import warm
from tests.conftest import write_beir

# Stops itself the way a terminal would, in the middle of retrieve.
SCRIPT = """
import os, signal, sys
import negmine.stages.retrieve.tasks as door
real = door.candidates
def interrupted(context):
    os.kill(os.getpid(), int(number))
    return real(context)
door.candidates = interrupted
from negmine.cli.start import main
number, sys.argv = sys.argv.pop(), ["negmine", *sys.argv[1:]]
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it is ignored, as it should be
main()
"""


def interrupted(*arguments, by=signal.SIGINT):
    return warm.run(SCRIPT, *arguments, int(by))


def test_ctrl_c_says_how_to_go_on_and_going_on_works(tmp_path):
    data = write_beir(tmp_path / "beir")
    flags = ["--data", data, "--retriever", "bm25"]
    done = interrupted("mine", tmp_path / "work", *flags)
    assert done.returncode == 130
    assert "Traceback" not in done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.endswith(f"negmine mine {tmp_path / 'work'} --data {data} --retriever bm25")
    result = negmine.mine(tmp_path / "work", data=data, retriever=["bm25"])
    outcomes = {row["artifact"]: row["outcome"] for row in result.artifacts}
    assert outcomes["2-retrieve/bm25"] == "fresh"
    assert outcomes["2-retrieve/candidates"] == "made"


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_and_the_signals_of_supervisors_print_the_envelope(by, tmp_path):
    data = write_beir(tmp_path / "beir")
    words = ["mine", tmp_path / "work", "--data", data, "--retriever", "bm25", "--json"]
    done = interrupted(*words, by=by)
    envelope = json.loads(done.stdout)
    assert envelope["status"] == "interrupted"
    assert envelope["exit_code"] == done.returncode == 130


def test_a_second_process_is_refused_while_the_first_works(tmp_path):
    data = write_beir(tmp_path / "beir")
    work = tmp_path / "work"
    work.mkdir()
    hold = (
        "import sys; from pathlib import Path; from negmine.storage.locks import locked\n"
        "with locked(Path(sys.argv[1])):\n print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", hold, str(work)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout.readline() == "held\n"
        command = [sys.executable, "-m", "negmine.cli", "mine", str(work), "--data", str(data)]
        done = subprocess.run([*command, "--retriever", "bm25"], capture_output=True, text=True)
        assert done.returncode == 1
        assert f"process {holder.pid}" in done.stderr
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        done = subprocess.run([*command, "--retriever", "bm25"], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    finally:
        holder.kill()
        holder.communicate()
