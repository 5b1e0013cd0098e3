"""What a person should look at before training: sentences made from the report's own numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from negmine.analysis.report.schema import Warned
from negmine.analysis.report.sections.hubs import Hubs
from negmine.analysis.report.sections.leak import Leak
from negmine.analysis.report.sections.recall import Recall
from negmine.analysis.report.sections.scores import Scorer
from negmine.analysis.report.sections.short import Short
from negmine.analysis.report.sections.totals import Totals
from negmine.stages.write.depth import too_easy

LEAK, SHORT, HUB, AHEAD = 0.05, 0.1, 0.05, 0.01  # shares above which something is said
HUB_QUERIES = 20  # queries that a hub must have, so that small runs are not full of hubs


def warnings(values: Mapping[str, Any]) -> list[Warned]:
    """Return what is worth a warning, the most serious first. values: of the sections, by key."""
    texts_by_kind = {
        "nothing_written": _nothing(values["totals"]),
        "recall": _recall(values["recall"]),
        "leak": _leak(values["leak"]),
        "above_positive": _ahead(values["scorers"]),
        "short": _short(values["totals"], values["short"]),
        "easy": _easy(values["totals"]),
        "hubs": _hubs(values["hubs"]),
    }
    return [Warned(kind=kind, text=text) for kind, texts in texts_by_kind.items() for text in texts]


def _nothing(totals: Totals) -> Iterator[str]:
    if not totals.rows:
        yield (
            f"No row of {totals.format} was written: no query has the negatives that it takes "
            f"({totals.asked} were asked for)."
        )


def _recall(recalls: Sequence[Recall]) -> Iterator[str]:
    for one in recalls:
        if not one.fit:
            last = one.at[-1]
            yield (
                f"{one.retriever} finds only {last.recall:.0%} of a query's known positives in its first "
                f"{last.k:,}: below {one.floor:.0%} it is hardly fit to mine with."
            )


def _leak(leak: Leak | None) -> Iterator[str]:
    share = None if leak is None else leak.rules[-1].leak
    if share is not None and share > LEAK:
        yield (
            f"{share:.1%} of the negatives of queries that hide positives are hidden positives. "
            "negmine sweep looks for better thresholds."
        )


def _ahead(scorers: Sequence[Scorer]) -> Iterator[str]:
    for one in scorers:
        share = one.written_ahead
        if one.decides and share is not None and share > AHEAD:
            sentence = (
                f"{share:.1%} of the written negatives score above their query's lowest positive"
            )
            yield f"{sentence} ({one.scorer})."


def _short(totals: Totals, short: Short) -> Iterator[str]:
    if totals.queries and short.queries > SHORT * totals.queries:
        yield (
            f"{short.queries:,} of {totals.queries:,} queries have fewer than {totals.asked} negatives, "
            f"{short.without:,} have none."
        )


def _easy(totals: Totals) -> Iterator[str]:
    easy = too_easy(totals.unjudged, totals.deep)
    if easy is not None:
        yield easy


def _hubs(hubs: Hubs) -> Iterator[str]:
    most = hubs.most[0] if hubs.most else None
    if most is not None and most.share > HUB and most.queries >= HUB_QUERIES:
        yield f"Document {most.doc_id} is a negative of {most.queries:,} queries ({most.share:.0%})."
