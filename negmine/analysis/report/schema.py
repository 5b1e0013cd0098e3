"""What a report holds: the object that `--json` writes and that the HTML is rendered from.

Shares are 0 to 1. A score is higher for better. A field may be null only where its type says so.
`report` is the version of this schema: it changes when a field goes or means something else, not when one
is added.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Part(BaseModel):
    """A frozen piece of the report."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Warned(Part):
    """Something that a person should look at before training."""

    kind: str = Field(
        description="what it is about: nothing_written, recall, leak, above_positive, short, hubs"
    )
    text: str = Field(description="one sentence")


class Totals(Part):
    """The run in a few counts."""

    documents: int = Field(description="documents of the corpus, copies included")
    queries: int = Field(description="queries with a known positive, which were mined")
    queries_without_positives: int = Field(description="queries that were left out")
    positives: int = Field(description="known positives")
    candidates: int = Field(description="rows of `verdicts`, positives included")
    kept: int = Field(description="candidates that no rule removed")
    negatives: int = Field(description="(query, negative) pairs in the training file")
    rows: int = Field(description="rows of the training file")
    format: str = Field(description="its shape")
    asked: int = Field(description="negatives asked for per query")


class ArtifactRun(Part):
    """One artifact, as its manifest says."""

    artifact: str = Field(description="its name")
    rows: int = Field(description="its rows")
    seconds: float = Field(description="how long it took when it was made")
    made_at: str = Field(description="when, UTC")


class StageRun(Part):
    """One stage."""

    stage: str = Field(description="its name")
    seconds: float = Field(description="sum over its artifacts")
    artifacts: list[ArtifactRun] = Field(description="in the order they are made")


class Setting(Part):
    """One setting that shaped rows and is not off."""

    stage: str = Field(description="the stage it belongs to")
    name: str = Field(description="its TOML key")
    value: str = Field(description="as people write it")


class Model(Part):
    """One model that scored."""

    role: str = Field(description="dense, rerank, guide, risk, judge")
    name: str = Field(description="what it was called")
    fingerprint: str = Field(
        description="of its files (a guide: with its prompt); empty if unknown"
    )


class Ran(Part):
    """What ran."""

    stages: list[StageRun] = Field(description="stages with their artifacts")
    models: list[Model] = Field(description="models that scored")
    settings: list[Setting] = Field(description="settings as the manifests recorded them")
    versions: dict[str, str] = Field(description="package to version, when the verdicts were made")


class Step(Part):
    """One step of the funnel. `left` of a step is `left` of the one before, less `removed`."""

    name: str = Field(description="candidates, a reason, or what became of the kept ones")
    kind: Literal["start", "rule", "kept", "unused", "written"] = Field(
        description="unused: kept, and not written"
    )
    removed: int = Field(description="candidates that this step takes away")
    left: int = Field(description="candidates left after it")


class Distribution(Part):
    """Some scores. Quantiles are read from 2,000 bins over the scorer's range, so they are that exact."""

    count: int = Field(description="scores")
    missing: int = Field(description="rows without a score")
    mean: float | None = Field(description="null where there is no score, as all below")
    std: float | None = Field(description="standard deviation of the population")
    min: float | None = Field(description="smallest")
    q25: float | None = Field(description="first quartile")
    median: float | None = Field(description="median")
    q75: float | None = Field(description="third quartile")
    max: float | None = Field(description="largest")
    bins: list[int] = Field(description="scores between neighbouring `edges`")


class Stage(Part):
    """The candidates that are left after some rules."""

    after: str = Field(description="the last rule that was applied; empty: before any")
    candidates: Distribution = Field(description="what is left; positives are not among them")


class View(Part):
    """Distributions over common bins."""

    edges: list[float] = Field(description="ends of the bins, one more than there are bins")
    logged: bool = Field(
        description="whether the bins are evenly spread in logarithms, as of a risk"
    )
    positives: Distribution | None = Field(description="known positives; null for differences")
    stages: list[Stage] = Field(description="before any rule, then after each rule that fired")
    written: Distribution = Field(description="negatives in the training file")


class Scorer(Part):
    """What one retriever or scorer says of positives, candidates and negatives."""

    scorer: str = Field(description="its name")
    decides: bool = Field(description="whether --score means it: margins and limits read its score")
    thresholds: dict[str, float] = Field(
        description="setting to limit: those in force that read it"
    )
    scores: View = Field(description="scores")
    differences: View = Field(
        description="the query's lowest positive score minus the score: below 0, the candidate is ahead"
    )
    candidates_ahead: float | None = Field(
        description="share of candidates above the query's lowest positive, before any rule"
    )
    written_ahead: float | None = Field(description="the same of written negatives")


class Overlap(Part):
    """Candidates that exactly these retrievers found."""

    retrievers: list[str] = Field(description="who; empty: nobody (a positive that was not found)")
    positives: int = Field(description="known positives among them")
    candidates: int = Field(description="others")
    kept: int = Field(description="of those, kept")
    written: int = Field(description="of those, in the training file")


class Ranks(Part):
    """Candidates by rank."""

    by: str = Field(description="fused (of several retrievers), or a retriever")
    ranks: str = Field(description="as 6-10, over 100, or not found")
    candidates: int = Field(description="candidates, without positives")
    kept: int = Field(description="of those, kept")
    written: int = Field(description="of those, in the training file")


class At(Part):
    """Recall at one depth."""

    k: int = Field(description="depth")
    recall: float = Field(
        description="share of a query's known positives at ranks up to k, mean over queries"
    )


class Recall(Part):
    """How well a retriever finds what is known to be relevant, and so whether it is fit to mine with."""

    retriever: str = Field(description="its name; last, of several, fused")
    at: list[At] = Field(description="by depth")
    not_found: int = Field(description="known positives that it did not find at all")
    floor: float = Field(description="recall at the last depth of `at` below which it is not fit")
    fit: bool = Field(description="whether it reaches the floor")


class LeakRule(Part):
    """The leak under no rule, one rule alone, or all rules."""

    rules: str = Field(description="which")
    leak: float | None = Field(description="hidden positives among the negatives / negatives")
    leak_low: float | None = Field(description="lower end of its 95 % interval")
    leak_high: float | None = Field(description="upper end")
    got: float | None = Field(description="negatives got / asked for (the yield)")
    hardness: float | None = Field(description="sum of scores / sum of anchors")
    sold: int = Field(description="hidden positives among the negatives")
    selected: int = Field(description="negatives")


class LeakPoint(Part):
    """The leak of all rules with one threshold moved."""

    value: float = Field(description="of the threshold")
    leak: float | None = Field(description="hidden positives among the negatives / negatives")
    leak_low: float | None = Field(description="lower end of its 95 % interval")
    leak_high: float | None = Field(description="upper end")
    got: float = Field(description="negatives got / asked for (the yield)")
    hardness_z: float | None = Field(description="mean z-score of the negatives in their pools")


class Leak(Part):
    """How many negatives are known positives that were hidden (docs/how-to/measure-the-leak.md)."""

    hide: float = Field(description="share of a query's positives that is hidden")
    seed: int = Field(description="of what is hidden")
    queries: int = Field(description="queries that hide something")
    queries_left_out: int = Field(description="queries with one positive")
    hidden: int = Field(description="hidden positives")
    hidden_found: int = Field(description="of those, found again by a retriever")
    rules: list[LeakRule] = Field(description="no rule, each rule alone, all rules")
    setting: str = Field(description="the threshold that the curve moves")
    current: float | None = Field(description="its value in this run")
    curve: list[LeakPoint] = Field(description="by value")
    notes: list[str] = Field(description="what the measure cannot see")


class Hub(Part):
    """A document that is the negative of many queries."""

    doc_id: str = Field(description="its id")
    text: str = Field(description="its beginning")
    queries: int = Field(description="queries that have it as a negative")
    share: float = Field(description="of the queries that have negatives")
    positive_of: int = Field(description="queries that have it as a known positive")


class Spread(Part):
    """Documents by how often they are used."""

    uses: str = Field(description="queries that have the document as a negative, as 2-5")
    documents: int = Field(description="how many documents")
    negatives: int = Field(description="how many (query, negative) pairs they fill")


class Hubs(Part):
    """Which documents are used as negatives, and how often."""

    documents: int = Field(description="distinct documents used")
    negatives: int = Field(description="(query, negative) pairs")
    spread: list[Spread] = Field(description="by number of uses")
    most: list[Hub] = Field(description="the most used")


class Why(Part):
    """One reason for too few negatives."""

    reason: str = Field(description="a rule, or too_few_candidates")
    queries: int = Field(description="short queries of which it took the most candidates")
    candidates: int = Field(description="candidates it took of all short queries")


class ShortQuery(Part):
    """One query with too few negatives."""

    query_id: str = Field(description="its id")
    text: str = Field(description="its text, cut")
    candidates: int = Field(description="candidates, without positives")
    got: int = Field(description="negatives")
    reasons: dict[str, int] = Field(description="rule to candidates it took, most first")


class Got(Part):
    """Queries by how many negatives they got."""

    got: int = Field(description="negatives")
    queries: int = Field(description="queries")


class Short(Part):
    """Queries with fewer negatives than asked for."""

    queries: int = Field(description="how many")
    without: int = Field(description="of those, with none")
    by_got: list[Got] = Field(description="by number of negatives, from 0")
    why: list[Why] = Field(description="most first")
    worst: list[ShortQuery] = Field(description="those with the fewest, at most 50")


class Opinion(Part):
    """What one retriever or scorer said of a document."""

    scorer: str = Field(description="who")
    score: float | None = Field(description="null: not scored")
    rank: int | None = Field(description="among the query's rows; null: not found, or no score")


class Document(Part):
    """One document of a sampled query."""

    doc_id: str = Field(description="its id")
    text: str = Field(description="its text, cut")
    cut: bool = Field(description="whether there is more of it")
    rank: int | None = Field(description="in the fused list; null: no retriever found it")
    reason: str | None = Field(description="why it is no negative; null: it is one")
    opinions: list[Opinion] = Field(description="of all who score")


class SampleQuery(Part):
    """One query to look at."""

    query_id: str = Field(description="its id")
    text: str = Field(description="its text, cut")
    why: list[str] = Field(description="random, or worst cases: closest, riskiest, short, missed")
    positives: list[Document] = Field(description="known positives, at most 3")
    positives_more: int = Field(description="further ones")
    negatives: list[Document] = Field(description="in the training file, at most 6")
    negatives_more: int = Field(description="further ones")
    rejected: list[Document] = Field(
        description="removed by a rule: the best-ranked, and the best of every reason, at most 6"
    )
    rejected_more: int = Field(description="further ones")
    kept_unused: int = Field(description="kept by the rules, and not written")


class Sample(Part):
    """A random but seeded sample of queries, and worst cases."""

    seed: int = Field(description="of the random part")
    random: int = Field(description="random queries asked for")
    cut_at: int = Field(description="characters after which a text is cut")
    queries: list[SampleQuery] = Field(description="random ones first, each query once")


class Report(Part):
    """A report."""

    report: Literal[1] = Field(description="version of this schema")
    negmine: str = Field(description="version of negmine that made the report")
    work: str = Field(description="name of the work directory")
    warnings: list[Warned] = Field(description="what to look at before training")
    totals: Totals = Field(description="the run in a few counts")
    ran: Ran = Field(description="what ran")
    funnel: list[Step] = Field(description="from candidates to written negatives")
    scorers: list[Scorer] = Field(description="distributions, per retriever and scorer")
    overlap: list[Overlap] = Field(description="who found the candidates")
    ranks: list[Ranks] = Field(description="at which ranks")
    recall: list[Recall] = Field(description="of the known positives, per retriever")
    leak: Leak | None = Field(description="null: not measured")
    leak_skipped: str | None = Field(description="why it was not measured")
    hubs: Hubs = Field(description="documents used most")
    short: Short = Field(description="queries with too few negatives")
    sample: Sample = Field(description="queries to look at")
