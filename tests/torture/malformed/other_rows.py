"""Rows of the campaign out of arrays, TOML files, command lines and places that are no files."""

import os
import socket
from pathlib import Path

import numpy as np

from tests.torture.malformed.files import ROWS
from tests.torture.malformed.kinds_of_arrays import ARRAYS, DIMS, saved
from tests.torture.malformed.kinds_of_configs import CONFIGS, GOOD
from tests.torture.malformed.kinds_of_flags import (
    FAISS,
    GOOD_FAISS,
    HALF,
    INDEX,
    JSON,
    JUDGE,
    LONG,
    MAY_BE_LONG,
    MINE,
    NUMBERS,
    PLACES,
    SLOW_FAISS,
    STEERING,
    WIDE,
)
from tests.torture.malformed.rows import COMMANDS, Row

_VECTORS = (
    "--retriever",
    "dense",
    "--document-vectors",
    "FILE",
    "--query-vectors",
    "FOLDER/queries.npy",
)
_BROUGHT = tuple("FOLDER/documents.npy" if word == "FILE" else word for word in _VECTORS)


def write_vectors(folder):
    """Write vectors that fit the valid files."""
    rng = np.random.default_rng(3)
    for name, rows in (("documents", ROWS["corpus"]), ("queries", ROWS["queries"])):
        vectors = rng.standard_normal((len(rows), DIMS)).astype(np.float32)
        (folder / f"{name}.npy").write_bytes(saved(vectors))


def _bytes(data):
    return lambda path: path.write_bytes(data if isinstance(data, bytes) else data.encode())


def _nothing(path):
    """Write no input: the command line is at fault."""


def array_rows():
    """Yield a row for each file that is brought as vectors, for documents and for queries."""
    queries = [word.replace("documents", "x") for word in _VECTORS]
    queries[queries.index("FILE")], queries[-1] = "FOLDER/documents.npy", "FILE"
    for name, (data, words) in ARRAYS.items():
        code, told = (1, (*words, "input.npy")) if words else (0, ())
        yield Row(
            f"document vectors: {name}", _bytes(data), "input.npy", (*INDEX, *_VECTORS), code, told
        )
        if words and not {"rows", "dimensions"} & set(words[0].split()) and "row 3" not in words:
            yield Row(
                f"query vectors: {name}", _bytes(data), "input.npy", (*INDEX, *queries), code, told
            )


def config_rows():
    """Yield a row for each file for --config."""
    command = (*INDEX, "--retriever", "bm25", "--config", "FILE")
    for name, (data, words) in CONFIGS.items():
        yield Row(f"config: {name}", _bytes(data), "input.toml", command, 2, (*words, "input.toml"))
    for name, data in GOOD.items():
        yield Row(f"config: {name}", _bytes(data), "input.toml", command, 0)


def flag_rows():
    """Yield a row for each odd word in each place of a command line."""
    for place, command in PLACES.items():
        for name, value in (
            ("half a character", HALF),
            ("a very long one", LONG),
            ("steering", STEERING),
        ):
            words = tuple(word.replace("VALUE", value) for word in command)
            if value == HALF:
                yield Row(f"{place}: {name}", _nothing, "input", words, 2, ("UTF-8",))
            elif place not in MAY_BE_LONG:
                yield Row(f"{place}: {name}", _nothing, "input", words, _code(place))
    for name, value in JSON.items():
        words = (*MINE, *JUDGE, "--judge-extra", value)
        yield Row(f"--judge-extra: {name}", _nothing, "input", words, 2, ("--judge-extra",))
    for flag, values in NUMBERS.items():
        for value in values:
            yield Row(f"{flag} {value:.20}", _nothing, "input", (*MINE, flag, value), 2)
    for count in WIDE:
        words = (*MINE, "--format", "n-tuple", "--num-negatives", count)
        yield Row(f"n-tuple of {count}", _nothing, "input", words, 2, ("has a place for 1000",))


_FILES = {
    "a model",
    "a folder",
    "a split",
    "a column",
    "a language column",
    "a work directory",
    "two of them",
    "a file of lint",
    "a column of lint",
    "a file of init",
    "somebody to trust",
}


def _code(place):
    return 1 if place in _FILES else 2


def faiss_rows(slow=False):
    """Yield a row for each factory string."""
    for factory, word in (SLOW_FAISS if slow else FAISS).items():
        words = (*INDEX, *_BROUGHT, "--index", factory)
        yield Row(f"--index {factory[:30]!r}", _nothing, "input", words, 2, ("--index", word))
    for factory in () if slow else GOOD_FAISS:
        yield Row(
            f"--index {factory}", _nothing, "input", (*INDEX, *_BROUGHT, "--index", factory), 0
        )


def _folder(path):
    path.mkdir()


def _loop(path):
    path.symlink_to(path)


def _socket(path):
    here = Path.cwd()
    os.chdir(path.parent)  # the name of a socket has a limit
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(path.name)
    finally:
        os.chdir(here)


def _link(target):
    return lambda path: path.symlink_to(target)


SPECIAL = {
    "nothing": (_nothing, "does not exist"),
    "a folder": (_folder, "is a folder"),
    "a pipe": (os.mkfifo, "pipe"),
    "a socket": (_socket, "pipe or a device"),
    "a link to nothing": (_link("nothing"), "does not exist"),
    "a link to itself": (_loop, "input"),
    "a link to /dev/zero": (_link("/dev/zero"), "pipe or a device"),
    "a link to /proc": (_link("/proc/self/environ"), "pipe or a device"),
    "a link to /proc that waits": (_link("/proc/kmsg"), "pipe or a device"),
}
_READERS = {
    **{role: (f"input.{ending}", COMMANDS[role]) for role in COMMANDS for ending in ("jsonl",)},
    "qrels of TREC": ("input.qrels", COMMANDS["qrels"]),
    "Parquet": ("input.parquet", COMMANDS["corpus"]),
    "Parquet of lint": ("input.parquet", COMMANDS["lint"]),
    "vectors": ("input.npy", (*INDEX, *_VECTORS)),
    "config": ("input.toml", (*INDEX, "--retriever", "bm25", "--config", "FILE")),
}


def place_rows():
    """Yield a row for each place that is no regular file, and each reader."""
    for who, (file, command) in _READERS.items():
        for name, (make, word) in SPECIAL.items():
            if name == "a folder" and who in ("lint", "init", "lint-qrels", "Parquet of lint"):
                continue  # a folder has a meaning there
            code = 2 if who == "config" or (name == "a link to itself" and "lint" not in who) else 1
            said = "no file of vectors" if (name, who) == ("a folder", "vectors") else word
            words = () if who == "config" or "link" in name else (said, "input")
            yield Row(f"{who}: {name}", make, file, command, code, words)
    for ending in (
        "arrow",
        "feather",
        "xlsx",
        "txt",
        "jsonl.zip",
        "jsonl.zst",
        "parquet.gz",
        "npy",
        "",
        "JSONL.BZ2",
    ):
        for role in ("corpus", "pairs", "lint", "init"):
            file = f"input.{ending}".rstrip(".")
            yield Row(
                f"{role}: a file that ends with {ending!r}",
                _bytes(b"x"),
                file,
                COMMANDS[role],
                1,
                ("input",),
            )
