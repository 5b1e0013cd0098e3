"""`negmine status`: which artifacts are up to date."""

from __future__ import annotations

from typing import Any

from rich.console import Console as RichConsole

from negmine.cli.console import answering
from negmine.cli.options import Config, Json, Work, with_settings
from negmine.cli.progress import TerminalProgress


@with_settings(brief=True)
def status(work: Work, flags: dict[str, Any], config: Config = None, json: Json = False) -> None:
    """Show every artifact: fresh, stale (and why), partial or missing. Changes nothing.

    With settings as flags, it shows what they would make again. With --verify, it reads every file, and names
    what is damaged; damage is exit code 1, but for that of a cache, which heals by itself.

    Example: negmine status work --relative-margin 0.1
    """
    progress = TerminalProgress(quiet=json)
    with answering("status", json, progress) as answer:
        from negmine.analysis.status import status as artifacts
        from negmine.cli.render import status as views
        from negmine.stages.opening import open_existing

        context = open_existing(work, flags, config, progress)
        states = artifacts.states(context, flags.get("verify") == "all")
        untrusted = context.trust.untrusted
        rows = artifacts.rows(states)
        things = [one._asdict() for one in untrusted]
        answer.data = {"work": work, "artifacts": rows, "untrusted": things}

        def show(console: RichConsole) -> None:
            console.print(views.status(rows, console.width))
            if untrusted:
                names = [str(one) for one in untrusted]
                console.print(views.untrusted(names, str(work)), soft_wrap=True)

        answer.show = show
        artifacts.require_sound(states)


status.alone = {"--verify": "all"}  # type: ignore[attr-defined]
status.words = {"--verify": ("all", "sizes")}  # type: ignore[attr-defined]
