"""`negmine prove`: which recipe's negatives train the better student."""

from __future__ import annotations

import shlex
from typing import Annotated, Any

import typer

from negmine.analysis.prove.settings import ProveSettings
from negmine.cli.console import answering
from negmine.cli.options import Config, Json, Work, with_settings, with_table
from negmine.cli.progress import TerminalProgress
from negmine.errors import SettingsError


@with_table(ProveSettings)
def prove(
    work: Work,
    flags: dict[str, Any],
    recipe: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME='FLAGS'",
            help="A recipe of your own: flags of filter and write, over the settings of WORK. Repeatable.",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Train again what was trained before.")
    ] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Train a student on each recipe's negatives, and say which one retrieves better on queries kept out.

    Built-in recipes: in-batch, random, margin, work. Changes no artifact; a training that is done is kept.

    Example: negmine prove work --student MODEL --recipe mild='--max-risk 0.2 --no-relative-margin'
    """
    progress = TerminalProgress(quiet=json)
    with answering("prove", json, progress) as answer:
        from negmine import api
        from negmine.analysis.prove.settings import prove_settings
        from negmine.cli.render import prove as views
        from negmine.stages.opening import open_existing

        settings = prove_settings(flags)
        recipes = read_recipes(recipe or [])
        context = open_existing(work, {}, config, progress, force)
        answer.data = result = api.prove_recipes(context, recipes, settings, config)
        answer.show = lambda console: console.print(views.prove(result, console.width))


def read_recipes(texts: list[str]) -> dict[str, dict[str, Any]]:
    """Return name to settings of what --recipe says: `mild=--max-risk 0.2`.

    Raises SettingsError for a recipe without a name, a name given twice, or a flag of another command.
    """
    recipes: dict[str, dict[str, Any]] = {}
    for text in texts:
        name, equals, flags = text.partition("=")
        if not equals or not name.strip() or name.startswith("-"):
            raise SettingsError(f"--recipe {text}: say NAME='FLAGS', as in mild='--max-risk 0.2'.")
        if name in recipes:
            raise SettingsError(f"--recipe {name} is given twice. Choose another name.")
        recipes[name] = _read_flags(name, flags)
    return recipes


def _read_flags(name: str, text: str) -> dict[str, Any]:
    from typer.exceptions import TyperException

    try:
        flags: dict[str, Any] = _parser()(shlex.split(text), standalone_mode=False)
    except (TyperException, ValueError) as error:
        why = error.format_message() if isinstance(error, TyperException) else str(error)
        raise SettingsError(
            f"--recipe {name}: {why.rstrip('.')}. It takes flags of filter and write."
        ) from error
    return flags


def _parser() -> Any:
    """Return a command that has the flags of filter and write, and returns what it is given."""

    @with_settings("filter", "write")
    def given(flags: dict[str, Any]) -> dict[str, Any]:
        return flags

    app = typer.Typer(add_completion=False)
    app.command(add_help_option=False)(given)
    return typer.main.get_command(app)
