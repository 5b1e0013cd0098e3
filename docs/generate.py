"""Write what is made from the code: reference pages and the API's keywords. `--check` in CI.

commands.md comes from the Typer app, settings.md from the settings tables, tables.md from the Arrow
schemas, formats.md from the registry of formats, reasons.md from the table of rules. What is between the
markers in a page is replaced; the prose around it is written by hand.
"""

from __future__ import annotations

import inspect
import re
import sys
import textwrap
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keywords
from figures import leak_by_rule
from formats_page import formats, schema_text
from typer.main import get_command

from negmine.analysis.lint.rules import RULES
from negmine.analysis.lint.settings import LintSettings
from negmine.analysis.report import schema
from negmine.cli.app import app
from negmine.cli.options import CHOICES
from negmine.config.catalogue import ENTRIES
from negmine.config.naming import flag
from negmine.config.settings import STAGES
from negmine.config.table import default_text
from negmine.data import schemas
from negmine.data.sources.columns import ACCEPTED
from negmine.stages.filter import rules as filter_rules
from negmine.stages.write.formats.base import OutputFormat
from negmine.stages.write.formats.registry import FORMATS

HERE = Path(__file__).parent
BEGIN, END = "<!-- generated: do not edit by hand -->", "<!-- end of generated -->"


def commands() -> str:
    """Return every command with its help text and its flags."""
    blocks = []
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        arguments = [_argument(p) for p in command.params if p.param_type_name == "argument"]
        text = inspect.cleandoc(command.help or "")
        usage = " ".join(["negmine", name, *arguments])
        blocks.append(
            f"## `{usage}`\n\n{text}\n\n{_own_flags(command)}{_settings_of(command)}".rstrip()
        )
    return "\n\n".join(blocks)


def _argument(parameter: Any) -> str:
    name = (
        parameter.metavar if parameter.nargs == 1 else f"{parameter.metavar.removesuffix('...')}..."
    )
    return name if parameter.required else f"[{name.strip('[]')}]"


EVERYWHERE = ("json", "config", "force", "help_all")  # explained once, above the commands


def _own_flags(command: Any) -> str:
    """Return a table of the flags that are no settings of a stage, and the names of those that many have."""
    options = [p for p in command.params if p.param_type_name == "option"]
    own = [p for p in options if p.name not in _stage_settings(command)]
    rows = [_row(p) for p in own if p.name not in EVERYWHERE or p.metavar]
    shared = [f"`{p.opts[0]}`" for p in own if p.name in EVERYWHERE[:-1] and not p.metavar]
    table = "\n".join(["| flag | default | meaning |", "|---|---|---|", *rows]) + "\n\n"
    return (table if rows else "") + (f"Also: {', '.join(shared)}.\n\n" if shared else "")


def _stage_settings(command: Any) -> set[str]:
    """Return the settings of stages that a command takes; an analysis may have one of the same name."""
    names = getattr(command.callback, "setting_names", frozenset())
    help_by_name = {p.name: getattr(p, "help", None) or "" for p in command.params}
    descriptions = {name: ENTRIES[name].field.description or "" for name in names & set(ENTRIES)}
    return {name for name, text in descriptions.items() if help_by_name[name].startswith(text)}


def _row(option: Any) -> str:
    text, _, default = (option.help or "").removesuffix("]").partition(" [default: ")
    if not default and option.show_default and option.default not in (None, False):
        default = "on" if option.default is True else str(option.default)
    shown = f"`{default}`" if default else ""
    return f"| {_declared(option)} | {shown} | {text} |"


def _declared(option: Any) -> str:
    names = " / ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    return f"{names} {option.metavar}".replace("|", "\\|") if option.metavar else names


def _settings_of(command: Any) -> str:
    """Return links to whole tables of settings that a command takes, and its single settings."""
    settings = _stage_settings(command)
    whole = [stage for stage, table in STAGES.items() if settings >= set(table.model_fields)]
    links = [f"[{stage} settings](settings.md#{stage})" for stage in whole]
    single = [
        f"`{flag(name)}`"
        for name in ENTRIES
        if name in settings and ENTRIES[name].stage not in whole
    ]
    return f"Settings: {', '.join([*links, *single])}." if links or single else ""


def settings() -> str:
    """Return one table for each stage: flag, values, default, meaning."""
    blocks = []
    for stage, table in STAGES.items():
        rows = ["| flag | values | default | meaning |", "|---|---|---|---|"]
        for name, field in table.model_fields.items():
            extra = field.json_schema_extra
            speed = " *(speed)*" if isinstance(extra, dict) and extra.get("speed") else ""
            negated = field.annotation is bool and not name.startswith("no_")
            shown = f"`{flag(name)}`" + (f" / `{flag('no_' + name)}`" if negated else "")
            default = f"`{default_text(field)}`" if default_text(field) else ""
            about = f"{field.description}{speed}".replace("|", "\\|")
            rows.append(f"| {shown} | {_values(name, field.annotation)} | {default} | {about} |")
        doc = inspect.cleandoc(table.__doc__ or "")
        blocks.append(f"## {stage}\n\n{doc} TOML table: `[{stage}]`.\n\n" + "\n".join(rows))
    return "\n\n".join(blocks)


def _values(name: str, annotation: object) -> str:
    if name in CHOICES:
        return ", ".join(f"`{choice}`" for choice in CHOICES[name])
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
    text = text.replace("float | Literal[", "number, Literal[")
    text = text.strip(", ")
    if "Literal[" in text:
        before, _, choices = text.removesuffix("]").partition("Literal[")
        return before + ", ".join(f"`{v.strip(' ' + chr(39))}`" for v in choices.split(","))
    return {
        "tuple[str, ...]": "text, repeatable",
        "tuple[int, ...]": "whole number, repeatable",
        "tuple[int | str, ...]": "whole number or NAME=COUNT, repeatable",
        "tuple[Path, ...]": "path, repeatable",
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
        "documents (2-generate)": schemas.GENERATED_DOCUMENTS,
        "likeness": schemas.LIKENESS,
        "sources/generate_for.parquet": schemas.ASKED_FOR,
        "scores": schemas.SCORES,
        "features": schemas.FEATURES,
        "risk-model": schemas.RISK_MODEL,
        "limits": schemas.LIMITS,
        "survivors": schemas.SURVIVORS,
        "contaminated": schemas.CONTAMINATED,
        "judge-check": schemas.CHECK,
        "judgments": schemas.JUDGMENTS,
        "verdicts": schemas.with_opinions(schemas.VERDICTS, opinions, "score"),
        "short": schemas.SHORT,
        "refresh": schemas.REFRESH,
        "sources/round1.parquet": schemas.ROUND,
        "map (6-batch)": schemas.BATCHES,
    }
    for lists, positive_lists in dict.fromkeys(map(_lists, FORMATS.values())):
        names = ", ".join(
            one.name for one in FORMATS.values() if _lists(one) == (lists, positive_lists)
        )
        schema = schemas.provenance_schema(
            opinions, lists, positive_lists, True, rounds=True, origins=True
        )
        known[f"provenance ({names})"] = schema
    return "\n\n".join(f"## {name}\n\n{schema_text(schema)}" for name, schema in known.items())


def _lists(output: OutputFormat) -> tuple[bool, bool]:
    return output.has_lists, output.positive_lists


def input_columns() -> str:
    """Return the column names that are read as ids, texts and so on."""
    rows = ["| for | accepted names |", "|---|---|"]
    rows += [
        f"| {what} | {', '.join(f'`{name}`' for name in names)} |"
        for what, names in ACCEPTED.items()
    ]
    return "\n".join(rows)


def report() -> str:
    """Return one table per piece of the report, the whole first: field, type, meaning."""
    pieces = dict.fromkeys(_pieces(schema.Report))
    del pieces[schema.Report]
    return "\n\n".join(map(_piece, [schema.Report, *pieces]))


def _pieces(annotation: object) -> Iterator[type[schema.Part]]:
    """Yield the pieces that a type is made of, a piece after those that it holds."""
    if inspect.isclass(annotation) and issubclass(annotation, schema.Part):
        for field in annotation.model_fields.values():
            yield from _pieces(field.annotation)
        yield annotation
    for inside in typing.get_args(annotation):
        yield from _pieces(inside)


def _piece(piece: type[schema.Part]) -> str:
    rows = [
        f"{inspect.cleandoc(piece.__doc__ or '')}\n",
        "| field | type | meaning |",
        "|---|---|---|",
    ]
    for name, field in piece.model_fields.items():
        kind = re.sub(r"negmine\.analysis\.report[a-z_.]*\.", "", str(field.annotation))
        kind = kind.replace("typing.", "")
        kind = kind.removeprefix("<class '").removesuffix("'>").replace("NoneType", "null")
        kind = kind.replace("None", "null").replace("|", "or").replace("'", '"')
        rows.append(f"| `{name}` | {kind} | {field.description} |")
    return f"## {piece.__name__}\n\n" + "\n".join(rows)


def lint() -> str:
    """Return a table of the flags of `lint`, and a section for every rule."""
    rows = ["| flag | values | default | meaning |", "|---|---|---|---|"]
    for name, field in LintSettings.model_fields.items():
        default = f"`{default_text(field)}`" if default_text(field) else ""
        values = _values(name, field.annotation)
        rows.append(f"| `{flag(name)}` | {values} | {default} | {field.description} |")
    sections = ["## Flags\n\n" + "\n".join(rows), "## Rules"]
    for name, rule in RULES.items():
        unit = rule.unit.replace("_", " ")
        head = f"### `{name}`\n\n*{rule.level}, counted in {unit}*"
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
    if rule.suspects:
        about.append("It only suspects: it does not drop what people judged not relevant.")
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
    "reference/formats.md": formats,
    "reference/input-files.md": input_columns,
    "reference/report.md": report,
    "reference/lint.md": lint,
}
SECTIONS: dict[str, Callable[[str], str]] = {"reference/reasons.md": reasons}
"""Pages with markers in every section: made from what is there already."""
FIGURES: dict[str, Callable[[], str]] = {"images/leak-by-rule.svg": leak_by_rule}


def render(page: str) -> str:
    """Return a page with its generated part made anew."""
    text = (HERE / page).read_text(encoding="utf-8")
    if page in SECTIONS:
        return SECTIONS[page](text)
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    return f"{before}{BEGIN}\n\n{PAGES[page]()}\n\n{END}{after}"


def main() -> None:
    """Rewrite what is stale; with --check fail, and name it."""
    wanted = {HERE / page: render(page) for page in (*PAGES, *SECTIONS)}
    wanted |= {HERE / name: draw() for name, draw in FIGURES.items()}
    wanted[keywords.FILE] = keywords.render()
    stale = [file for file in wanted if wanted[file] != _text(file)]
    if "--check" in sys.argv and stale:
        names = ", ".join(str(file.relative_to(HERE.parent)) for file in stale)
        sys.exit(f"stale: {names}. Run: make docs")
    for file in stale:
        file.write_text(wanted[file], encoding="utf-8")


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    main()
