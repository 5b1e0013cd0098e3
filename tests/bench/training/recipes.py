"""Where negatives come from: nobody, chance, sentence-transformers' own function, negmine.

Each recipe gives every training query at most NEGATIVES documents, or more where its name says so. A query that
is short is filled up with random documents, so that all recipes train on the same pairs; the yield is what came
from the recipe itself.
"""

import json

import numpy as np
import polars as pl

import negmine
from tests.bench.collections import encoder as encoder_of

NEGATIVES, K, MARGIN = 4, 100, 0.05
NO_RISK, NO_MARGIN = {"no_risk": True}, {"no_relative_margin": True}
OPEN = {"no_near_duplicate": True}
DENSE = {"order": "dense"}

# name: settings of negmine's filter and write
MINED: dict[str, dict[str, object]] = {
    "naive, fused order": NO_RISK | NO_MARGIN | OPEN,
    "default": {},
    "default, dense order": DENSE,
    "margin and risk 0.2, dense order": DENSE | {"max_risk": 0.2},
    "margin and risk 0.5, dense order": DENSE | {"max_risk": 0.5},
    "margin": NO_RISK,
    "margin, dense order": NO_RISK | DENSE,
    **{
        f"risk {risk:g}{'' if not order else ', dense order'}": NO_MARGIN
        | {"max_risk": risk}
        | order
        for risk in (0.02, 0.05, 0.1, 0.2, 0.5)
        for order in ({}, DENSE)
    },
    **{
        f"risk 0.2, dense order, drawn from {pool}": NO_MARGIN
        | DENSE
        | {"max_risk": 0.2, "sampling": "random", "pool": pool}
        for pool in (15, 50)
    },
    **{
        f"{name}, 2 hard": {**settings, "num_negatives": 2}
        for name, settings in {
            "default": {},
            "default, dense order": DENSE,
            "margin, dense order": NO_RISK | DENSE,
        }.items()
    },
    **{
        f"margin {margin:g}{named}, dense order": rule | DENSE | {"relative_margin": margin}
        for margin in (-0.2, -0.1, 0, 0.1)
        for named, rule in {"": NO_RISK, " and risk 0.05": {}}.items()
    },
    "near positives 10, dense order": NO_RISK | NO_MARGIN | DENSE | {"near_positives": 10},
    **{
        f"{name}soft weights, dense order": rule | DENSE | {"max_risk": 1.0, "weight": "risk"}
        for name, rule in {"": NO_MARGIN, "margin and ": {}}.items()
    },
    "margin auto, dense order": NO_RISK | DENSE | {"relative_margin": "auto"},
    **{
        f"margin, dense order, {named}": NO_RISK | DENSE | settings
        for named, settings in {
            "softmax": {"sampling": "softmax"},
            "top1-random": {"sampling": "top1-random"},
            "cyclic": {"sampling": "cyclic"},
            "diverse": {"sampling": "diverse"},
            "ranks 5 to 30": {"sampling": "band", "band": "5:30"},
            "0.5 to 1.5 deviations": {"sampling": "band", "band": "0.5z:1.5z"},
        }.items()
    },
    **{
        f"{name}, dense order, {hard} hard": rule | DENSE | {"num_negatives": hard}
        for hard in (8, 16)
        for name, rule in {
            "margin": NO_RISK,
            "risk 0.05": NO_MARGIN | {"max_risk": 0.05},
            "default": {},
            "margin -0.1 and risk 0.05": {"relative_margin": -0.1},
        }.items()
    },
    **{
        f"risk 0.05, dense order, {hard} hard": NO_MARGIN
        | DENSE
        | {"max_risk": 0.05, "num_negatives": hard}
        for hard in (1, 2)
    },
}
PEERS = {"st naive": None, "st margin 0.05": MARGIN}
PEERS |= {f"st margin 0.05, {hard} hard": MARGIN for hard in (8, 16)}
RANDOM = ("random", "random, 8", "random, 16")
# name: how deep positives may rank whose negatives follow no rule; those of deeper ones follow the margin
WEAK = {
    f"margin where the positive ranks below {rank}, dense order": rank for rank in (1, 3, 10, 30)
}
WEAK |= {f"{name}, 8 hard": rank for name, rank in WEAK.items() if rank == 10}
NAMES = ("in-batch", *RANDOM, *PEERS, "oracle", *WEAK, *MINED)


def number(name):
    """Return how many negatives a recipe gives each query: NEGATIVES, or more where its name says so."""
    said = [int(word) for word in name.removesuffix(" hard").split(", ")[1:] if word.isdigit()]
    return max(NEGATIVES, *said, 0)


def negatives(name, setup, work, encoder):
    """Return query to negatives, best first, of a recipe; `work` keeps what was mined and chosen."""
    if name == "in-batch":
        return {}
    if name in RANDOM:
        return {query: [] for query in setup.positives}
    record = work.with_name(f"{work.name}-negatives") / f"{name}.json"
    if not record.exists():
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(json.dumps(_chosen(name, setup, work, encoder)))
    return json.loads(record.read_text())


def _chosen(name, setup, work, encoder):
    mined(setup, work, encoder)
    if name in MINED:
        negmine.filter(work, **(RESET | _of("filter", MINED[name])))
        negmine.write(work, **(RESET_WRITE | _of("write", MINED[name])))
        rows = pl.read_parquet(work / "5-write/provenance/*.parquet")
        if "weight" in MINED[name]:
            rows.select("query_id", "negative_id", "weight").write_parquet(_weights(work, name))
        rows = rows.select("query_id", "negative_id").unique(maintain_order=True)
        return dict(rows.group_by("query_id").agg("negative_id").iter_rows())
    if name == "oracle":
        ranked = _ranked(work)
        return {
            query: [doc for doc in docs if doc not in setup.hidden[query]][:NEGATIVES]
            for query, docs in ranked.items()
        }
    if name in WEAK:
        return _margin_if_weak(work, WEAK[name], number(name))
    return _by_peer(setup, work, encoder, PEERS[name], number(name))


RESET = {
    "relative_margin": "none", "max_risk": "none", "no_risk": False, "no_relative_margin": False,
    "no_near_duplicate": False, "near_positives": "none",
}  # fmt: skip
RESET_WRITE = {
    "order": "fused", "sampling": "top", "pool": 50, "num_negatives": NEGATIVES, "band": "10:50",
    "weight": "none",
}  # fmt: skip
_WRITE = tuple(RESET_WRITE)


def _of(stage, settings):
    return {n: v for n, v in settings.items() if (n in _WRITE) == (stage == "write")}


def mined(setup, work, encoder):
    """Mine a setup once, with one encoder."""
    if (work / "5-write").exists():
        return
    work.parent.mkdir(parents=True, exist_ok=True)
    model = encoder_of(encoder, work.parent)
    corpus = pl.DataFrame({"doc_id": list(setup.minable), "text": list(setup.minable.values())})
    queries = {"query_id": list(setup.positives)}
    queries["text"] = [setup.queries[name] for name in setup.positives]
    qrels = {"query_id": list(setup.positives), "doc_id": list(setup.positives.values())}
    qrels["relevance"] = [1] * len(setup.positives)
    negmine.mine(
        work, corpus=corpus, queries=pl.DataFrame(queries), qrels=pl.DataFrame(qrels),
        model=model, k=K, num_negatives=NEGATIVES, dtype="auto",
    )  # fmt: skip


def _ranked(work):
    """Return query to all candidates that are no positives, by the dense model."""
    rows = pl.scan_parquet(work / "2-retrieve/candidates/*.parquet")
    rows = rows.filter(pl.col("label") != "positive", pl.col("dense_rank").is_not_null())
    ranked = rows.sort("query_id", "dense_rank").collect()
    return dict(ranked.group_by("query_id", maintain_order=True).agg("doc_id").iter_rows())


def _margin_if_weak(work, rank, count):
    """Return the best-ranked by the dense model, under MARGIN only where the positive ranks below `rank`."""
    rows = pl.read_parquet(work / "2-retrieve/candidates/*.parquet")
    is_positive = pl.col("label") == "positive"
    score, place = (pl.col(f"dense_{name}").filter(is_positive).max() for name in ("score", "rank"))
    rows = rows.with_columns(
        anchor=score.over("query_id"), place=place.fill_null(K + 1).over("query_id")
    )
    is_close = pl.col("dense_score") > pl.col("anchor") * (1 - MARGIN)
    rows = rows.filter(~is_positive, pl.col("dense_rank").is_not_null())
    rows = rows.filter(~is_close | (pl.col("place") <= rank)).sort("query_id", "dense_rank")
    chosen = rows.group_by("query_id", maintain_order=True).head(count)
    return dict(chosen.group_by("query_id", maintain_order=True).agg("doc_id").iter_rows())


def _by_peer(setup, work, encoder, margin, count):
    """Return what sentence-transformers' own function mines, with the same encoder and depth."""
    from datasets import Dataset, disable_progress_bars
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.util import mine_hard_negatives

    disable_progress_bars()
    ids = {text: doc for doc, text in reversed(setup.minable.items())}
    names = {setup.queries[query]: query for query in reversed(setup.positives)}
    pairs = {
        "anchor": [setup.queries[query] for query in setup.positives],
        "positive": [setup.documents[doc] for doc in setup.positives.values()],
    }
    from negmine.models.locate import resolve_device, resolve_model
    from negmine.storage.digests import Digests

    path = resolve_model(encoder_of(encoder, work.parent), Digests(work / ".digests.json"))
    rows = mine_hard_negatives(
        Dataset.from_dict(pairs), SentenceTransformer(str(path), device=resolve_device("auto")),
        corpus=list(setup.minable.values()), range_max=K, relative_margin=margin,
        num_negatives=count, output_format="triplet", cache_folder=str(work / "peer"), verbose=False,
    )  # fmt: skip
    by_query = {}
    for row in rows:
        by_query.setdefault(names[row["anchor"]], []).append(ids[row["negative"]])
    return by_query


def _weights(work, name):
    return work.with_name(f"{work.name}-negatives") / f"{name}.parquet"


def weights(name, work):
    """Return (query, document) to the weight of a negative, for a recipe with soft weights; else nothing."""
    if "weight" not in MINED.get(name, {}):
        return {}
    return {
        (query, doc): weight
        for query, doc, weight in pl.read_parquet(_weights(work, name)).iter_rows()
    }


def columns(setup, by_query, name, seed, weights=None):
    """Return the training columns of a recipe, and its yield and leak.

    weights: those of negatives, where the recipe has some; a random document that fills up has weight 1.
    """
    queries = list(setup.positives)
    data = {
        "anchor": [setup.queries[query] for query in queries],
        "positive": [setup.documents[setup.positives[query]] for query in queries],
    }
    if name == "in-batch":
        return data, {"yield": None, "leak": None}
    drawn, every = np.random.default_rng(seed), list(setup.minable)
    wanted = number(name)
    rows, own, leaked = [], 0, 0
    for query in queries:
        chosen = list(dict.fromkeys(by_query.get(query, [])))[:wanted]
        own += len(chosen)
        leaked += sum(doc in setup.hidden[query] for doc in chosen)
        while len(chosen) < wanted:
            document = every[drawn.integers(len(every))]
            if document != setup.positives[query]:
                chosen.append(document)
        rows.append(chosen)
    for place in range(wanted):
        data[f"negative_{place + 1}"] = [setup.documents[row[place]] for row in rows]
    if weights:
        pairs = zip(queries, rows, strict=True)
        data["label"] = [[weights.get((query, doc), 1.0) for doc in row] for query, row in pairs]
    return data, {"yield": own / wanted / len(queries), "leak": leaked / max(own, 1)}
