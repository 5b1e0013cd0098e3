"""`negmine judge-check`: test an LLM judge before its verdicts are used."""

from __future__ import annotations

from typing import Any

from negmine.cli.console import answering
from negmine.cli.options import Config, Force, Json, Work, with_settings
from negmine.cli.progress import TerminalProgress
from negmine.config.catalogue import Entry


def _is_judges(entry: Entry) -> bool:
    return entry.name.startswith("judge_") or entry.group in ("Judge", "Memory and devices")


@with_settings("filter", only=_is_judges)
def judge_check(
    work: Work,
    flags: dict[str, Any],
    config: Config = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Test the LLM judge on known positives and random documents before you use its verdicts.

    Settings that you do not give are those that WORK remembers. WORK keeps the answers, and not the settings:
    the judge decides nothing before you give it to filter or mine.

    Example: negmine judge-check work --judge-check 200
    """
    progress = TerminalProgress(quiet=json)
    with answering("judge-check", json, progress) as answer:
        from negmine import api
        from negmine.cli.render import judge as views
        from negmine.stages.opening import open_existing

        answer.data = api.check_judge(open_existing(work, flags, config, progress, force))
        answer.show = lambda console: console.print(views.numbers(answer.data))
