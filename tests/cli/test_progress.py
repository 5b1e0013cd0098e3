"""The progress bar and the result on a terminal: one after the other, each where it belongs."""

import os
import re
import subprocess
import sys

import pytest

pty = pytest.importorskip("pty")


def on_a_terminal(command, stdout=None):
    """Run a command with stderr (and stdout, unless it is given) on a pseudo-terminal; return its output."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "negmine.cli", *map(str, command)],
        stdin=follower, stdout=stdout or follower, stderr=follower,
        env=os.environ | {"COLUMNS": "100", "TERM": "xterm"},
    )  # fmt: skip
    os.close(follower)
    output = b""
    while True:
        try:
            piece = os.read(leader, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        output += piece
    os.close(leader)
    assert process.wait() == 0
    return output.decode()


def test_the_result_begins_on_a_line_of_its_own_after_the_bar_is_erased(work):
    output = on_a_terminal(["leak", work])
    assert "leak" in output
    bar, result = output.split("2 positives of", 1)
    assert "━" in bar
    assert "━" not in result
    assert re.search(r"(\x1b\[2K|\n)$", bar)


def test_the_bar_on_stderr_leaves_stdout_to_the_result(work, tmp_path):
    with (tmp_path / "out").open("w") as stream:
        output = on_a_terminal(["leak", work], stdout=stream)
    assert "━" in output
    written = (tmp_path / "out").read_text()
    assert written.startswith("2 positives of 2 queries were hidden")
    assert "\x1b" not in written
