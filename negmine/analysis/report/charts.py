"""The report's charts, drawn by Matplotlib from the report alone. Each returns an SVG element (see svg.py).

What is shown by colour is shown by hatching, line style or a label too; each chart has a table beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from negmine.analysis.report.proof_chart import learning_curves
from negmine.analysis.report.schema import Report
from negmine.analysis.report.sections.funnel import Step
from negmine.analysis.report.sections.hubs import Hubs
from negmine.analysis.report.sections.leak import Leak
from negmine.analysis.report.sections.origins import Overlap, Ranks
from negmine.analysis.report.sections.recall import Recall
from negmine.analysis.report.sections.scores import View
from negmine.analysis.report.sections.short import Short
from negmine.analysis.report.svg import (
    CANDIDATE,
    FAINT,
    INK,
    LINE_STYLES,
    OTHER,
    POSITIVE,
    WRITTEN,
    figure,
    svg,
)
from negmine.analysis.report.thresholds import LINES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MINUS = "\N{MINUS SIGN}"
_MOST_BARS = 10
_ROW = 23.0  # points that a labelled bar needs
_HATCH = {CANDIDATE: "", POSITIVE: "////", WRITTEN: "\\\\\\\\", OTHER: "----"}


def bars(
    name: str, label: str, rows: Sequence[tuple[str, str, float, str]], space: float = 0.0
) -> str:
    """Draw labelled bars below each other. rows: label, number as text, length, colour."""
    with figure(_ROW * 1.28 * max(len(rows), 1) + 6) as drawn:
        axes = drawn.subplots()
        longest = max([length for _, _, length, _ in rows] + [space]) or 1.0
        for place, (text, number, length, colour) in enumerate(rows):
            axes.barh(
                place, length, 0.34, color=colour if not _HATCH[colour] else "none",
                edgecolor=colour, hatch=_HATCH[colour], linewidth=0.9,
            )  # fmt: skip
            axes.text(0, place - 0.3, text, va="bottom", ha="left")
            axes.text(longest, place - 0.3, number, va="bottom", ha="right")
        axes.set_xlim(0, longest)
        axes.set_ylim(max(len(rows), 1) - 0.72, -0.86)
        axes.set_axis_off()
        return svg(drawn, name, label)


def funnel(steps: Sequence[Step]) -> str:
    """Draw what is left after every step."""
    colours = {"start": CANDIDATE, "rule": CANDIDATE, "kept": CANDIDATE, "written": WRITTEN}
    rows = [
        (
            step.name if not step.removed else f"{_MINUS} {step.removed:,} {step.name}",
            f"{step.left:,}",
            float(step.left),
            colours.get(step.kind, CANDIDATE),
        )
        for step in steps
    ]
    steps_left = ", ".join(f"{step.name} {step.left:,}" for step in steps)
    return bars("funnel", f"Candidates left after every step: {steps_left}", rows)


def distributions(
    name: str, scorer: str, view: View, zero: bool, limits: Mapping[str, float] | None = None
) -> str:
    """Draw candidates before any rule and after each, above each other; positives behind, negatives last.

    zero: the values are differences. limits: flag to the score that it does not let through, to be marked.
    """
    marked = dict(limits or {}) if not zero else {"": 0.0}
    count = len(view.stages) + 1
    with figure(62.0 * count + 50) as drawn:
        rows: list[Axes] = list(drawn.subplots(count, sharex=True, squeeze=False)[:, 0])
        for axes, stage in zip(rows, view.stages, strict=False):
            after = f"after {stage.after}" if stage.after else "before any rule"
            _steps(axes, view, stage.candidates.bins, CANDIDATE)
            _row(axes, f"{after}: {stage.candidates.count:,}")
        _steps(rows[-1], view, view.written.bins, WRITTEN)
        _row(rows[-1], f"written negatives: {view.written.count:,}")
        for axes in rows:
            if view.positives is not None:
                _steps(axes, view, view.positives.bins, POSITIVE)
            for limit in marked.values():
                axes.axvline(limit, color=INK, linewidth=0.9, linestyle=(0, (3, 2)))
        if view.logged:
            _decades(rows[-1])
        marks = "".join(f"; dashed: {flag} {limit:g}" for flag, limit in marked.items() if flag)
        rows[-1].set_xlabel(
            f"lowest positive minus candidate, {scorer}" if zero else f"score, {scorer}{marks}"
        )
        _legend(drawn, view.positives is not None and view.positives.count > 0)
        what = "Positive minus candidate" if zero else "Scores of positives and candidates"
        return svg(drawn, name, f"{what} by {scorer}, before and after every rule")


def _steps(axes: Axes, view: View, bins: Sequence[int], colour: str) -> None:
    total = sum(bins)
    if not total:
        return
    heights = [count / total for count in bins]
    if colour == CANDIDATE:
        axes.stairs(
            heights, view.edges, fill=True, facecolor=(colour, 0.55), edgecolor=colour, linewidth=1
        )
        return
    style = "-" if colour == WRITTEN else "--"
    axes.stairs(
        heights, view.edges, fill=True, facecolor="none", edgecolor=colour, hatch=_HATCH[colour],
        linewidth=1.2, linestyle=style,
    )  # fmt: skip


def _row(axes: Axes, text: str) -> None:
    axes.set_title(text, loc="left", fontsize=10, pad=3)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)


def _legend(drawn: Any, positives: bool) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(facecolor=CANDIDATE, edgecolor=CANDIDATE, alpha=0.6, label="candidates")]
    others = {"positives": POSITIVE} if positives else {}
    for label, colour in {**others, "written": WRITTEN}.items():
        handles.append(Patch(facecolor="none", edgecolor=colour, hatch=_HATCH[colour], label=label))
    drawn.legend(
        handles=handles, loc="outside upper left", ncols=3, columnspacing=1.2, handlelength=1.6
    )


def recall(rows: Sequence[Recall]) -> str:
    """Draw recall by depth, a line for every retriever, and the floor."""
    with figure(230) as drawn:
        axes = drawn.subplots()
        depths = [at.k for at in rows[0].at]
        places = range(len(depths))
        for place, one in enumerate(rows):
            colour, line, marker = LINE_STYLES[place % len(LINE_STYLES)]
            values = [at.recall for at in one.at]
            axes.plot(
                places, values, color=colour, linestyle=line, marker=marker, markersize=5,
                label=one.retriever,
            )  # fmt: skip
        axes.axhline(rows[0].floor, color=INK, linewidth=0.9, linestyle=(0, (1, 2)), label="floor")
        axes.set_xticks(list(places), [f"{depth:,}" for depth in depths])
        axes.set_ylim(0, 1.02)
        axes.set_xlabel("first k of the run")
        axes.set_ylabel("recall")
        axes.grid(axis="y", color=FAINT, linewidth=0.4, alpha=0.5)
        drawn.legend(loc="outside upper left", ncols=4, columnspacing=1.0, handlelength=2.4)
        at_depth = ", ".join(f"{one.retriever} {one.at[-1].recall:.2f}" for one in rows)
        return svg(
            drawn, "recall", f"Recall of known positives by depth; at {depths[-1]}: {at_depth}"
        )


def overlap(rows: Sequence[Overlap]) -> str:
    """Draw which share of candidates and of written negatives each group of retrievers found."""
    totals = (sum(row.candidates for row in rows) or 1, sum(row.written for row in rows) or 1)
    drawn = []
    for row in rows:
        if not row.candidates:  # positives that nobody found: the table has them
            continue
        who = " and ".join(row.retrievers) or "nobody"
        only = f"{who} alone" if len(row.retrievers) == 1 else who
        for what, count, total, colour in (
            ("candidates", row.candidates, totals[0], CANDIDATE),
            ("written", row.written, totals[1], WRITTEN),
        ):
            drawn.append((f"{only}: {what}", f"{count / total:.1%}", count / total, colour))
    return bars("overlap", "Who found the candidates and the written negatives", drawn, 1.0)


def ranks(rows: Sequence[Ranks]) -> str:
    """Draw at which ranks the written negatives lie, a row for every retriever."""
    by = list(dict.fromkeys(row.by for row in rows))
    names = list(dict.fromkeys(row.ranks for row in rows if row.ranks != "not found"))
    names = [*sorted(names, key=lambda text: int(text.split("-")[0].split()[-1])), "not found"]
    with figure(62.0 * len(by) + 34) as drawn:
        panels: list[Axes] = list(drawn.subplots(len(by), sharex=True, squeeze=False)[:, 0])
        for axes, who in zip(panels, by, strict=True):
            counts = {row.ranks: row.written for row in rows if row.by == who}
            total = sum(counts.values()) or 1
            shares = [counts.get(name, 0) / total for name in names]
            axes.bar(
                range(len(names)),
                shares,
                0.7,
                color="none",
                edgecolor=WRITTEN,
                hatch=_HATCH[WRITTEN],
                linewidth=0.9,
            )
            for place, share in enumerate(shares):
                axes.text(place, share, f"{share:.0%}", ha="center", va="bottom", fontsize=8.5)
            _row(axes, "fused list" if who == "fused" else who)
            axes.set_ylim(0, max(shares) * 1.3 + 0.01)
        panels[-1].set_xticks(
            range(len(names)), [n.replace(" ", "\n") if n == "not found" else n for n in names]
        )
        panels[-1].set_xlabel("rank of the written negatives")
        panels[-1].tick_params(labelsize=8.5)
        return svg(drawn, "ranks", "Ranks of the written negatives, by retriever")


def leak_rules(measured: Leak) -> str:
    """Draw the leak of every rule with its interval."""
    rows = [rule for rule in measured.rules if rule.leak is not None]
    with figure(_ROW * 1.45 * max(len(rows), 1) + 42) as drawn:
        axes = drawn.subplots()
        for place, rule in enumerate(rows):
            low, high, leak = (100 * (v or 0.0) for v in (rule.leak_low, rule.leak_high, rule.leak))
            axes.plot([low, high], [place, place], color=WRITTEN, linewidth=2.2)
            axes.plot([leak], [place], marker="o", color=WRITTEN, markersize=6)
            axes.text(0, place - 0.2, f"{rule.rules}: {leak:.2f} %", va="bottom", ha="left")
        axes.set_ylim(max(len(rows), 1) - 0.6, -0.85)
        axes.set_xlim(left=0)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_xlabel("leak in %, with its 95 % interval")
        return svg(drawn, "leak-rules", "Leak of every rule alone and of all together")


def leak_curve(measured: Leak) -> str:
    """Draw leak and yield over the threshold; the value in force is marked."""
    with figure(300) as drawn:
        top, bottom = drawn.subplots(2, sharex=True)
        values = [point.value for point in measured.curve]
        with_leak = [point for point in measured.curve if point.leak is not None]
        places = [point.value for point in with_leak]
        low, leak, high = (
            [100 * (getattr(point, end) or 0.0) for point in with_leak]
            for end in ("leak_low", "leak", "leak_high")
        )
        top.fill_between(places, low, high, color=WRITTEN, alpha=0.2, linewidth=0)
        top.plot(places, leak, color=WRITTEN, marker="o", markersize=3)
        top.set_ylabel("leak in %")
        bottom.plot(
            values, [point.got for point in measured.curve], color=CANDIDATE, linestyle="--"
        )
        bottom.set_ylabel("yield")
        bottom.set_ylim(0, 1.05)
        top.set_ylim(bottom=0)
        for axes in (top, bottom):
            axes.grid(axis="y", color=FAINT, linewidth=0.4, alpha=0.5)
            if measured.setting == "max_risk":
                _decades(axes)
            if measured.current is not None:
                axes.axvline(measured.current, color=INK, linewidth=0.9, linestyle=(0, (3, 2)))
        if measured.current is not None:
            title = f"dashed: this run, {measured.current:g}"
        else:
            title = f"this run has no {_flag(measured.setting)}"
        top.set_title(title, fontsize=10, loc="left")
        bottom.set_xlabel(_flag(measured.setting))
        return svg(drawn, "leak-curve", f"Leak and yield by {measured.setting}")


def _decades(axes: Axes) -> None:
    """Make the x axis logarithmic, with plain numbers: Matplotlib's own are markup."""
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.xaxis.set_minor_formatter("")


def _flag(setting: str) -> str:
    return f"--{setting.replace('_', '-')}"


def hubs(counted: Hubs) -> str:
    """Draw which share of the negatives is filled by documents that are used so often."""
    total = counted.negatives or 1
    rows = [
        (
            f"used by {row.uses}: {row.documents:,} document{'s' * (row.documents != 1)}",
            f"{row.negatives / total:.1%}",
            row.negatives / total,
            WRITTEN,
        )
        for row in counted.spread
    ]
    return bars("hubs", "Share of the negatives by how often their document is used", rows, 1.0)


def short(counted: Short) -> str:
    """Draw how many queries got how many negatives; where there are many numbers, in ranges."""
    step = max(counted.by_got[-1].got // _MOST_BARS + 1, 1)
    queries: dict[int, int] = {}
    for row in counted.by_got:
        queries[row.got // step] = queries.get(row.got // step, 0) + row.queries
    rows = []
    for place, count in queries.items():
        low, high = place * step, place * step + step - 1
        name = f"{low}" if low == high else f"{low} to {high}"
        rows.append((f"{name} negative{'s' * (high != 1)}", f"{count:,}", float(count), OTHER))
    return bars("short", "Short queries by the number of negatives they got", rows)


def all_of(report: Report) -> dict[str, str]:
    """Return every chart that there is something to draw for, by name."""
    svg_by_name = {"funnel": funnel(report.funnel), "recall": recall(report.recall)}
    if report.ranks:
        svg_by_name["ranks"] = ranks(report.ranks)
    if len(report.recall) > 1:  # of one retriever there is nothing to compare
        svg_by_name["overlap"] = overlap(report.overlap)
    for place, one in enumerate(report.scorers):
        for what, view in (("scores", one.scores), ("differences", one.differences)):
            if view.stages[0].candidates.count:
                name = f"{what}-{place}"
                limits = {_flag(n): v for n, v in one.thresholds.items() if n in LINES}
                svg_by_name[name] = distributions(
                    name, one.scorer, view, what == "differences", limits
                )
    if report.leak is not None:
        svg_by_name |= {
            "leak-rules": leak_rules(report.leak),
            "leak-curve": leak_curve(report.leak),
        }
    if report.proof is not None and any(one.curve for one in report.proof.recipes):
        svg_by_name["proof"] = learning_curves(report.proof)
    if report.hubs.spread:
        svg_by_name["hubs"] = hubs(report.hubs)
    if report.short.by_got:
        svg_by_name["short"] = short(report.short)
    return svg_by_name
