"""The settings that a work directory remembers: `settings.json`, one table for each stage, as given.

A stage's settings are remembered once that stage is done, so a wrong flag is forgotten with the command
that it broke. The settings of the first command of a work directory are written beforehand: if it is
killed, `status` still knows what was being made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from negmine.config.addresses import Address
from negmine.config.gone import without_gone
from negmine.config.per_command import without_per_command
from negmine.config.settings import Settings
from negmine.errors import CorruptArtifact, GateNotMet, NegmineError
from negmine.storage.small_json import read_sealed, write_sealed
from negmine.storage.workdir import Workdir

REMEMBERED = "settings.json"

_NO_SETTINGS = "it is no JSON object of settings"


def recall_settings(
    work: Workdir, note: Callable[[str], None] = lambda message: None
) -> Settings | None:
    """Return the settings that a work directory remembers, or None where there are none yet.

    note: receives a sentence for each remembered setting that is dropped: negmine does not have it any more, or
    it is one of a single command. Raises CorruptArtifact for a file that is damaged.
    """
    path = work.shared / REMEMBERED
    try:
        tables, notes = without_gone(_with_own_tables(read_sealed(path), work))
        tables, more = without_per_command(tables)
        settings = Settings.model_validate(tables)
        for message in (*notes, *more):
            note(message)
        return settings
    except FileNotFoundError:
        return None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        what = f"{place}: {first['msg']}" if place else _NO_SETTINGS
    except (OSError, ValueError) as error:
        what = str(error)
    raise CorruptArtifact(
        f"{path} cannot be read ({what}). Run negmine mine {work.name} with all its flags: "
        "it writes the file anew, and keeps what is done."
    )


def _with_own_tables(tables: dict[str, Any], work: Workdir) -> dict[str, Any]:
    """Return settings in which the tables of a remote work directory are those in this machine's mirror.

    Another machine has written down where they lie in its own; the end of the path is the same.
    """
    if not isinstance(work.place, Address):
        return tables
    own = work.root / "sources"

    def here(value: Any) -> Any:
        if not isinstance(value, str) or Path(value).parent.parts[-4:] != own.parts[-4:]:
            return value
        return str(own / Path(value).name)

    return {
        stage: {name: here(value) for name, value in table.items()}
        if isinstance(table, dict)
        else table
        for stage, table in tables.items()
    }


@contextmanager
def remembering(
    work: Workdir, given: dict[str, Any], done: Callable[[], Iterable[str]]
) -> Iterator[None]:
    """Remember the given settings when the block has run; where it fails, only those of the stages `done`.

    given: by stage (ResolvedConfig.to_remember).

    A gate that was not met is no failure of the settings, but for a budget that cannot be met at all.
    """
    path = work.shared / REMEMBERED
    before = _stored(work)
    if not path.exists():
        write_sealed(path, given)
    try:
        yield
    except NegmineError as error:
        if isinstance(error, GateNotMet):
            for table in given.values():
                table.pop(error.forgotten, None)
            write_sealed(path, given)
            raise
        kept = before | {stage: given[stage] for stage in done()}
        if any(kept.values()):
            write_sealed(path, kept)
        else:
            path.unlink(missing_ok=True)
        raise
    write_sealed(path, given)


def _stored(work: Workdir) -> dict[str, Any]:
    """Return the tables that are remembered; a damaged file is about to be replaced."""
    try:
        settings = recall_settings(work)
    except CorruptArtifact:
        settings = None
    if settings is None:
        return {}
    tables: dict[str, Any] = settings.model_dump(mode="json", exclude_unset=True)
    return tables
