"""Settings of one command: a work directory does not remember them, and one that names them is not heard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from negmine.config.naming import flag

PER_COMMAND = (
    "generate_budget",
    "judge_budget",
    "embedding_budget",
    "verify",
    "engine",
    "ray_address",
    "workers",
    "gpus",
)


def without_per_command(tables: Any) -> tuple[Any, list[str]]:
    """Return remembered settings without those of one command, and a note for each of these.

    Somebody else may have written them: `verify` would pass over damage, `engine` and `ray_address` would give
    this process, and what it has open, to a cluster of theirs. tables: by stage, as settings.json holds them;
    anything else comes back as it is.
    """
    if not isinstance(tables, Mapping):
        return tables, []
    kept, notes = dict(tables), []
    for stage, table in tables.items():
        if isinstance(table, Mapping):
            kept[stage] = {name: value for name, value in table.items() if name not in PER_COMMAND}
            notes += [
                f"{flag(name)} {str(table[name])[:100]} in settings.json does not count: it is of one command. "
                "Name it in this command if you want it."
                for name in PER_COMMAND
                if name in table
            ]
    return kept, notes
