"""The second pass: what was put aside is compared, bucket by bucket."""

from __future__ import annotations

from pathlib import Path

from negmine.analysis.lint.checks import by_query as query_rules
from negmine.analysis.lint.checks import by_text as text_rules
from negmine.analysis.lint.checks.hubs import LEAST_QUERIES, Hubs
from negmine.analysis.lint.checks.losses import TEMPERATURE, Fences, losses
from negmine.analysis.lint.checks.near_duplicates import NearDuplicates
from negmine.analysis.lint.findings import Findings
from negmine.analysis.lint.keys import QUERY_KEY
from negmine.analysis.lint.reference import Relevant
from negmine.analysis.lint.settings import LintSettings
from negmine.analysis.lint.spill import Spill


def check_queries(
    spill: Spill,
    folder: Path,
    buckets: int,
    settings: LintSettings,
    relevant: Relevant,
    largest_score: float,
    findings: Findings,
) -> dict[str, int]:
    """Check the rules about one query's documents; return the totals `queries` and `positive_pairs`.

    folder, buckets: where losses are put aside. largest_score: of the file's own scores, without its sign.
    """
    guides = [f"guide_{number}" for number in range(len(settings.guide_model))]
    # Scores within [-1, 1] are cosines; others are taken for logits.
    temperature = TEMPERATURE if largest_score <= 1.0001 else 1.0
    temperatures = dict.fromkeys(guides, TEMPERATURE) or {"score": temperature}
    fences = Fences(folder, buckets)
    queries = 0
    for pairs, shingles in spill.buckets("pairs", "shingles"):
        if pairs is None or shingles is None:
            continue
        queries += pairs.select(QUERY_KEY).n_unique()
        positives, negatives = query_rules.split(pairs)
        query_rules.same_texts(positives, negatives, findings)
        findings.add("repeated_slot", query_rules.repeated(negatives))
        findings.add("repeated_positive", query_rules.repeated(positives).select("row"))
        query_rules.one_sided(pairs, findings)
        near = NearDuplicates(shingles, settings.near_duplicate)
        near.find(positives, negatives, findings)
        if settings.qrels is not None:
            query_rules.relevant_in_qrels(negatives, relevant, findings)
        query_rules.inverted(positives, negatives, "score_inverted", ["score"], findings)
        query_rules.inverted(positives, negatives, "guide_inverted", guides, findings)
        fences.take(losses(positives, negatives, temperatures))
    fences.find(findings)
    return {"queries": queries, "positive_pairs": fences.count}


def check_texts(
    spill: Spill, settings: LintSettings, queries: int, findings: Findings
) -> dict[str, int]:
    """Check the rules about rows and about one text among all queries; return the total `documents`.

    queries: how many there are.
    """
    hubs = Hubs(max(LEAST_QUERIES, settings.hub_share * queries))
    distinct = 0
    for rows, documents, corpus in spill.buckets("rows", "documents", "corpus"):
        if rows is not None:
            text_rules.duplicates(rows, findings)
        if documents is not None:
            text_rules.positives_elsewhere(documents, findings)
            hubs.take(documents)
            if settings.corpus is not None:
                distinct += text_rules.not_in_corpus(documents, corpus, findings)
    hubs.find(findings, spill.buckets("documents"))
    return {"documents": distinct}
