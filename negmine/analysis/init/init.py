"""`init`: which files are meant, what they hold, and the negmine.toml for them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from negmine.analysis.init.look import look
from negmine.analysis.init.suggest import advice, needed
from negmine.config.addresses import Address, place_of
from negmine.config.naming import flag
from negmine.config.settings import IndexSettings
from negmine.config.starter import starter
from negmine.config.tables import checked
from negmine.data.sources.beir import table_files
from negmine.errors import InputError, SettingsError
from negmine.storage.files import write_out
from negmine.storage.remote.remote import Remote

# Words in the names of files that say what they hold.
_ROLES = {
    "queries": ("quer", "topic", "question"),
    "qrels": ("qrel", "judg"),
    "corpus": ("corpus", "doc", "collection", "passage"),
}


def init(
    paths: Sequence[Path], flags: Mapping[str, Any], out: Path, force: bool = False
) -> dict[str, Any]:
    """Look at the user's files, and write a commented negmine.toml for them.

    paths: a BEIR folder, a file of pairs, or corpus, queries and qrels. flags: or settings of the index stage.
    out: the file to write; one that exists is replaced with `force` only. Returns `file`, `command`, `tables`,
    `splits`, `split`, `judgements`, `advice`, `settings`. Raises SettingsError where the files are not named or
    `out` cannot be written, InputError for files that cannot be read.
    """
    _check(out, force)
    settings = checked("index", {**_meant(paths, flags), **flags}, flag)
    assert isinstance(settings, IndexSettings)
    data = look(settings)
    fields, sentences = needed(settings, data), advice(settings, data)
    command = f"negmine mine work --config {shlex.quote(str(out))}"
    text = starter(fields, out.resolve().parent, sentences, command)
    try:
        write_out(out, text)
    except OSError as error:
        raise SettingsError(f"{out} cannot be written: {error.strerror}.") from error
    return {
        "file": out,
        "command": command,
        **asdict(data),
        "advice": sentences,
        "settings": fields,
    }


def _check(out: Path, force: bool) -> None:
    if out.is_dir():
        raise SettingsError(
            f"--out {out} is a folder. Name a file, such as {out / 'negmine.toml'}."
        )
    if out.exists() and not force:
        raise SettingsError(f"{out} exists. Give --force to replace it, or --out FILE for another.")


def _meant(paths: Sequence[Path], flags: Mapping[str, Any]) -> dict[str, Path]:
    """Return the data settings that the named files and folders stand for."""
    if not paths:
        return {}
    if len(paths) == 1:
        return {"data" if _is_collection(paths[0]) else "pairs": paths[0]}
    roles = {_role(path): path for path in paths}
    if len(paths) != len(_ROLES) or set(roles) != set(_ROLES):
        raise SettingsError(
            "Which file is what? Name a BEIR folder, or one file of pairs, or give --corpus, --queries and "
            "--qrels."
        )
    return {str(role): path for role, path in roles.items()}


def _is_collection(path: Path) -> bool:
    """Tell whether a path is a folder here, or a dataset of the Hub or a folder elsewhere that has a corpus."""
    place = place_of(path, "PATH")
    if not isinstance(place, Address):
        return path.is_dir()
    try:
        return bool(table_files(place, "corpus", Remote()))
    except InputError:
        return False  # of pairs; or reading it tells what is wrong


def _role(path: Path) -> str | None:
    name = path.name.lower()
    return next((role for role, words in _ROLES.items() if any(w in name for w in words)), None)
