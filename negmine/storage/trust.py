"""What the user trusts in a work directory: one small file for each, outside of all work directories.

The file's name is a hash of the absolute path of the work directory, or of its address; it holds the path, and
what is trusted by setting and value. A file that is damaged, or about another path, counts as no trust.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from filelock import FileLock

from negmine.config.addresses import Address
from negmine.config.outside import Named
from negmine.data.identity import identity_of
from negmine.errors import WorkdirError
from negmine.storage.files import atomic_write

VARIABLE = "NEGMINE_TRUST"
MOST = 500  # things that are kept for a work directory, the newest


class Trust:
    """The record of one work directory. Reads the file once; `add` and `forget` are safe beside others.

    values: what is trusted, as (setting, value). damage: why the file is not believed; empty if it is.
    """

    def __init__(self, root: Path) -> None:
        self._root = str(root if isinstance(root, Address) else root.resolve())
        self.file = _place() / f"{identity_of([self._root])}.json"
        self._misplaced = _misplaced(self.file, root)
        self.values, self.damage = self._read()

    def covers(self, thing: Named) -> bool:
        """Tell whether this thing is trusted, by setting and value.

        A model of an earlier round is trusted, too, if it was so as the model of its own round.
        """
        settings = [thing.setting]
        if thing.setting == "earlier_model":
            settings += ["model", "query_model"]
        return any((setting, thing.value) in self.values for setting in settings)

    def add(self, things: Iterable[Named]) -> None:
        """Trust these, too. Raises WorkdirError where the file cannot be written."""
        new = [(one.setting, one.value) for one in things if not self.covers(one)]
        if not new:
            return
        if self._misplaced:
            raise WorkdirError(f"{self._misplaced}. Set {VARIABLE} to another folder.")
        try:
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(self.file.with_suffix(".lock")):
                before, _ = self._read()
                self.values = dict.fromkeys([*before, *new][-MOST:])
                rows = [{"setting": name, "value": value} for name, value in self.values]
                with atomic_write(self.file) as stream:
                    text = json.dumps({"work": self._root, "trusted": rows}, indent=1)
                    stream.write(text.encode())
        except OSError as error:
            raise WorkdirError(
                f"{self.file} cannot be written ({error.strerror or error}). Set {VARIABLE} to another folder."
            ) from error

    def forget(self) -> None:
        """Trust nothing of this work directory any more. Raises WorkdirError where the file stays."""
        try:
            if self.file.exists():
                with FileLock(self.file.with_suffix(".lock")):
                    self.file.unlink(missing_ok=True)
        except OSError as error:
            raise WorkdirError(f"{self.file} cannot be removed: {error.strerror}.") from error
        self.values, self.damage = {}, ""

    def _read(self) -> tuple[dict[tuple[str, str], None], str]:
        if self._misplaced:
            return {}, self._misplaced
        try:
            content = json.loads(self.file.read_text(encoding="utf-8"))
            return dict.fromkeys(self._pairs(content)), ""
        except FileNotFoundError:
            return {}, ""
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return {}, f"{self.file} is damaged"

    def _pairs(self, content: Any) -> list[tuple[str, str]]:
        """Return the pairs that a file holds; raise ValueError where it is about another directory."""
        if content["work"] != self._root:
            raise ValueError("another work directory")
        pairs = [(row["setting"], row["value"]) for row in content["trusted"]]
        if not all(isinstance(text, str) for pair in pairs for text in pair):
            raise ValueError("not texts")
        return pairs


def _place() -> Path:
    """Return the folder of the records: NEGMINE_TRUST, else below XDG_STATE_HOME or ~/.local/state."""
    if own := os.environ.get(VARIABLE, ""):
        return Path(os.path.expanduser(own)).absolute()  # noqa: PTH111 - Path's raises without a home
    state = Path(os.environ.get("XDG_STATE_HOME", ""))  # relative ones do not count, says XDG
    if not state.is_absolute():
        state = Path(os.path.expanduser("~/.local/state"))  # noqa: PTH111
    return state / "negmine" / "trust"


def _misplaced(file: Path, root: Path) -> str:
    """Return why no record can lie there, or nothing: whoever gives a work directory away may not bring one."""
    if not file.is_absolute():
        return f"there is no home folder for the record {file}"
    if isinstance(root, Address):
        return ""
    inside = file.resolve().is_relative_to(root.resolve())
    return f"the record {file} lies in the work directory that it is about" if inside else ""
