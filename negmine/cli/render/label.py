"""What `negmine label` has kept, or asks."""

from __future__ import annotations

from typing import Any

from negmine.config.naming import counted


def labels(kept: dict[str, Any]) -> str:
    """Return what became of the labels, and the command by which everything follows."""
    work = kept["work"]
    if "forgotten" in kept:
        lines = [f"{counted(kept['forgotten'], 'labels')} forgotten"]
    else:
        lines = [
            f"{kept['new']:,} new, {kept['changed']:,} changed, {kept['unchanged']:,} known already; "
            f"{kept['relevant']:,} say relevant, {kept['not_relevant']:,} not relevant",
            f"{kept['against_qrels']:,} of them contradict a row of the qrels; "
            f"{counted(kept['unanswered'], 'rows')} without an answer",
            f"{work} has {counted(kept['labels'], 'labels')} now",
        ]
    has_changed = any(kept.get(name) for name in ("forgotten", "new", "changed"))
    follows = f"So that everything follows: negmine mine {work}"
    return "\n".join([*lines, follows if has_changed else "Nothing has changed."])


def questions(asked: dict[str, Any]) -> str:
    """Return where the questions are, and how they are answered."""
    return (
        f"{counted(asked['questions'], 'questions')} in {asked['file']}, the most doubtful first.\n"
        "Fill in the column relevance: 1 for relevant, 0 for not relevant, nothing where you do not know.\n"
        f"Then: negmine label {asked['work']} {asked['file']}"
    )
