"""`generate --dry-run`: what the model that writes would cost, before it is asked anything."""

from __future__ import annotations

from collections import Counter

from negmine.engine.context import Context
from negmine.models.endpoint.budget import guess_tokens
from negmine.stages.generate.prompts import ask_for
from negmine.stages.generate.tasks import requests


def estimate(context: Context) -> dict[str, int]:
    """Return queries, and calls, prompt and answer tokens at least and at most.

    A prompt is sent once. At most, every answer is as long as it may be; at least, it has no token. Prompt
    tokens are guessed from lengths; calls that were paid for before are not taken off, and no budget is.
    """
    sums: Counter[str] = Counter()
    for part in range(context.queries.parts()):
        for one in requests(context, part):
            sums["queries"] += 1
            for prompt in one.prompts:
                for number in range(1, one.count + 1):
                    messages = ask_for(prompt, one.query, one.document(number), number, one.count)
                    sums["calls"] += 1
                    sums["tokens"] += sum(guess_tokens(text["content"]) for text in messages)
    calls, tokens = sums["calls"], sums["tokens"]
    return {
        "queries": sums["queries"],
        "calls_least": calls,
        "calls_most": calls,
        "tokens_least": tokens,
        "tokens_most": tokens,
        "answer_tokens_least": 0,
        "answer_tokens_most": calls * context.config.generate.generate_max_tokens,
    }
