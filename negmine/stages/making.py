"""Run stages: make what is missing, check the gates, report what the user should know."""

from __future__ import annotations

from collections.abc import Sequence

from negmine.config import memory
from negmine.engine.context import Context
from negmine.engine.executors.choose import chosen
from negmine.engine.run import Outcome, run
from negmine.errors import SettingsError
from negmine.stages.advice import note_advice
from negmine.stages.early import check_columns
from negmine.stages.filter.limits.gates import check_gates
from negmine.stages.generate.short import begin_short
from negmine.stages.plan import make_plan
from negmine.stages.rounds import begin_round
from negmine.stages.summary import Result, result
from negmine.stages.write.teacher import check_plugins
from negmine.stages.write.warnings import note_warnings
from negmine.storage.remembered import recall_settings


def run_stages(context: Context, stages: Sequence[str]) -> Result:
    """Bring these stages up to date and return what was done.

    Raises SettingsError for `rerank` and `generate` without a model, GateNotMet where a gate is not met.
    """
    if list(stages) == ["rerank"] and context.config.rerank.rerank_model is None:
        raise SettingsError("Which cross-encoder? Give --rerank-model FOLDER or NAME.")
    if list(stages) == ["generate"] and not context.config.generates and not _turns_off(context):
        raise SettingsError(
            "What shall a language model write? Give --generate-kind query-only, contrast or near-topic."
        )
    context = context.making(stages)
    before_write, peak = [stage for stage in stages if stage != "write"], memory.peak()
    plan = make_plan(context)
    if "write" in stages:
        context.trust.require(stages)
        check_plugins(context.config)
    if "index" in stages:
        check_columns(context)
    begin_round(context, plan, stages)
    begin_short(context, stages)
    outcomes: list[Outcome] = []
    with chosen(context) as executor:
        if before_write:
            outcomes += run(context, plan, before_write, executor=executor)
        if "filter" in stages or "write" in stages:
            note_advice(context)
            check_gates(context)
        if "write" in stages:
            outcomes += run(context, plan, ["write"], executor=executor)
            note_warnings(context)
    _note_peak(context, peak)
    return result(context, plan, outcomes, stages)


def _turns_off(context: Context) -> bool:
    """Tell whether `--generate-kind none` ends what the work directory remembers."""
    before = recall_settings(context.work)
    return before is not None and bool(before.generate.generate_kind)


def _note_peak(context: Context, before: int) -> None:
    """Report that this command went over --memory. before: the peak that the process had already."""
    held = memory.peak()
    if before < held > context.config.memory_bytes:
        context.progress.note(
            f"the peak memory was {memory.size_text(held)}, over --memory {context.config.index.memory}. "
            "Programs and a model take about 1 GB by themselves; beyond that, lower --k or --batch-size, or "
            "give --vector-dtype float16"
        )
