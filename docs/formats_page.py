"""The generated part of the page of formats, and how a page shows the columns of a table."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pyarrow as pa

from negmine.config.settings import WriteSettings
from negmine.data import schemas
from negmine.stages.write.formats.base import OutputFormat
from negmine.stages.write.formats.registry import FORMATS

TRIED = Path(__file__).parent / "reference/formats-tried.json"  # written by trainers.py


def formats() -> str:
    """Return a table of all output formats, what was tried with their trainers, and a section for each."""
    rows = ["| `--format` | a row per | scores | instruction | files |", "|---|---|---|---|---|"]
    rows += [
        f"| [`{one.name}`](#{one.name}) | {one.row_per} | {_PLACES[one.teacher]} | "
        f"{_PLACES[one.instruction]} | {_files(one)} |"
        for one in FORMATS.values()
    ]
    sections = ["\n".join(rows), tried(), *map(_format, FORMATS.values())]
    return "\n\n".join(sections)


_PLACES = {
    "none": "", "optional": "with `--teacher`", "required": "`--teacher` is needed",
    "no": "", "one": "one for all", "each": "for each query",
}  # fmt: skip


def _files(output: OutputFormat) -> str:
    if not output.main:
        return f"`part-*.{output.file_kind}`"
    return ", ".join(f"`{name}`" for name in (output.main, *(one.name for one in output.files)))


def _format(output: OutputFormat) -> str:
    """Return the section of an output format, with the columns that it has for 2 negatives."""
    teacher = None if output.teacher == "none" else "bm25"
    two, three = (
        output.schema(WriteSettings(num_negatives=count, teacher=teacher)) for count in (2, 3)
    )
    example = "" if two.equals(three) else " (of 2 negatives)"
    fence = "python" if "(" in output.command.split("\n")[0] else "sh"
    about = textwrap.fill(output.about, 112, break_on_hyphens=False)
    which = f"Columns{example}" if not output.main else f"Columns of `{output.main}`{example}"
    command = f"```{fence}\n{output.command}\n```"
    return f"## {output.name}\n\n{about}\n\n{command}\n\n{which}:\n\n{columns_text(two)}"


def tried() -> str:
    """Return a table of what was run with each trainer; trainers.py has run it."""
    rows = ["| format | trainer | version | what was run |", "|---|---|---|---|"]
    rows += [
        f"| `{one['format']}` | {one['trainer']} | {one['version']} | {one['what']} |"
        for one in json.loads(TRIED.read_text(encoding="utf-8"))
    ]
    lead = (
        "What was run, by `docs/trainers.py`: each file was read by the trainer's own code, and what that "
        "handed on was compared with provenance and verdicts. Of FlagEmbedding, GPL and DPR only the module "
        "of the loader was imported, since their packages as a whole want older versions of other packages."
    )
    return "\n\n".join([textwrap.fill(lead, 112, break_on_hyphens=False), "\n".join(rows)])


def schema_text(schema: pa.Schema) -> str:
    """Return a schema's name and its columns."""
    return f"Schema `{schemas.name_of(schema)}`.\n\n{columns_text(schema)}"


def columns_text(schema: pa.Schema) -> str:
    """Return a table of a schema's columns."""
    rows = ["| column | type | may be empty |", "|---|---|---|"]
    rows += [f"| `{f.name}` | {f.type} | {'yes' if f.nullable else ''} |" for f in schema]
    return "\n".join(rows)
