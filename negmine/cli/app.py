"""The command line: one thin command per room, and the windows that look in.

Heavy modules are imported inside the commands, so that `--help` is quick.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from negmine.cli.commands import lint as lint_command
from negmine.cli.commands import measure as windows
from negmine.cli.commands import report as report_command
from negmine.cli.console import INTERRUPTED, Talk, out, tell_usage, telling
from negmine.cli.options import Config, Force, Json, Work, with_settings
from negmine.engine import allocators

app = typer.Typer(
    name="negmine",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich" if shutil.get_terminal_size().columns >= 80 else None,  # it cuts names
    help="Mine hard negatives that are hard and really negative.",
    epilog="Example: negmine mine work --data my-beir-folder",
)


def main() -> None:
    """Run the command line; a usage error is told on stderr, and with --json on stdout too."""
    from typer.exceptions import TyperException

    allocators.settle()
    try:
        code = app(standalone_mode=False)
    except TyperException as error:
        code = tell_usage(error, "--json" in sys.argv)
    except typer.Abort:
        code = INTERRUPTED
    sys.exit(code if isinstance(code, int) else 0)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"negmine {version('negmine')}")
        raise typer.Exit


@app.callback()
def _app(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


@app.command()
@with_settings()
def mine(
    work: Work,
    flags: dict[str, Any],
    config: Config = None,
    since: Annotated[
        Path | None,
        typer.Option(metavar="WORK", help="Start a new work directory from this one."),
    ] = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Walk the whole house: index, retrieve, rerank (if there is a model), filter, write.

    Starts from the defaults, or, without any setting, goes on with what WORK remembers. What is up to
    date is skipped, what is half done is finished, what grew is worked on where it is new.

    Example: negmine mine work --data my-beir-folder --num-negatives 7
    """
    from negmine.config.settings import STAGES

    _run_rooms("mine", list(STAGES), work, flags, config, force, json, since)


def _room(name: str, text: str, example: str, *settings: str) -> None:
    """Add the command of a room: it does that room, with the settings that WORK remembers."""

    def command(
        work: Work,
        flags: dict[str, Any],
        config: Config = None,
        force: Force = False,
        json: Json = False,
    ) -> None:
        _run_rooms(name, [name], work, flags, config, force, json)

    command.__doc__ = f"{text}\n\nGoes on with the settings that WORK remembers. Example: {example}"
    app.command(name=name)(with_settings(*settings)(command))


_room(
    "index",
    "Room 1: read corpus, queries and qrels, and index them for every retriever.",
    "negmine index work --data my-beir-folder",
    "index",
)
_room(
    "retrieve",
    "Room 2: search with every retriever and bring the runs together as candidates.",
    "negmine retrieve work --k 200",
)
_room(
    "rerank",
    "Room 3: let a cross-encoder score candidates and positives. Optional.",
    "negmine rerank work --rerank-model MODEL",
)


@app.command(name="filter")
@with_settings()
def filter_(
    work: Work,
    flags: dict[str, Any],
    config: Config = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what the judge would cost; ask it nothing.")
    ] = False,
    prices: Annotated[
        str | None,
        typer.Option(
            help="For --dry-run: dollars per million prompt and answer tokens, as 0.15,0.60."
        ),
    ] = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Room 4: give every candidate a verdict: kept, or the reason why not.

    Goes on with the settings that WORK remembers. Example: negmine filter work --relative-margin 0.1
    """
    if not dry_run and prices is None:
        _run_rooms("filter", ["filter"], work, flags, config, force, json)
        return
    talk = Talk(quiet=json)
    with telling("filter", json, talk) as answer:
        from negmine import api
        from negmine.cli.render import summary as views
        from negmine.errors import SettingsError
        from negmine.stages import opening

        told = views.read_prices(prices)
        if not dry_run:
            raise SettingsError("--prices are for an estimate: nothing was asked. Add --dry-run.")
        found = api.estimate_judge(opening.open_existing(work, flags, config, talk))
        answer["data"] = found | views.money(found, told)
        if not json:
            out().print(views.numbers(answer["data"]))


@app.command(name="judge-check")
@with_settings()
def judge_check(
    work: Work,
    flags: dict[str, Any],
    config: Config = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Try the LLM judge on known positives and random documents before you believe it.

    Goes on with the settings that WORK remembers. Example: negmine judge-check work --judge-check 200
    """
    talk = Talk(quiet=json)
    with telling("judge-check", json, talk) as answer:
        from negmine import api
        from negmine.cli.render import summary as views
        from negmine.stages import opening

        answer["data"] = api.check_judge(opening.open_existing(work, flags, config, talk, force))
        if not json:
            out().print(views.numbers(answer["data"]))


_room(
    "write",
    "Room 5: write training files and their provenance.",
    "negmine write work --format n-tuple",
)


@app.command()
@with_settings()
def status(work: Work, flags: dict[str, Any], config: Config = None, json: Json = False) -> None:
    """Show every artifact: fresh, stale (and why), partial or missing. Changes nothing.

    With flags: what they would redo. Example: negmine status work --relative-margin 0.1
    """
    talk = Talk(quiet=True)
    with telling("status", json, talk) as answer:
        from negmine.analysis.status.status import rows as status_rows
        from negmine.analysis.status.status import states
        from negmine.cli.render import summary as views
        from negmine.stages import opening

        house = opening.open_existing(work, flags, config, talk)
        rows = status_rows(states(house))
        answer["data"] = {"work": work, "artifacts": rows}
        if not json:
            out().print(views.status(rows))


@app.command()
def explain(
    work: Work,
    query_id: Annotated[
        str, typer.Argument(metavar="QUERY_ID", help="The query.", show_default=False)
    ],
    limit: Annotated[int, typer.Option(help="Rows to show; 0 shows all.", min=0)] = 20,
    json: Json = False,
) -> None:
    """Show one query: its text, positives, and candidates with ranks, scores, kept or reason.

    Example: negmine explain work 42 --limit 50
    """
    talk = Talk(quiet=True)
    with telling("explain", json, talk) as answer:
        from negmine import api
        from negmine.cli.render import explain as explained

        found = api.explain(work, query_id)
        answer["data"] = found
        if not json:
            console = out()
            console.print(explained.explanation(found, limit, console.width))


app.command(name="leak")(windows.leak)
app.command(name="sweep")(windows.sweep)
app.command(name="report")(report_command.report)
app.command(name="diff")(windows.diff)
app.command(name="lint")(lint_command.lint)


def _run_rooms(
    command: str,
    rooms: list[str],
    work: Path,
    flags: dict[str, Any],
    config: Path | None,
    force: bool,
    json: bool,
    since: Path | None = None,
) -> None:
    talk = Talk(quiet=json)
    with telling(command, json, talk) as answer:
        from negmine.cli.render import summary as views
        from negmine.stages import opening
        from negmine.stages.making import run_stages

        if command == "mine":
            house = opening.context_to_mine(work, flags, config, talk, since, force)
        else:
            opened = opening.open_context if rooms[0] == "index" else opening.open_existing
            house = opened(work, flags, config, talk, force)
        answer["data"] = result = run_stages(house, rooms)
    if not json:
        out().print(views.summary(result))
