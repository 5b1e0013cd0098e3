"""A tiny collection: 24 documents and 8 queries a person can read, with planted traps."""

import gzip
import hashlib
import json
import os
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from tests.in_memory import folder_in_memory
from tests.properties import load_profile

load_profile()
IN_MEMORY = folder_in_memory()
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
RECORDS = TemporaryDirectory(prefix="negmine-trust-")  # of what tests trust; gone when they end
os.environ["NEGMINE_TRUST"] = RECORDS.name
COPIES = TemporaryDirectory(prefix="negmine-cache-")  # of remote files
os.environ["NEGMINE_CACHE"] = COPIES.name

DOCUMENTS = {
    "tea-1": ("Brewing tea", "Green tea is best brewed at eighty degrees for two minutes."),
    "tea-2": ("Brewing tea", "GREEN tea is  best brewed at eighty degrees for two minutes."),
    "tea-3": (
        "Brewing tea",
        "Green tea is best brewed at eighty degrees for two or three minutes.",
    ),
    "tea-4": ("", "Black tea wants boiling water and four minutes."),
    "tea-5": ("", "How hot should water be for green tea?"),
    "tea-6": ("Tea history", "Tea came to Europe in the seventeenth century."),
    "cat-1": ("Cats", "Cats sleep twelve to sixteen hours a day."),
    "cat-2": ("Cats", "A cat's purr has a frequency of 25 to 150 hertz."),
    "cat-3": ("Dogs", "Dogs sleep about ten hours a day."),
    "cat-4": ("", "Kittens sleep even longer than grown cats."),
    "py-1": ("Python lists", "Use sorted(x, reverse=True) to sort a list in descending order."),
    "py-2": ("Python lists", "list.sort() sorts a list in place and returns None."),
    "py-3": ("Python dicts", "Dictionaries keep the order of insertion since Python 3.7."),
    "py-4": ("", "The Burmese python is one of the largest snakes."),
    "jp-1": ("", "電池を長持ちさせるには、充電を八割で止めます。"),
    "jp-2": ("", "iPhoneの電池は二年で交換します。"),
    "jp-3": ("", "新幹線は東京と大阪を結びます。"),
    "th-1": ("", "ชาเขียวควรชงด้วยน้ำร้อนแปดสิบองศา"),
    "mix-1": ("", "The boiling point of water is one hundred degrees."),
    "mix-2": ("", "Minutes are divided into sixty seconds."),
    "mix-3": ("", "Sleep is a state of reduced activity."),
    "mix-4": ("", "A list of lists is a matrix."),
    "mix-5": ("Only a title", ""),
    "mix-6": ("", "Zürich liegt an der Limmat."),
}
QUERIES = {
    "q1": "How hot should water be for green tea?",
    "q2": "how HOT should water be for  green tea?",
    "q3": "how long do cats sleep",
    "q4": "sort a python list in descending order",
    "q5": "電池を長持ちさせる",
    "q6": "ชาเขียว",
    "q7": "a query nobody judged",
    "q8": "largest snake",
}
QRELS = [
    ("q1", "tea-1", 1),
    ("q2", "tea-4", 1),
    ("q3", "cat-1", 2),
    ("q3", "cat-4", 1),
    ("q3", "cat-3", 0),
    ("q4", "py-1", 1),
    ("q5", "jp-1", 1),
    ("q6", "th-1", 1),
    ("q8", "py-4", 1),
]


def write_beir(folder, documents=None, queries=None, qrels=None, split="train", gz=False):
    """Write a BEIR folder and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "qrels").mkdir(exist_ok=True)
    corpus = [
        {"_id": name, "title": title, "text": text}
        for name, (title, text) in (DOCUMENTS if documents is None else documents).items()
    ]
    asked = [{"_id": name, "text": text} for name, text in (queries or QUERIES).items()]
    judged = "".join(f"{q}\t{d}\t{r}\n" for q, d, r in (qrels or QRELS))
    files = {
        "corpus.jsonl": "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in corpus),
        "queries.jsonl": "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in asked),
        f"qrels/{split}.tsv": "query-id\tcorpus-id\tscore\n" + judged,
    }
    for name, text in files.items():
        data = text.encode()
        if gz:
            (folder / f"{name}.gz").write_bytes(gzip.compress(data))
        else:
            (folder / name).write_bytes(data)
    return folder


@lru_cache(maxsize=1 << 17)
def _of_word(word, dims):
    seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")
    return np.random.default_rng(seed).standard_normal(dims)


def vector(text, dims=32):
    """Return a unit vector made of a text's words: shared words, shared directions."""
    total = np.full(dims, 1e-3)
    for word in text.lower().split():
        total += _of_word(word, dims)
    return (total / np.linalg.norm(total)).astype(np.float32)


def write_vectors(folder, documents=None, queries=None):
    """Write documents.npy and queries.npy for a folder made by write_beir; return the flags."""
    texts = [f"{t} {x}" for t, x in (DOCUMENTS if documents is None else documents).values()]
    np.save(folder / "documents.npy", np.stack([vector(text) for text in texts]))
    np.save(
        folder / "queries.npy", np.stack([vector(text) for text in (queries or QUERIES).values()])
    )
    return {
        "query_vectors": folder / "queries.npy",
        "document_vectors": folder / "documents.npy",
    }


@pytest.fixture
def beir(tmp_path):
    """The tiny collection as a BEIR folder."""
    return write_beir(tmp_path / "beir")


@pytest.fixture
def vectors(beir):
    """Flags that bring vectors for the tiny collection."""
    return write_vectors(beir)


@pytest.fixture(scope="session")
def collections():
    """The folder of real test collections, where it is there."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real collections are not here (../shared/data)")
    return folder
