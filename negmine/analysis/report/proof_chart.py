"""The chart of the proof: how students learn, recipe by recipe."""

from __future__ import annotations

from negmine.analysis.report.sections.proof import Proof
from negmine.analysis.report.svg import FAINT, LINE_STYLES, figure, svg


def learning_curves(proof: Proof) -> str:
    """Draw nDCG@10 over batches: the recipe that all are compared with, and the best others, one line each."""
    with_curve = [one for one in proof.recipes if one.curve]
    first = [one for one in with_curve if one.recipe == proof.against]
    others = [one for one in with_curve if one.recipe != proof.against]
    shown = [*others[: len(LINE_STYLES) - len(first)], *first]
    with figure(260) as drawn:
        axes = drawn.subplots()
        for one, (colour, line, marker) in zip(shown, LINE_STYLES, strict=False):
            steps = [point.step for point in one.curve]
            values = [point.ndcg for point in one.curve]
            axes.plot(
                steps,
                values,
                color=colour,
                linestyle=line,
                marker=marker,
                markersize=5,
                label=one.recipe,
            )
        axes.set_xlabel("batches")
        axes.set_ylabel("nDCG@10 of the tested queries")
        axes.grid(axis="y", color=FAINT, linewidth=0.4, alpha=0.5)
        drawn.legend(loc="outside upper left", ncols=2, columnspacing=1.0, handlelength=2.4)
        ends = ", ".join(f"{one.recipe} {one.curve[-1].ndcg:.3f}" for one in shown)
        return svg(drawn, "proof", f"nDCG@10 of students while they learn; at the end: {ends}")
