"""What `negmine lint` looks for: the one table that names, counts, messages and docs come from."""

from __future__ import annotations

from typing import NamedTuple

FAULT, SUSPICION = "fault", "suspicion"


class Rule(NamedTuple):
    """One kind of finding.

    level: a `fault` is wrong whatever the data, a `suspicion` may be right: look at it. unit: what is counted,
    and what the share is a share of. text: what is found, then how; its first sentence stands in the output.
    of_all: what stands there instead where the rule finds all that it counts.
    """

    level: str
    unit: str
    text: str
    of_all: str = ""

    def meaning(self, is_all: bool) -> str:
        """Return what was found, in a sentence. is_all: whether the rule found all that it counts."""
        if is_all and self.of_all:
            return self.of_all
        return self.text.split(". ")[0].rstrip(".") + "."


RULES: dict[str, Rule] = {
    "same_text_as_positive": Rule(
        FAULT,
        "negatives",
        "A negative is the same text as its positive. Its positive is that of its row. In labeled pairs it is "
        "any positive of its query: the query has the same document with both labels.",
    ),
    "same_text_as_other_positive": Rule(
        FAULT,
        "negatives",
        "A negative is the same text as a positive of the same query in another row. The usual cause: "
        "queries with several positives became one row per positive before mining, so that the miner "
        "had one positive at a time.",
    ),
    "same_text_as_query": Rule(
        FAULT,
        "negatives",
        "A negative is the same text as its query. The usual cause: questions are documents of the corpus.",
    ),
    "near_duplicate_of_positive": Rule(
        FAULT,
        "negatives",
        "A negative is almost the same text as its positive. Their Jaccard similarity of word 3-grams is "
        "`--near-duplicate` (0.8) or more, and they are not the same text. 0.8 is the limit of Lee et al. "
        '(2022), "Deduplicating training data makes language models better".',
    ),
    "near_duplicate_of_other_positive": Rule(
        FAULT,
        "negatives",
        "A negative is almost the same text as a positive of the same query in another row. A negative is "
        "compared with the first 64 positives of its query.",
    ),
    "near_duplicate_of_query": Rule(
        FAULT,
        "negatives",
        "A negative is almost the same text as its query. It rephrases or quotes the query.",
    ),
    "relevant_in_qrels": Rule(
        FAULT,
        "negatives",
        "A negative is relevant for its query according to the qrels. Its relevance is `--min-relevance` "
        "(1) or more. Needs `--qrels`, and the ids of queries and negatives: from the file (`query_id` and "
        "`neg_id` columns, or the provenance that negmine writes), or found by text with `--queries` "
        "and `--corpus`. A document is found by its text, or by title, space, text.",
    ),
    "repeated_slot": Rule(
        FAULT,
        "negatives",
        "A row has the same negative twice. The loss counts it twice. Miners that fill short lists with "
        "repeats do this. The count is the number of repeats.",
    ),
    "repeated_positive": Rule(
        FAULT,
        "positives",
        "A row has the same positive twice. It is drawn, or counted, twice as often. The count is the "
        "number of repeats.",
    ),
    "duplicate_row": Rule(
        FAULT,
        "rows",
        "A row has the same query, positives and negatives, in the same order, as an earlier row. The "
        "count is the number of later rows.",
    ),
    "empty_text": Rule(
        FAULT,
        "texts",
        "A query, positive or negative is missing or empty. It is null, or has only white space and "
        "invisible characters (zero-width space, byte order mark). A row without any positive or any "
        "negative counts too. Such texts are left out of all other rules.",
    ),
    "score_not_finite": Rule(
        FAULT,
        "scores",
        "A score, margin or label is null, NaN or infinite. The loss becomes NaN.",
    ),
    "word_for_nothing": Rule(
        SUSPICION,
        "texts",
        "A text is `nan`, `none`, `null`, `<na>`, `n/a` or `undefined`. The usual cause: a missing value was "
        "written as a text.",
    ),
    "one_sided_query": Rule(
        SUSPICION,
        "queries",
        "A query of labeled pairs has only positives, or only negatives. The model cannot learn a "
        "difference from it.",
    ),
    "not_in_corpus": Rule(
        FAULT,
        "documents",
        "A positive or negative is not a document of the corpus. No document of `--corpus` has this text, "
        "with its title or without: the text was cut, changed, or comes from elsewhere. The count is the "
        "number of different texts.",
    ),
    "score_inverted": Rule(
        SUSPICION,
        "negatives",
        "A negative has a higher score in the file than its positive. Of several positives in its row (in "
        "labeled pairs: of its query), the one with the lowest score counts. Equal scores do not count.",
    ),
    "guide_inverted": Rule(
        SUSPICION,
        "negatives",
        "A negative is nearer to the query than its positive, according to a guide model. The guide finds "
        "cos(query, negative) > cos(query, positive), the condition by which GISTEmbed masks (Solatorio "
        "2024). With several guides one of them is enough. Needs `--guide-model`.",
    ),
    "batch_conflict": Rule(
        SUSPICION,
        "pairs",
        "In random training batches, another row's text is nearer than the row's own positive, according "
        "to the guide. This is what GISTEmbed (Solatorio 2024) masks where its guide finds "
        "cos > cos(query, positive): another row's positive or negative for this query, another query, or "
        "another positive for this positive. The count is the number of masked pairs in up to 100 batches "
        "of `--train-batch-size` rows, by the first guide. A row's own negatives are not counted here but "
        "as `guide_inverted`.",
    ),
    "in_batch_false_negative": Rule(
        SUSPICION,
        "batch_rows",
        "In training batches, a row has a document that may be relevant to the query of another row. The "
        "loss takes it for a negative of that query. May be relevant: people's qrels say so; the run's risk, "
        "guide, judge or owner queries do; or it is a copy or near copy (`--near-duplicate`) of such a "
        "document. The count is the number of rows whose query meets one, in batches of the first "
        "`--batches` rows as the file has them; `about` has every size, in the order of the file and "
        "shuffled. Needs a training file in its work directory, with its provenance. Of the files of "
        "`negmine batch`, rows without a batch are left out.",
    ),
    "noisy_positive": Rule(
        SUSPICION,
        "positive_pairs",
        "A positive is learned too easily. Its loss, -log softmax among the query's negatives, is at or "
        "below the mean of all losses - 2 standard deviations: the lower fence of DBPM, a method that finds "
        "noisy pairs by their losses during training. Here the loss is the mean over "
        "the guides, or without guides that of the file's own scores. Scores within [-1, 1] are divided "
        "by 0.05. Needs 50 positives with scores.",
    ),
    "faulty_positive": Rule(
        SUSPICION,
        "positive_pairs",
        "A positive looks wrong. Its loss, computed as for `noisy_positive`, is at or above the mean + 3 "
        "standard deviations: the upper fence of DBPM. Needs 50 positives with scores.",
    ),
    "positive_elsewhere": Rule(
        SUSPICION,
        "negatives",
        "A negative is the positive of another query. This is not wrong in itself, and common: 93 % of "
        "SQuAD's and 53 % of NQ's negatives in one public training set (llm2vec issue 178). But with "
        "in-batch negatives the two rows should not be in one batch: use a batch sampler without "
        "duplicates. If every negative is one, the corpus was probably the positives, and this tells nothing.",
        "Every negative is a positive of another query: the corpus was probably the positives, so this tells "
        "nothing.",
    ),
    "hub_negative": Rule(
        SUSPICION,
        "negatives",
        "A negative is used for very many queries: it is a hub. It serves at least `--hub-share` (1 %) of the "
        "queries, at least 10, and more than the mean + 2 standard deviations of all negatives "
        '(Radovanovic, Nanopoulos and Ivanovic 2010, "Hubs in space"). A model can learn to reject the '
        "document without reading the query. The count is the number of places in rows that hubs fill.",
    ),
    "length_tells": Rule(
        SUSPICION,
        "file",
        "The length of a text alone separates positives from negatives. A random positive is longer than a "
        "random negative with a probability (AUC; ties count half) of `--length-auc` (0.7) or more, or of "
        "1 minus that or less. The AUC is the Mann-Whitney statistic U / (n m), the area under the ROC "
        "curve (Hanley and McNeil 1982). The share is the larger of AUC and 1 - AUC. Lengths are in "
        "characters. Needs 30 positives and 30 negatives.",
    ),
    "generated_tells": Rule(
        SUSPICION,
        "file",
        "Length and style alone tell which negatives a language model wrote. A student will learn the style. A "
        "logistic regression on 13 cheap features (lengths, punctuation, capitals, digits, repetition, the "
        "query's words) separates the written negatives from the others with an AUC of `--tells-auc` (0.8) or "
        "more. It is measured by 5-fold cross-validation on up to 2,000 different texts of each kind. The "
        "features with the largest weights are named, each with the AUC that it has alone: above 0.5, written "
        "texts have more of it. The share is the AUC. Written negatives are told by their ids, "
        "`generated-...`. Needs the provenance of a work directory, or a column of negatives' ids, and 30 "
        "negatives of each kind.",
    ),
}
