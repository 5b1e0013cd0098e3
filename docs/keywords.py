"""The keywords of the Python API, made from the settings tables: negmine/config/keywords.py."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable
from pathlib import Path

from negmine.analysis.lint.settings import LintSettings
from negmine.analysis.prove.settings import ProveSettings
from negmine.analysis.queries.settings import QuerySettings
from negmine.config.settings import STAGES
from negmine.config.table import SettingsTable
from negmine.data.sources.tables import FIELDS
from negmine.stages.batch.settings import BatchSettings

FILE = Path(__file__).parents[1] / "negmine" / "config" / "keywords.py"
WIDTH = 100  # of a line of code; a longer one is left as it is
HEAD = '''"""The settings as typed keywords of the Python API. docs/generate.py makes this file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, TypedDict

Table = Any  # a list of dicts, a Polars or pandas DataFrame, an Arrow table, a datasets.Dataset
'''


def render() -> str:
    """Return the module: a typed dictionary for each set of keywords."""
    stages = _keywords(
        "SettingsKeywords",
        "The settings of all stages; `negmine.config.settings` says what each means.",
        STAGES.values(),
    )
    lint = _keywords(
        "LintKeywords",
        "The settings of `negmine.lint`; `negmine.analysis.lint.settings` says what each means.",
        [LintSettings],
    )
    prove = _keywords(
        "ProveKeywords",
        "The settings of `negmine.prove`; `negmine.analysis.prove.settings` says what each means.",
        [ProveSettings],
    )
    batch = _keywords(
        "BatchKeywords",
        "The settings of `negmine.batch`; `negmine.stages.batch.settings` says what each means.",
        [BatchSettings],
    )
    queries = _keywords(
        "QueryKeywords",
        "The settings of `negmine.generate_queries`; `negmine.analysis.queries.settings` says what each means.",
        [QuerySettings],
    )
    return "\n\n".join([HEAD, stages, lint, prove, batch, queries])


def _keywords(name: str, text: str, tables: Iterable[type[SettingsTable]]) -> str:
    lines = [f"class {name}(TypedDict, total=False):", f'    """{text}"""', ""]
    for table in tables:
        for field, annotation in typing.get_type_hints(table).items():
            if field in table.model_fields:
                table_too = "Table | " if table is STAGES["index"] and field in FIELDS else ""
                line = f"    {field}: {table_too}{keyword_type(annotation)}"
                lines.append(line if len(line) <= WIDTH else _broken(line))
    return "\n".join(lines) + "\n"


def _broken(line: str) -> str:
    """Return a line that is too long as the formatter breaks it; one that it cannot break, marked."""
    head, bracket, choices = line.partition("Literal[")
    if not bracket or not choices.endswith("]") or "[" in choices:
        return f"{line}  # fmt: skip"
    rows = "".join(f"        {choice},\n" for choice in choices.removesuffix("]").split(", "))
    return f"{head}Literal[\n{rows}    ]"


def keyword_type(annotation: object) -> str:
    """Return what a caller may give for a setting: a path may be a text, and one value needs no list."""
    origin, inside = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (types.UnionType, typing.Union):
        return " | ".join(dict.fromkeys(map(keyword_type, inside)))
    if origin is tuple:
        one = keyword_type(inside[0])
        return f"{one} | Sequence[{one}]"
    if origin is typing.Literal:
        values = ", ".join(f'"{value}"' for value in inside)
        return f"Literal[{values}]"
    if annotation is Path:
        return "str | Path"
    if annotation is type(None):
        return "None"
    assert isinstance(annotation, type)
    return annotation.__name__
