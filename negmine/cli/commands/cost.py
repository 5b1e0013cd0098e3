"""--dry-run of the commands that ask a language model: what it would cost."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from negmine.cli.console import answering
from negmine.cli.progress import TerminalProgress

Prices = Annotated[
    str | None,
    typer.Option(
        metavar="PROMPT,ANSWER",
        help="For --dry-run: dollars per million tokens, such as 0.15,0.60.",
    ),
]
ESTIMATES = {
    "filter": "estimate_judge",
    "generate": "estimate_generate",
}  # functions of negmine.api


def estimate_cost(
    command: str,
    work: Path,
    flags: dict[str, Any],
    config: Path | None,
    dry_run: bool,
    prices: str | None,
    as_json: bool,
) -> None:
    """Answer with calls and tokens, and with `prices` also dollars; `prices` without `dry_run` is refused."""
    progress = TerminalProgress(quiet=as_json)
    with answering(command, as_json, progress) as answer:
        from negmine import api
        from negmine.cli.render import judge as views
        from negmine.errors import SettingsError
        from negmine.stages.opening import open_existing

        dollars = views.read_prices(prices)
        if not dry_run:
            raise SettingsError("--prices is for an estimate. Add --dry-run.")
        estimate = getattr(api, ESTIMATES[command])
        cost = estimate(open_existing(work, flags, config, progress))
        answer.data = cost | views.money(cost, dollars)
        answer.show = lambda console: console.print(views.numbers(answer.data))
