"""The head of a README.md: YAML between two lines of `---`, written by somebody else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from negmine.config.places import check_regular
from negmine.errors import InputError

MOST_BYTES = 500_000  # of a README.md
MOST_ALIASES = (
    20  # names of earlier values; a few lines of them in one another stand for billions of values
)
_HEAD = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)\r?\n---", re.DOTALL)


def head_of(readme: Path) -> Any:
    """Return the value of the head of a README.md; None where there is none, or it cannot be read.

    Raises InputError for a file that cannot be read.
    """
    import yaml

    check_regular(readme)
    try:
        with readme.open("rb") as stream:
            text = stream.read(MOST_BYTES).decode("utf-8", "replace")
        match = _HEAD.match(text)
        return _value(match[1]) if match else None
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    except OSError as error:
        raise InputError(f"{readme} cannot be read: {error.strerror}.") from error


def _value(text: str) -> Any:
    """Return the value of a YAML text. Raises ValueError where it has too many aliases."""
    import yaml

    class Loader(yaml.SafeLoader):
        aliases = 0

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                self.aliases += 1
                if self.aliases > MOST_ALIASES:
                    raise ValueError("too many aliases")
            return super().compose_node(parent, index)

    return yaml.load(text, Loader)
