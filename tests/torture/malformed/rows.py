"""A row of the campaign: how an input is made, who reads it, how the command must end."""

import io
import sys
import traceback
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

from negmine.cli.app import main
from tests.torture.malformed.files import ROWS, WRITERS

LONGEST = 2000  # characters of a message


class Reader(NamedTuple):
    """Who reads the input: what valid rows are, the format, the command with FILE in place of the input."""

    role: str
    ending: str
    rows: str
    command: tuple[str, ...]

    @property
    def name(self):
        return f"{self.role}.{self.ending}"

    def valid(self):
        return WRITERS[self.ending](ROWS[self.rows])


class Row(NamedTuple):
    """A case: `make` writes the input as `file`; the command must end with `code`, and print all `words`."""

    name: str
    make: Callable[[Path], None]
    file: str
    command: tuple[str, ...]
    code: int
    words: tuple[str, ...] = ()


class Ended(NamedTuple):
    """How a command ended: exit code, stdout, stderr, and the traceback of a bug, or nothing."""

    code: int
    out: str
    message: str
    bug: str


_INDEX = ("index", "WORK", "--retriever", "bm25")
_THREE = {"corpus": "corpus.jsonl", "queries": "queries.jsonl", "qrels": "qrels.tsv"}


def _in_place_of(role):
    return tuple(
        word
        for name, file in _THREE.items()
        for word in (f"--{name}", "FILE" if name == role else f"FOLDER/{file}")
    )


COMMANDS = {
    "corpus": (*_INDEX, *_in_place_of("corpus")),
    "queries": (*_INDEX, *_in_place_of("queries")),
    "qrels": (*_INDEX, *_in_place_of("qrels")),
    "pairs": (*_INDEX, "--pairs", "FILE"),
    "lint": ("lint", "FILE"),
    "lint-corpus": ("lint", "FOLDER/triplets.jsonl", "--corpus", "FILE"),
    "lint-queries": (
        "lint",
        "FOLDER/triplets.jsonl",
        "--corpus",
        "FOLDER/corpus.jsonl",
        "--queries",
        "FILE",
        "--qrels",
        "FOLDER/qrels.tsv",
    ),
    "lint-qrels": ("lint", "FOLDER/triplets.jsonl", "--qrels", "FILE"),
    "init": ("init", "FILE", "--out", "OUT"),
    "init-corpus": ("init", *_in_place_of("corpus"), "--out", "OUT"),
    "init-qrels": ("init", *_in_place_of("qrels"), "--out", "OUT"),
}
_ROWS = {"lint": "triplets", "init": "pairs", "pairs": "pairs"}


def reader(role, ending):
    rows = _ROWS.get(role) or role.rsplit("-", 1)[-1]
    return Reader(role, ending, rows, COMMANDS[role])


def write_valid(folder):
    """Write valid files of everything that a command reads beside the input."""
    for name, ending in (
        ("corpus", "jsonl"),
        ("queries", "jsonl"),
        ("qrels", "tsv"),
        ("triplets", "jsonl"),
        ("pairs", "jsonl"),
    ):
        (folder / f"{name}.{ending}").write_bytes(WRITERS[ending](ROWS[name]))


def run(row, folder, tmp_path):
    """Make the input of a row, and run its command in this process. folder: of the valid files."""
    path = tmp_path / row.file
    row.make(path)
    places = {
        "FILE": path,
        "FOLDER": folder,
        "WORK": tmp_path / "work",
        "OUT": tmp_path / "negmine.toml",
    }
    words = []
    for word in row.command:
        for name, place in places.items():
            word = word.replace(name, str(place))
        words.append(word)
    return negmine(words)


def negmine(words):
    """Run the command line in this process."""
    out, message, bug, code = io.StringIO(), io.StringIO(), "", 0
    before, sys.argv = sys.argv, ["negmine", *words]
    try:
        with redirect_stdout(out), redirect_stderr(message):
            main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # what comes out of Rust is no Exception
        bug = traceback.format_exc()
    finally:
        sys.argv = before
    return Ended(code, out.getvalue(), message.getvalue(), bug)


def faults(row, ended):
    """Return what is wrong with how a row ended."""
    wrong = [ended.bug[-1500:]] if ended.bug else []
    if ended.code != row.code and not ended.bug:
        wrong.append(f"exit code {ended.code}, not {row.code}: {ended.message[-500:]}")
    if len(ended.message) > LONGEST:
        wrong.append(f"{len(ended.message):,} characters on stderr: {ended.message[:200]}")
    told = ended.message if row.code else ended.out + ended.message
    wrong += [f"{word!r} is not in: {told[:800]}" for word in row.words if word not in told]
    if row.code and not ended.bug and "error" not in ended.message.lower():
        wrong.append("there is no error on stderr")
    return wrong
