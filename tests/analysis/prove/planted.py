"""A collection with a planted truth, and a student that has never seen a text.

A query asks about one of ENTITIES and one of ASPECTS; a document is about one of each. It answers the query if
both are the same. Each pair has COPIES such documents, of which a training query knows one: the others are its
nearest candidates, and false negatives. Queries and documents share no word: what a student can do is learned.
"""

import json

import numpy as np
import polars as pl

from negmine.analysis.prove.split import grouped, held_out

ENTITIES, ASPECTS, COPIES, NOISE = 14, 10, 4, 60
HOLDOUT, SEED = 0.3, 13
TRUE = "--no-risk --no-relative-margin --no-near-duplicate --order dense"
NAIVE, ORACLE = TRUE, f"{TRUE} --same-parent topic"


def pairs():
    """Return the entity and aspect of every query."""
    return [(e, a) for e in range(ENTITIES) for a in range(ASPECTS)]


def name(entity, aspect):
    return f"q-{entity:02}-{aspect:02}"


def tested():
    """Return the queries that prove keeps out: each is a group of its own."""
    names = [name(*pair) for pair in pairs()]
    alone = pl.DataFrame({"query_id": names, "doc_id": names})
    return set(held_out(grouped(alone), HOLDOUT, SEED))


def write(folder, known=1):
    """Write the collection as a BEIR folder with vectors; return the flags to mine it.

    known: how many documents each training query knows. A tested query knows all.
    """
    (folder / "qrels").mkdir(parents=True)
    draws, out = np.random.default_rng(SEED), tested()
    corpus, qrels, about = [], [], []
    for entity, aspect in pairs():
        for copy in range(COPIES):
            noise = " ".join(f"n{word}" for word in draws.integers(NOISE, size=4))
            doc = f"d-{entity:02}-{aspect:02}-{copy}"
            topic = f"{entity}/{aspect}"
            text = f"de{entity} da{aspect} {noise} {doc}"
            corpus.append({"_id": doc, "title": "", "text": text, "topic": topic})
            about.append((entity, aspect))
            if copy < known or name(entity, aspect) in out:
                qrels.append(f"{name(entity, aspect)}\t{doc}\t1\n")
    queries = [{"_id": name(e, a), "text": f"qe{e} qa{a}"} for e, a in pairs()]
    for file, rows in (("corpus", corpus), ("queries", queries)):
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{file}.jsonl").write_text(text)
    (folder / "qrels/test.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(qrels))
    np.save(folder / "documents.npy", _vectors(about, draws, 0.3))
    np.save(folder / "queries.npy", _vectors(pairs(), draws, 0.0))
    vectors = {
        "query_vectors": folder / "queries.npy",
        "document_vectors": folder / "documents.npy",
    }
    return {"data": folder, **vectors}


def _vectors(about, draws, noise):
    """Return unit vectors, float32: one place for each entity and each aspect, and some noise."""
    rows = np.zeros((len(about), ENTITIES + ASPECTS), np.float32)
    for row, (entity, aspect) in zip(rows, about, strict=True):
        row[entity] = row[ENTITIES + aspect] = 1
    rows += noise * draws.standard_normal(rows.shape, np.float32) / np.sqrt(rows.shape[1])
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def student(folder):
    """Make a static model with a random vector for every word of the collection; return its folder."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import WhitespaceSplit

    words = [f"{kind}{n}" for kind in ("qe", "de") for n in range(ENTITIES)]
    words += [f"{kind}{n}" for kind in ("qa", "da") for n in range(ASPECTS)]
    words += [f"n{n}" for n in range(NOISE)]
    tokenizer = Tokenizer(WordLevel({w: n for n, w in enumerate(["[UNK]", *words])}, "[UNK]"))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    weights = np.random.default_rng(SEED).standard_normal((len(words) + 1, 24)).astype(np.float32)
    model = SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_weights=weights)])
    model.save(str(folder), create_model_card=False)
    return folder
