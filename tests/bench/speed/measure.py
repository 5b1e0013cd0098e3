"""Run a command as a whole process: wall seconds and peak RSS, of several commands in turn.

Every command is started by a small process of its own (this file, standard library alone), since Linux
hands a parent's peak to its child. The peak is the larger of two numbers: `ru_maxrss` of the command, and
the sum over its whole process tree, looked at every 0.1 s. Pages of memory-mapped files count.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

LOOK_S = 0.1


class CommandFailed(Exception):
    """A measured command did not end with 0."""


def once(command: list[str], log: Path) -> dict[str, float]:
    """Run a command, its output into `log`; return seconds and peak_mb, and raise CommandFailed."""
    log.parent.mkdir(parents=True, exist_ok=True)
    words = [sys.executable, "-S", __file__, str(log), *map(str, command)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    if found.pop("code"):
        end = log.read_text(errors="replace")[-2000:]
        raise CommandFailed(f"{' '.join(map(str, command))}\n{end}")
    return found


def in_turn(
    commands: dict[str, Callable[[], list[str]]], runs: int, logs: Path, warm_up: bool = True
) -> dict[str, list[dict[str, float]]]:
    """Run A B A B ..., `runs` times each after a warm-up that does not count.

    A command is made anew for every run: it is a function, which may clear what the last one left.
    """
    found: dict[str, list[dict[str, float]]] = {name: [] for name in commands}
    for number in range(runs + warm_up):
        for name, make in commands.items():
            result = once(make(), logs / f"{name}-{number}.log".replace(" ", "-"))
            note = "warm-up" if warm_up and not number else "run"
            print(
                f"  {name}: {result['seconds']:.2f} s, {result['peak_mb']:,.0f} MB ({note})",
                file=sys.stderr, flush=True,
            )  # fmt: skip
            if note == "run":
                found[name].append(result)
    return found


def summary(runs: list[dict[str, float]]) -> dict[str, float]:
    """Return median, least and most of the seconds, the medians of processor seconds and of the peak."""
    seconds = [run["seconds"] for run in runs]
    return {
        "runs": len(runs),
        "seconds": round(median(seconds), 3),
        "least_s": round(min(seconds), 3),
        "most_s": round(max(seconds), 3),
        "cpu_s": round(median(run["cpu_s"] for run in runs), 3),
        "peak_mb": round(median(run["peak_mb"] for run in runs), 1),
    }


def _tree_mb(root: int) -> float:
    """Return the resident MB of a process and all below it."""
    total, todo = 0, [root]
    while todo:
        here = Path(f"/proc/{todo.pop()}")
        try:
            total += int((here / "statm").read_text().split()[1])
            for task in (here / "task").iterdir():
                todo += map(int, (task / "children").read_text().split())
        except (OSError, IndexError):
            continue  # it has ended
    return total * os.sysconf("SC_PAGE_SIZE") / 2**20


def _watch(pid: int, over: threading.Event, peak: list[float]) -> None:
    while not over.wait(LOOK_S):
        peak[0] = max(peak[0], _tree_mb(pid))


def _main(log: str, *command: str) -> None:
    over, peak = threading.Event(), [0.0]
    with open(log, "wb") as output:
        start = time.perf_counter()
        child = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        watcher = threading.Thread(target=_watch, args=(child.pid, over, peak))
        watcher.start()
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
    over.set()
    watcher.join()
    child.returncode = os.waitstatus_to_exitcode(status)
    found = {
        "code": child.returncode,
        "seconds": seconds,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_mb": max(usage.ru_maxrss / 1024, peak[0]),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    _main(*sys.argv[1:])
