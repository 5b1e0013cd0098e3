"""Links laid in a work directory: nothing is written through them, and what they lead to is not touched."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import negmine
from negmine.errors import WorkdirError
from tests.conftest import write_beir

PRECIOUS = "what somebody needs"
PLACES = (
    ".lock", ".lock-holder.json", ".lock-holder.json.tmp", ".digests.json", ".digests.json.tmp",
    "settings.json", "settings.json.tmp", "sources", "vectors", "judge", "prove",
    "1-index/corpus", "1-index/bm25",
    "1-index/corpus/part-00000.parquet", "4-filter", "4-filter/verdicts", "4-filter/verdicts/.partial",
    "4-filter/verdicts/_manifest.json", "5-write/triplet", "5-write/README.md",
)  # fmt: skip


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("finished")
    return negmine.mine(folder / "w", data=write_beir(folder / "beir"), retriever="bm25").work


@pytest.fixture
def work(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "w")


def laid(work, place, target):
    """Lay a link in the place of a file or folder."""
    link = work / place
    if link.is_dir():
        shutil.rmtree(link)
    link.unlink(missing_ok=True)
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(target)
    return link


@pytest.mark.parametrize("is_folder", [False, True], ids=["file", "folder"])
@pytest.mark.parametrize("place", PLACES)
def test_a_link_is_refused_and_its_target_stays(place, is_folder, work, tmp_path):
    target = tmp_path / "precious"
    if is_folder:
        target.mkdir()
        (target / "part-00000.parquet").write_text(PRECIOUS)
    else:
        target.write_text(PRECIOUS)
    link = laid(work, place, target)
    for act in (
        lambda: negmine.mine(work, data=tmp_path / "nothing", retriever="bm25"),
        lambda: negmine.filter(work, max_risk=0.5),
        lambda: negmine.write(work, num_negatives=2),
        lambda: negmine.status(work),
        lambda: negmine.leak(work),
    ):
        with pytest.raises(WorkdirError, match="is a link") as raised:
            act()
        assert str(link) in str(raised.value)
    kept = target / "part-00000.parquet" if is_folder else target
    assert kept.read_text() == PRECIOUS
    assert link.is_symlink()


def test_the_work_directory_itself_may_be_a_link(work, tmp_path):
    (tmp_path / "elsewhere").symlink_to(work)
    negmine.filter(tmp_path / "elsewhere", max_risk=0.5)
    negmine.write(tmp_path / "elsewhere")
    assert all(one.state == "fresh" for one in negmine.status(work))


def test_a_report_replaces_a_link_and_not_what_it_leads_to(work, tmp_path):
    (tmp_path / "precious").write_text(PRECIOUS)
    for name in ("page.html", "page.html.tmp"):
        (tmp_path / name).symlink_to(tmp_path / "precious")
    negmine.report(work, html=tmp_path / "page.html", leak=False)
    assert (tmp_path / "precious").read_text() == PRECIOUS
    assert "<html" in (tmp_path / "page.html").read_text()


@pytest.mark.parametrize("through", ["| cat > {out}", "> {out}", ">> {out}"])
def test_a_report_to_dev_stdout_writes_through_it(through, work, tmp_path):
    out, before = tmp_path / "out.json", Path("/dev/stdout").lstat().st_ino
    out.write_text("")
    command = f"{sys.executable} -m negmine.cli report {work} --no-leak --json /dev/stdout "
    done = subprocess.run(
        ["bash", "-c", command + through.format(out=out)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert '"report": 1' in out.read_text()
    assert Path("/dev/stdout").lstat().st_ino == before


def test_a_report_to_a_fifo_writes_into_it(work, tmp_path):
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    report = f"{sys.executable} -m negmine.cli report {work} --no-leak --json {fifo}"
    command = f"timeout 100 cat {fifo} > {tmp_path}/out & {report}; wait"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert '"report": 1' in (tmp_path / "out").read_text()
    assert fifo.is_fifo()


def test_what_a_kill_left_half_written_is_removed_by_the_next_writer(work):
    (work / "settings.json.0123456789abcdef.tmp").write_text("half")
    (work / "1-index/bm25/indices.npy.0123456789abcdef.tmp").write_text("half")
    negmine.write(work, num_negatives=2)
    assert not list(work.rglob("*.tmp"))
