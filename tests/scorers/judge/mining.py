"""What the tests of the judge share: a small mined collection, and its tables."""

import numpy as np

import negmine
from negmine.retrievers.base import Hits
from negmine.storage.workdir import Workdir


def is_tea(text):
    return "tea" in text.lower()


def mine(work, data, server, **flags):
    """Mine with a judge at the server, unexamined, and with no word of people, unless a flag says so."""
    base = {"retriever": ["bm25"], "no_near_duplicate": True, "judge_retries": 2, "judge_check": 0}
    base["judged_negatives"] = "ignore"
    return negmine.mine(work, data=data, judge_url=server.url, judge_model="m", **(base | flags))


def mined(work, data):
    """Mine without a judge."""
    negmine.mine(work, data=data, retriever=["bm25"], no_near_duplicate=True)
    return work


def verdicts(work):
    return Workdir(work).scan("4-filter/verdicts").collect()


def states(work, **flags):
    return {s.artifact.name: (s.state, s.why) for s in negmine.status(work, **flags)}


class Ear:
    """A progress that keeps the notes."""

    def __init__(self):
        self.notes = []

    def note(self, message):
        self.notes.append(message)

    def begin(self, artifact): ...

    def total(self, count, unit): ...

    def advance(self, count): ...

    def end(self, artifact, outcome, rows, seconds): ...


class Length:
    """A scorer that likes long documents."""

    def score(self, queries, documents):
        return np.array([len(document) for document in documents], np.float32)


class Backwards:
    """A retriever that finds everything, the last document first."""

    name = "backwards"

    def __init__(self, documents):
        self.count = sum(table.num_rows for table in documents())

    def search(self, queries, k):
        docs = np.tile(np.arange(self.count)[::-1][:k], (queries.num_rows, 1))
        return Hits(docs, docs.astype(np.float32))
