"""Write the reference pages that can drift: `python docs/generate.py`, `--check` in CI.

commands.md comes from the Typer app, settings.md from the settings tables, tables.md from the Arrow
schemas, reasons.md from the table of rules. What is between the markers in a page is replaced; the
prose around it is written by hand.
"""

from __future__ import annotations

import inspect
import re
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
from typer.main import get_command

from negmine.analysis.lint.rules import RULES
from negmine.analysis.report import schema
from negmine.cli.app import app
from negmine.config.catalogue import ENTRIES
from negmine.config.naming import flag
from negmine.config.settings import STAGES
from negmine.data import schemas
from negmine.data.sources.columns import ACCEPTED
from negmine.stages.filter import rules as filter_rules

HERE = Path(__file__).parent
BEGIN, END = "<!-- generated: do not edit by hand -->", "<!-- end of generated -->"


def commands() -> str:
    """Return every command with its help text and its flags."""
    blocks = []
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        arguments = [p.metavar for p in command.params if p.param_type_name == "argument"]
        text = inspect.cleandoc(command.help or "")
        usage = " ".join(["negmine", name, *arguments])
        blocks.append(f"## `{usage}`\n\n{text}\n\nFlags: {_flags_of(command)}.")
    return "\n\n".join(blocks)


def _flags_of(command: Any) -> str:
    """Return the flags of a command: its own, links to whole tables of settings, and single settings."""
    settings = getattr(command.callback, "setting_names", frozenset())
    options = [p for p in command.params if p.param_type_name == "option"]
    own = [f"`{p.opts[0]}`" for p in options if p.name not in settings and p.name != "help_all"]
    whole = [stage for stage, table in STAGES.items() if settings >= set(table.model_fields)]
    links = [f"[{stage} settings](settings.md#{stage})" for stage in whole]
    single = [
        f"`{flag(name)}`"
        for name in ENTRIES
        if name in settings and ENTRIES[name].stage not in whole
    ]
    return ", ".join([*own, *links, *single])


def settings() -> str:
    """Return one table for each stage: flag, values, default, meaning."""
    blocks = []
    for room, table in STAGES.items():
        rows = ["| flag | values | default | meaning |", "|---|---|---|---|"]
        for name, field in table.model_fields.items():
            extra = field.json_schema_extra
            speed = " *(speed)*" if isinstance(extra, dict) and extra.get("speed") else ""
            negated = field.annotation is bool and not name.startswith("no_")
            shown = f"`{flag(name)}`" + (f" / `{flag('no_' + name)}`" if negated else "")
            default = f"`{ENTRIES[name].default}`" if ENTRIES[name].default else ""
            rows.append(
                f"| {shown} | {_values(field.annotation)} | {default} | {field.description}{speed} |"
            )
        doc = inspect.cleandoc(table.__doc__ or "")
        blocks.append(f"## {room}\n\n{doc} TOML table: `[{room}]`.\n\n" + "\n".join(rows))
    return "\n\n".join(blocks)


def _values(annotation: object) -> str:
    text = (
        str(annotation)
        .replace("typing.", "")
        .replace("pathlib._local.", "")
        .replace("pathlib.", "")
    )
    text = (
        text.removeprefix("<class '")
        .removesuffix("'>")
        .replace(" | None", "")
        .replace("NoneType", "")
    )
    if text.startswith("Optional["):
        text = text.removeprefix("Optional[").removesuffix("]")
    if text.startswith("Union["):
        text = text.removeprefix("Union[").removesuffix("]").replace(", Literal", " | Literal")
    text = text.replace("float | Literal['auto']", "number or `auto`")
    if text.startswith("Literal["):
        return ", ".join(f"`{v.strip(' ' + chr(39))}`" for v in text[8:-1].split(","))
    return {
        "tuple[str, ...]": "text, repeatable",
        "tuple[int, ...]": "whole number, repeatable",
        "str": "text",
        "bool": "on or off",
        "int": "whole number",
        "float": "number",
        "Path": "path",
    }.get(text, text)


def tables() -> str:
    """Return one table per schema: column, type, may be null."""
    opinions = ["<name>"]
    known = {
        "corpus": schemas.CORPUS,
        "queries": schemas.QUERIES,
        "qrels": schemas.QRELS,
        "run": schemas.RUN,
        "searched": schemas.SEARCHED,
        "recall": schemas.RECALL,
        "candidates": schemas.with_opinions(schemas.CANDIDATES, opinions, "score"),
        "scores": schemas.SCORES,
        "features": schemas.FEATURES,
        "risk-model": schemas.RISK_MODEL,
        "limits": schemas.LIMITS,
        "survivors": schemas.SURVIVORS,
        "judge-check": schemas.CHECK,
        "judgments": schemas.JUDGMENTS,
        "verdicts": schemas.with_opinions(schemas.VERDICTS, opinions, "score"),
        "short": schemas.SHORT,
        "provenance (triplet, labeled-pair)": schemas.provenance_schema(opinions, lists=False),
        "provenance (n-tuple, labeled-list)": schemas.provenance_schema(opinions, lists=True),
        "training: triplet": schemas.training_schema("triplet", 2),
        "training: n-tuple (2 negatives)": schemas.training_schema("n-tuple", 2),
        "training: labeled-pair": schemas.training_schema("labeled-pair", 2),
        "training: labeled-list": schemas.training_schema("labeled-list", 2),
    }
    return "\n\n".join(f"## {name}\n\n{_schema(schema)}" for name, schema in known.items())


def _schema(schema: pa.Schema) -> str:
    rows = [
        f"Schema `{schemas.name_of(schema)}`.\n",
        "| column | type | may be empty |",
        "|---|---|---|",
    ]
    rows += [f"| `{f.name}` | {f.type} | {'yes' if f.nullable else ''} |" for f in schema]
    return "\n".join(rows)


def columns() -> str:
    """Return the column names that are read as ids, texts and so on."""
    rows = ["| for | accepted names |", "|---|---|"]
    rows += [
        f"| {what} | {', '.join(f'`{name}`' for name in names)} |"
        for what, names in ACCEPTED.items()
    ]
    return "\n".join(rows)


def report() -> str:
    """Return one table per piece of the report, the whole first: field, type, meaning."""
    pieces = [piece for piece in vars(schema).values() if inspect.isclass(piece)]
    pieces = [
        piece for piece in pieces if issubclass(piece, schema.Part) and piece is not schema.Part
    ]
    pieces = [schema.Report, *(piece for piece in pieces if piece is not schema.Report)]
    return "\n\n".join(_piece(piece) for piece in pieces)


def _piece(piece: type[schema.Part]) -> str:
    rows = [
        f"{inspect.cleandoc(piece.__doc__ or '')}\n",
        "| field | type | meaning |",
        "|---|---|---|",
    ]
    for name, field in piece.model_fields.items():
        kind = (
            str(field.annotation)
            .replace("typing.", "")
            .replace("negmine.analysis.report.schema.", "")
        )
        kind = kind.removeprefix("<class '").removesuffix("'>").replace("NoneType", "null")
        kind = kind.replace("None", "null").replace("|", "or").replace("'", '"')
        rows.append(f"| `{name}` | {kind} | {field.description} |")
    return f"## {piece.__name__}\n\n" + "\n".join(rows)


def rules() -> str:
    """Return a section for every rule of `lint`."""
    sections = []
    for name, rule in RULES.items():
        unit = rule.unit.replace("_", " ")
        head = f"## `{name}`\n\n*{rule.level}, counted in {unit}*"
        sections.append(f"{head}\n\n{textwrap.fill(rule.text, 112, break_on_hyphens=False)}")
    return "\n\n".join(sections)


def reasons(text: str) -> str:
    """Return the page of reasons with a section for every rule; the prose of a section stays."""
    head, *sections = re.split(r"^(?=## `)", text, flags=re.MULTILINE)
    prose = {}
    for section in sections:
        title, _, body = section.partition("\n")
        prose[title] = body.split(END, 1)[-1].strip()
    blocks = [head.strip()]
    for rule in filter_rules.RULES:
        title = f"## `{rule.name}`"
        blocks += [title, BEGIN, _reason(rule), END, *filter(None, [prose.get(title)])]
    return "\n\n".join(blocks) + "\n"


def _reason(rule: filter_rules.Rule) -> str:
    """Return when a rule fires, which settings are its own, and where its formula is from."""
    paragraphs = inspect.cleandoc(rule.expression.__doc__ or "").split("\n\n")
    sources = [text for text in paragraphs if text.startswith("Source: ")]
    flags = [f"`{flag(name)}`" for name in (*rule.models, *rule.settings)]
    about = ["Always on." if rule.always_on else f"Settings: {', '.join(flags)}."]
    for stricter in ("lower", "higher"):
        names = [f"`{flag(name)}`" for name, way in rule.sweepable.items() if way == stricter]
        about += [f"In a sweep, a {stricter} {' or '.join(names)} drops more."] if names else []
    lines = [paragraphs[0], " ".join([*about, *sources])]
    return "\n\n".join(
        textwrap.fill(_with_flags(line), 112, break_on_hyphens=False, break_long_words=False)
        for line in lines
    )


def _with_flags(text: str) -> str:
    """Return a text with flags for the settings that it names in backticks."""
    names = {name for table in STAGES.values() for name in table.model_fields}
    return re.sub(
        r"`(\w+)`", lambda named: f"`{flag(named[1])}`" if named[1] in names else named[0], text
    )


PAGES: dict[str, Callable[[], str]] = {
    "reference/commands.md": commands,
    "reference/settings.md": settings,
    "reference/tables.md": tables,
    "reference/input-files.md": columns,
    "reference/report.md": report,
    "reference/lint.md": rules,
}
SECTIONS: dict[str, Callable[[str], str]] = {"reference/reasons.md": reasons}
"""Pages with markers in every section: made from what is there already."""


def render(page: str) -> str:
    """Return a page with its generated part made anew."""
    text = (HERE / page).read_text(encoding="utf-8")
    if page in SECTIONS:
        return SECTIONS[page](text)
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    return f"{before}{BEGIN}\n\n{PAGES[page]()}\n\n{END}{after}"


def main() -> None:
    """Rewrite every page, or with --check say which are stale."""
    pages = [*PAGES, *SECTIONS]
    stale = [page for page in pages if render(page) != (HERE / page).read_text(encoding="utf-8")]
    if "--check" in sys.argv and stale:
        sys.exit(f"stale: {', '.join(stale)}. Run: make docs")
    for page in stale:
        (HERE / page).write_text(render(page), encoding="utf-8")


if __name__ == "__main__":
    main()
