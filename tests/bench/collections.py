"""The open collections and encoders that benchmarks mine with; needs ../shared."""

import gzip
import importlib.util
import json
import os
import shutil
from pathlib import Path

import polars as pl

os.environ.setdefault("HF_HUB_OFFLINE", "1")
SHARED = Path(__file__).parents[3] / "shared"
DATA = SHARED / "data"
RERANKER = SHARED / "models" / "ce-minilm"
NAMES = ("cranfield", "vaswani-npl", "stackfaq", "epqa", "xquad-r")


def flags_of(name, work):
    """Return the flags that mine a collection as the documents describe it."""
    if name == "xquad-r":
        return {"data": english_questions(work)}
    own = {"cranfield": {"qrels_split": "test"}, "stackfaq": {"title": False}}
    return {"data": DATA / name, **own.get(name, {})}


def english_questions(work):
    """Write XQuAD-R's English questions over the sentences of all languages; return the folder."""
    folder = work / "xquad-r-english"
    (folder / "qrels").mkdir(parents=True, exist_ok=True)
    shutil.copy(DATA / "xquad-r" / "corpus.jsonl.gz", folder)
    with gzip.open(DATA / "xquad-r" / "queries.jsonl.gz", "rt", encoding="utf-8") as lines:
        english = [line for line in lines if json.loads(line)["_id"].startswith("en")]
    (folder / "queries.jsonl").write_text("".join(english), encoding="utf-8")
    with gzip.open(DATA / "xquad-r" / "qrels" / "test.tsv.gz", "rt", encoding="utf-8") as lines:
        header, *rows = lines
    english = [row for row in rows if row.startswith("en")]
    (folder / "qrels" / "test.tsv").write_text(header + "".join(english), encoding="utf-8")
    return folder


def encoder(name, work):
    """Return an encoder: MiniLM by its name, or WordLlama's static vectors as a model folder."""
    return "all-MiniLM-L6-v2" if name == "MiniLM" else str(wordllama(work / "wordllama-256"))


def encoders(work):
    """Return every encoder by name."""
    return {name: encoder(name, work) for name in ("MiniLM", "WordLlama")}


def wordllama(folder):
    """Save WordLlama's token vectors (distilled from Llama) as a sentence-transformers folder."""
    if folder.exists():
        return folder
    import numpy as np
    from safetensors.numpy import load_file
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer

    package = Path(importlib.util.find_spec("wordllama").origin).parent
    weights = load_file(package / "weights/l2_supercat_256.safetensors")["embedding.weight"]
    tokens = Tokenizer.from_file(str(package / "tokenizers/l2_supercat_tokenizer_config.json"))
    static = StaticEmbedding(tokens, embedding_weights=weights.astype(np.float32))
    SentenceTransformer(modules=[static], device="cpu").save(str(folder))
    return folder


def tables_of(work):
    """Return corpus and queries of a work directory, as tables for another one."""
    corpus = pl.read_parquet(work / "1-index/corpus/*.parquet")
    queries = pl.read_parquet(work / "1-index/queries/*.parquet")
    return {
        "corpus": corpus.select("doc_id", "title", "text"),
        "queries": queries.select("query_id", "text"),
    }
