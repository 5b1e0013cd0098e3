"""The same training data in every format that lint reads, and which row each piece came to stand in."""

import gzip
import json
from typing import NamedTuple

import numpy as np
import polars as pl

WORDS = [f"{a}{b}{c}" for a in "bdfgklmnprst" for b in "aeiou" for c in "bdgklmnrst"]


class Group(NamedTuple):
    """A query, a positive, its negatives, and scores: the positive's first."""

    query: str | None
    positive: str | None
    negatives: list
    scores: list | None = None


def sentence(number, length=30):
    """Return a text of its own: no two numbers share three words in a row, in practice."""
    chance = np.random.default_rng([7, number])
    return " ".join(chance.choice(WORDS, length)).capitalize() + "."


def clean(count=60, negatives=2):
    """Return groups without a fault, with scores whose losses lie within one deviation."""
    groups = []
    for n in range(count):
        first = 10_000 + n * 10
        texts = [sentence(first + m) for m in range(1, negatives + 1)]
        scores = [0.8 if n % 2 else 0.7] + [0.3] * negatives
        groups.append(Group(sentence(first + 9, 12), sentence(first), texts, scores))
    return groups


def triplet(groups, scored):
    rows, places = [], {}
    for g, group in enumerate(groups):
        for n, negative in enumerate(group.negatives):
            places[g, n] = (len(rows) + 1, 1)
            row = {"anchor": group.query, "positive": group.positive, "negative": negative}
            if scored:
                row["scores"] = [group.scores[0], group.scores[n + 1]]
            rows.append(row)
    return rows, places


def n_tuple(groups, scored):
    rows, places = [], {}
    for g, group in enumerate(groups):
        row = {"question": group.query, "answer": group.positive}
        for n, negative in enumerate(group.negatives):
            places[g, n] = (g + 1, n + 1)
            row[f"negative_{n + 1}"] = negative
        if scored:
            row["scores"] = group.scores
        rows.append(row)
    return rows, places


def labeled_list(groups, scored):
    rows, places = [], {}
    for g, group in enumerate(groups):
        row = {"query": group.query, "passages": [group.positive, *group.negatives]}
        count = len(group.negatives)
        row |= {"scores": group.scores} if scored else {"labels": [1] + [0] * count}
        places |= {(g, n): (g + 1, n + 1) for n in range(count)}
        rows.append(row)
    return rows, places


def labeled_pair(groups, scored):
    rows, places = [], {}
    for g, group in enumerate(groups):
        documents = [group.positive, *group.negatives]
        for n, document in enumerate(documents):
            places[g, n - 1] = (len(rows) + 1, 1)
            row = {"sentence1": group.query, "sentence2": document}
            row |= {"score": group.scores[n]} if scored else {"label": int(n == 0)}
            rows.append(row)
    return rows, places


def flag_embedding(groups, scored):
    rows, places = [], {}
    for g, group in enumerate(groups):
        row = {"query": group.query, "pos": [group.positive], "neg": list(group.negatives)}
        if scored:
            row |= {"pos_scores": group.scores[:1], "neg_scores": group.scores[1:]}
        row["prompt"] = "Represent this sentence"
        places |= {(g, n): (g + 1, n + 1) for n in range(len(group.negatives))}
        rows.append(row)
    return rows, places


SHAPES = {
    "triplet": triplet, "n-tuple": n_tuple, "labeled-list": labeled_list,
    "labeled-pair": labeled_pair, "FlagEmbedding": flag_embedding,
}  # fmt: skip
ENDINGS = (".parquet", ".jsonl", ".jsonl.gz")
FORMATS = [(shape, ending) for shape in SHAPES for ending in ENDINGS]


def save(path, rows):
    """Write rows as the ending of the path says."""
    if path.suffix == ".parquet":
        pl.DataFrame(rows, infer_schema_length=None).write_parquet(path)
        return path
    text = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def write(folder, groups, shape, ending, scored=False):
    """Write groups; return the path and (group, negative) to (row, slot)."""
    rows, places = SHAPES[shape](groups, scored)
    return save(folder / f"{shape}{ending}", rows), places


def counts_of(report):
    """Return the rules with findings: name to count."""
    return {rule["rule"]: rule["count"] for rule in report["rules"] if rule["count"]}


def rows_of(report, name):
    """Return the row numbers of a rule."""
    rule = next(rule for rule in report["rules"] if rule["rule"] == name)
    return [row["row"] for row in rule["rows"]]
