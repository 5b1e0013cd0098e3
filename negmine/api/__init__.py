"""The library: `negmine.mine(...)` and one function for each command, doing what the commands do.

Every keyword is a settings field (`relative_margin=0.1` is `--relative-margin 0.1`); see
`negmine.config.settings`. `mine` starts from the defaults, a stage goes on with what the work directory
remembers; keywords win over both.
"""

from __future__ import annotations

from negmine.api.damaged import telling_damage
from negmine.api.looking import (
    explain,
    label,
    make_report,
    report,
    show,
    status,
    suggest_labels,
    trust,
)
from negmine.api.measuring import (
    decontaminate,
    diff,
    leak,
    lint,
    measure_contamination,
    measure_diff,
    measure_leak,
    measure_sweep,
    prove,
    prove_recipes,
    sweep,
)
from negmine.api.mining import (
    batch,
    check_judge,
    estimate_generate,
    estimate_judge,
    estimate_mine,
    estimate_queries,
    filter,
    generate,
    generate_queries,
    index,
    judge_check,
    mine,
    push,
    rerank,
    retrieve,
    write,
)

__all__ = [
    "batch",
    "check_judge",
    "decontaminate",
    "diff",
    "estimate_generate",
    "estimate_judge",
    "estimate_mine",
    "estimate_queries",
    "explain",
    "filter",
    "generate",
    "generate_queries",
    "index",
    "judge_check",
    "label",
    "leak",
    "lint",
    "make_report",
    "measure_contamination",
    "measure_diff",
    "measure_leak",
    "measure_sweep",
    "mine",
    "prove",
    "prove_recipes",
    "push",
    "report",
    "rerank",
    "retrieve",
    "show",
    "status",
    "suggest_labels",
    "sweep",
    "trust",
    "write",
]

for _name in __all__:
    globals()[_name] = telling_damage(globals()[_name])
