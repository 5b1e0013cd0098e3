"""How the numbers of a judge look: its test, and what it would cost."""

from __future__ import annotations

import math
from typing import Any

from rich.table import Table
from rich.text import Text

from negmine.cli.render.text import printable
from negmine.data.steering import bounded
from negmine.errors import SettingsError


def numbers(values: dict[str, Any]) -> Table:
    """Show names and numbers, one a line; texts that an endpoint gave as texts."""
    lines = Table.grid(padding=(0, 2))
    lines.add_column()
    lines.add_column(justify="right", overflow="fold")
    for name, value in values.items():
        lines.add_row(name.replace("_", " "), Text(_shown(value)))
    return lines


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return bounded(printable(value))
    return "-" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:.4f}"


def read_prices(prices: str | None) -> tuple[float, float] | None:
    """Return dollars per million prompt and answer tokens. Raises SettingsError for what is no price."""
    if prices is None:
        return None
    try:
        prompt, answer = (float(price) for price in prices.split(","))
    except ValueError:
        prompt = answer = math.nan
    if not all(0 <= price < math.inf for price in (prompt, answer)):
        raise SettingsError(f"--prices {prices}: give two numbers from 0, such as 0.15,0.60.")
    return prompt, answer


def money(tokens: dict[str, Any], prices: tuple[float, float] | None) -> dict[str, float]:
    """Return what an estimate costs in dollars."""
    if prices is None:
        return {}
    prompt, answer = prices
    prompts = {name: tokens[f"tokens_{name}"] * prompt / 1e6 for name in ("least", "most")}
    answers = {name: tokens[f"answer_tokens_{name}"] * answer / 1e6 for name in prompts}
    return {f"dollars_{name}": round(prompts[name] + answers[name], 4) for name in prompts}
