"""What `negmine lint` can find: the one table that names, counts and documents come from."""

from __future__ import annotations

from typing import NamedTuple

FAULT, SUSPICION = "fault", "suspicion"


class Rule(NamedTuple):
    """One kind of finding.

    level: a `fault` is wrong whatever the data, a `suspicion` wants a look. unit: what is counted, and
    what the share is a share of.
    """

    level: str
    unit: str
    text: str

    @property
    def meaning(self) -> str:
        """The first sentence of the text."""
        return self.text.split(". ")[0].rstrip(".") + "."


RULES: dict[str, Rule] = {
    "same_text_as_positive": Rule(
        FAULT,
        "negatives",
        "A negative is the positive of its own row. In labeled pairs: the query has the same "
        "document with both labels.",
    ),
    "same_text_as_other_positive": Rule(
        FAULT,
        "negatives",
        "A negative is a positive of the same query in another row. The usual cause: queries "
        "with several positives were unrolled before mining, and the miner knew one at a "
        "time.",
    ),
    "same_text_as_query": Rule(
        FAULT,
        "negatives",
        "A negative is its own query: a question that was indexed as a document.",
    ),
    "near_duplicate_of_positive": Rule(
        FAULT,
        "negatives",
        "A negative is not the same text as the positive of its row, but its Jaccard "
        "similarity of word 3-grams with it is `--near-duplicate` (0.8) or more. 0.8 is what "
        'Lee et al. (2022), "Deduplicating training data makes language models better", call '
        "a near-duplicate.",
    ),
    "near_duplicate_of_other_positive": Rule(
        FAULT,
        "negatives",
        "A negative is a near-duplicate of a positive of the same query in another row. A negative is "
        "compared with the first 64 positives of its query.",
    ),
    "near_duplicate_of_query": Rule(
        FAULT, "negatives", "A negative is a near-duplicate of its query: rephrased, or quoted."
    ),
    "relevant_in_qrels": Rule(
        FAULT,
        "negatives",
        "The qrels call a negative relevant for its query (relevance of `--min-relevance` or "
        "more). Needs `--qrels`, and ids: from the file itself (negmine's provenance, "
        "`query_id` and `neg_id` columns), or by text from `--queries` and `--corpus`. A "
        "document is known by its text, and by its title, a space, its text.",
    ),
    "repeated_slot": Rule(
        FAULT,
        "negatives",
        "The same negative stands twice in a row: the loss counts it twice. Miners that fill "
        "short lists by repeating do this. Counted are the repeats.",
    ),
    "repeated_positive": Rule(
        FAULT,
        "positives",
        "The same positive stands twice in a row, so that it is drawn or counted twice. Counted are the "
        "repeats.",
    ),
    "duplicate_row": Rule(
        FAULT,
        "rows",
        "A row with the same query, positives and negatives in the same order as an earlier "
        "one. Counted are the later ones.",
    ),
    "empty_text": Rule(
        FAULT,
        "texts",
        "A query, positive or negative that is null, empty, or nothing but white space and characters "
        "that are not seen (zero-width space, byte order mark); also a row without a positive or "
        "without a negative. Such texts take part in no other rule.",
    ),
    "score_not_finite": Rule(
        FAULT,
        "scores",
        "A score, margin or label of the file is null, not a number or infinite: the loss becomes "
        "NaN.",
    ),
    "word_for_nothing": Rule(
        SUSPICION,
        "texts",
        "A text that is nan, none, null, <na>, n/a or undefined: what a missing value becomes where "
        "it is written as a text.",
    ),
    "one_sided_query": Rule(
        SUSPICION,
        "queries",
        "A query of labeled pairs that has only positives, or only negatives: it teaches no difference.",
    ),
    "not_in_corpus": Rule(
        FAULT,
        "documents",
        "A positive or negative is not the text of a document of `--corpus`, with its title "
        "or without: cut, altered, or from elsewhere. Counted are distinct texts.",
    ),
    "score_inverted": Rule(
        SUSPICION,
        "negatives",
        "By the file's own scores a negative is better than a positive of its row (of its "
        "query, in labeled pairs). Strictly: equal is not better.",
    ),
    "guide_inverted": Rule(
        SUSPICION,
        "negatives",
        "A guide model (`--guide-model`) finds a negative nearer to the query than a positive "
        "of its row: cos(q, n) > cos(q, p), as GISTEmbed masks (Solatorio 2024). With several "
        "guides: any of them.",
    ),
    "batch_conflict": Rule(
        SUSPICION,
        "pairs",
        "In batches of `--train-batch-size` rows, drawn at random, what GISTEmbed's guide "
        "would mask because it is nearer than the row's own positive, cos > cos(q, p): "
        "another row's positive or negative for this query, another query, or another "
        "positive for this positive. Counted are masked pairs of the first guide in up to 100 "
        "batches; a row's own negatives are `guide_inverted` instead.",
    ),
    "noisy_positive": Rule(
        SUSPICION,
        "positive_pairs",
        "A positive that is learned too easily: its loss, -log softmax among the query's "
        "negatives, is at or below mean - 2 standard deviations of all. DBPM's lower fence. "
        "The mean over the guides; without guides by the file's own scores. Scores within "
        "[-1, 1] are divided by 0.05. Needs 50 positives.",
    ),
    "faulty_positive": Rule(
        SUSPICION,
        "positive_pairs",
        "A positive that looks wrong: its loss is at or above mean + 3 standard deviations. "
        "DBPM's upper fence, of the same losses.",
    ),
    "positive_elsewhere": Rule(
        SUSPICION,
        "negatives",
        "A negative is the positive of another query. Not wrong in itself, and common (93 % "
        "of SQuAD's and 53 % of NQ's negatives in one public training set, llm2vec issue "
        "178), but with in-batch negatives the two rows should not meet in a batch: use a "
        "no-duplicates batch sampler.",
    ),
    "hub_negative": Rule(
        SUSPICION,
        "negatives",
        "A negative that serves very many queries: at least `--hub-share` (1 %) of them, at "
        "least 10, and more than mean + 2 standard deviations of all negatives (Radovanovic, "
        'Nanopoulos and Ivanovic 2010, "Hubs in space"). A model can learn to dislike the '
        "document instead of reading the query. Counted are the slots that hubs fill.",
    ),
    "length_tells": Rule(
        SUSPICION,
        "file",
        "Length alone tells positives from negatives: the probability that a random positive "
        "is longer than a random negative (ties count half; the Mann-Whitney statistic U/(n "
        "m), which is the area under the ROC curve, Hanley and McNeil 1982) is `--length-auc` "
        "(0.7) or more, or 1 minus that or less. The share is the larger of AUC and 1 - AUC. "
        "Needs 30 positives and 30 negatives. Lengths are in characters.",
    ),
}
