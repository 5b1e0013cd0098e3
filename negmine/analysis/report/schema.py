"""What a report holds: the object that `--json` writes and that the HTML is rendered from.

Shares are 0 to 1. A score is higher for better. A field may be null only where its type says so.
`report` is the version of this schema: it changes when a field goes or means something else, not when one
is added.

A section is one file in sections/ and one field of `Report`, annotated with its `Section`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from negmine.analysis.report.sections.agreement import AGREEMENT, FINDERS, Agreement, Finder
from negmine.analysis.report.sections.base import Part, Section
from negmine.analysis.report.sections.funnel import FUNNEL, Step
from negmine.analysis.report.sections.generated import GENERATED, Generated
from negmine.analysis.report.sections.hubs import HUBS, Hubs
from negmine.analysis.report.sections.leak import LEAK, LEAK_SKIPPED, Leak
from negmine.analysis.report.sections.origins import OVERLAP, RANKS, Overlap, Ranks
from negmine.analysis.report.sections.proof import PROOF, Proof
from negmine.analysis.report.sections.propensities import PROPENSITIES, Propensity
from negmine.analysis.report.sections.ran import RAN, Ran
from negmine.analysis.report.sections.recall import RECALL, Recall
from negmine.analysis.report.sections.rounds import SINCE, Since
from negmine.analysis.report.sections.sample import SAMPLE, Sample
from negmine.analysis.report.sections.scores import SCORERS, Scorer
from negmine.analysis.report.sections.short import SHORT, Short
from negmine.analysis.report.sections.suspects import SUSPECTED, Suspect
from negmine.analysis.report.sections.totals import TOTALS, Totals


class Warned(Part):
    """Something that a person should look at before training."""

    kind: str = Field(
        description="what it is about: nothing_written, recall, leak, above_positive, short, easy, hubs"
    )
    text: str = Field(description="one sentence")


class Report(Part):
    """A report."""

    report: Literal[1] = Field(description="version of this schema")
    negmine: str = Field(description="version of negmine that made the report")
    work: str = Field(description="name of the work directory")
    warnings: list[Warned] = Field(description="what to look at before training")
    totals: Annotated[Totals, TOTALS] = Field(description="the run in a few counts")
    ran: Annotated[Ran, RAN] = Field(description="what ran")
    funnel: Annotated[list[Step], FUNNEL] = Field(
        description="from candidates to written negatives"
    )
    scorers: Annotated[list[Scorer], SCORERS] = Field(
        description="distributions, per retriever and scorer"
    )
    overlap: Annotated[list[Overlap], OVERLAP] = Field(description="who found the candidates")
    ranks: Annotated[list[Ranks], RANKS] = Field(description="at which ranks")
    recall: Annotated[list[Recall], RECALL] = Field(
        description="of the known positives, per retriever"
    )
    leak: Annotated[Leak | None, LEAK] = Field(description="null: not measured")
    leak_skipped: Annotated[str | None, LEAK_SKIPPED] = Field(description="why it was not measured")
    agreement: Annotated[list[Agreement], AGREEMENT] = Field(description="of every two retrievers")
    retrievers: Annotated[list[Finder], FINDERS] = Field(description="what each retriever found")
    proof: Annotated[Proof | None, PROOF] = Field(
        description="what `negmine prove` came to last; null: it was not run"
    )
    since: Annotated[list[Since], SINCE] = Field(
        description="what became of the last round's negatives; empty in round 1"
    )
    generated: Annotated[list[Generated], GENERATED] = Field(
        description="what became of what a language model wrote; empty where none did"
    )
    hubs: Annotated[Hubs, HUBS] = Field(description="documents used most")
    short: Annotated[Short, SHORT] = Field(description="queries with too few negatives")
    propensities: Annotated[list[Propensity], PROPENSITIES] = Field(
        description="how probably documents were judged, by retriever and rank"
    )
    suspects: Annotated[list[Suspect], SUSPECTED] = Field(
        description="positives that may be no answers, the lowest first, at most 12"
    )
    sample: Annotated[Sample, SAMPLE] = Field(description="queries to look at")


SECTIONS: dict[str, Section] = {
    name: one
    for name, field in Report.model_fields.items()
    for one in field.metadata
    if isinstance(one, Section)
}
"""The sections by key, in the order in which they are made."""
