"""`negmine status`: which artifacts are up to date."""

from __future__ import annotations

from typing import Any

from negmine.cli.console import answering
from negmine.cli.options import Config, Json, Work, with_settings
from negmine.cli.progress import TerminalProgress


@with_settings(brief=True)
def status(work: Work, flags: dict[str, Any], config: Config = None, json: Json = False) -> None:
    """Show every artifact: fresh, stale (and why), partial or missing. Changes nothing.

    With settings as flags, it shows what they would make again.

    Example: negmine status work --relative-margin 0.1
    """
    with answering("status", json, TerminalProgress(quiet=True)) as answer:
        from negmine import api
        from negmine.cli.render import status as views
        from negmine.engine.status import survey
        from negmine.stages.summary import states

        rows = states(survey(api.open_existing(work, flags, config), all_formats=True))
        answer.data = {"work": work, "artifacts": rows}
        answer.show = lambda console: console.print(views.status(rows, console.width))
