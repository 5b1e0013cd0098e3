"""A row of the campaign: how an input is made, who reads it, how the command must end."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from typer.testing import CliRunner

from negmine.cli.app import app
from negmine.errors import NegmineError
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
    """name; make(path): writes the input; file: its name; command; code: of the exit; words in the message."""

    name: str
    make: Callable[[Path], None]
    file: str
    command: tuple[str, ...]
    code: int
    words: tuple[str, ...] = ()


class Ended(NamedTuple):
    code: int
    message: str
    traceback: BaseException | None


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
        "lint", "FOLDER/triplets.jsonl", "--corpus", "FOLDER/corpus.jsonl", "--queries", "FILE", "--qrels", "FOLDER/qrels.tsv",
    ),
    "lint-qrels": ("lint", "FOLDER/triplets.jsonl", "--qrels", "FILE"),
    "init": ("init", "FILE", "--out", "OUT"),
    "init-corpus": ("init", *_in_place_of("corpus"), "--out", "OUT"),
    "init-qrels": ("init", *_in_place_of("qrels"), "--out", "OUT"),
}  # fmt: skip
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
    try:
        result = CliRunner().invoke(app, words)
    except BaseException as error:  # what comes out of Rust is no Exception
        return Ended(1, "", error)
    is_bug = result.exception is not None and not isinstance(result.exception, SystemExit)
    return Ended(result.exit_code, result.stderr, result.exception if is_bug else None)
