"""How many negatives are hidden positives, by rule, collection, encoder and way of hiding.

Writes the tables of docs/explanation/how-much-do-negatives-lie.md and a JSON beside it. Needs the
collections and models in ../shared, and wordllama. The tables: lie_tables.py.

    python -m tests.bench.how_much_do_negatives_lie WORK
"""

import argparse
import json
import shutil
from pathlib import Path
from unittest.mock import patch

import numpy as np
import polars as pl

import negmine
from negmine.config.settings import FilterSettings
from negmine.data.hashing import name_hashes
from negmine.errors import GateNotMet
from negmine.stages.filter.leak.budget import chosen, knob
from negmine.stages.filter.leak.counts import Counts
from negmine.stages.filter.leak.measure import Scored
from negmine.stages.filter.leak.sweep import Sweep
from negmine.stages.filter.limits.compute import of_positives
from negmine.stages.filter.risk import signals
from negmine.stages.filter.risk.blend import Shipped
from negmine.stages.filter.risk.tasks import learn
from negmine.stages.filter.rules import turned_off
from negmine.stages.filter.tasks import positive_scores
from negmine.stages.opening import open_existing
from negmine.stages.write.selection import selected
from tests.bench.best_ranked import best_ranked
from tests.bench.collections import NAMES, RERANKER, encoders, flags_of
from tests.bench.learn_risk import WAYS, K, fit, samples, share
from tests.bench.lie_tables import BASE, JSON, WEIGHTS, write_page

WANTED, MARGIN, BUDGET, SEED = 10, 0.05, 0.01, 13
DEPTH, MOST_RERANKED = 30, 300
GRID = {
    "relative_margin": [-10.0, -1.0, -0.5, -0.3, -0.2, -0.1, -0.05, 0.0, 0.05],
    "max_risk": [float(f"{v:.3g}") for v in np.geomspace(1e-4, 1, 41)],
}


def shipping(weights):
    """Let other weights stand in for those that ship: none may have seen the collection."""
    return patch("negmine.stages.filter.risk.tasks.shipped", lambda retrievers: weights)


def of_others(parts_by_key, name):
    """Return weights learned on all collections but one."""
    names = signals.names(signals.Evidence(("bm25", "dense"), True, ("bm25",)))
    parts = [part for key, part in parts_by_key.items() if key[0] != name]
    model = fit(parts, names)
    return Shipped("others", model, share(model, parts, names))


def trial(folder, way, **flags):
    """Return a scored trial. Own weights are learned, cross-fitted, from the very positives that are hidden;
    everything else is learned as a user would who does not know them.
    """
    defaults = {"num_negatives": WANTED, "guide_model": []}  # whatever the folder remembers
    scored = Scored(open_existing(folder, defaults | flags), way, SEED, False)
    if flags.get("risk_weights") == "own":
        scored._blends = learn(scored.context, *scored.trial.sample())
    return scored


def measure(scored, rules):
    """Return the summary of every set of rules, by name."""
    scores = scored.trial.evidence.scores
    counts = {n: Counts(best_ranked(scored), scores, str(r.score), SEED) for n, r in rules.items()}
    for number, rows in scored.parts():
        for name, chosen_rules in rules.items():
            counts[name].add(scored.verdicts(number, rows, chosen_rules))
    return {name: one.summary() | one.fates() for name, one in counts.items()}


def plain_rules(scored):
    """Return the rules that learn nothing, by name."""
    nothing = turned_off(scored.rules)
    positives = positive_scores(scored.context, "dense").collect()
    shown = positives.join(scored.trial.pairs, on=["query_id", "doc_id"], how="anti")["score"]
    auto = of_positives(FilterSettings(relative_margin="auto"), shown)
    limit = of_positives(FilterSettings(max_percentile=5.0), shown)["percentile_limit"]
    settings = {
        "no rule": {},
        "absolute margin 0.05": {"absolute_margin": MARGIN},
        BASE: {"relative_margin": MARGIN},
        "relative margin auto": auto,
        "percentile 5": {"max_score": limit},
        "near-duplicate 0.95": {"no_near_duplicate": False},
        "positive similarity at most 0.6": {"max_signal": ("positive_similarity=0.6",)},
    }
    return {name: nothing.model_copy(update=update) for name, update in settings.items()}


def guide_rules(scored, guide):
    nothing = turned_off(scored.rules).model_copy(update={"guide_model": (guide,)})
    both = nothing.model_copy(update={"relative_margin": MARGIN})
    return {"guide": nothing, f"guide + {BASE}": both}


def risk_rules(scored, base):
    """Return the default, as many and as hard as the margin, and by budget; for one kind of weights."""
    nothing = turned_off(scored.rules)
    settings = {
        "risk 0.05": {"max_risk": 0.05},
        f"risk 0.05 + {BASE}": {"max_risk": 0.05, "relative_margin": MARGIN},
        "risk, as many and as hard as the margin": matched(scored, base),
    }
    name, values = knob(scored.rules)
    try:
        best = chosen(name, swept(scored, {name: values}).sort(name, descending=True), BUDGET)
        settings["risk by --max-leak 0.01"] = {name: best[name]}
    except GateNotMet:
        pass
    return {name: nothing.model_copy(update=update) for name, update in settings.items()}


def matched(scored, base):
    """Return the cell of GRID that leaks least and has at least the yield and hardness of `base`."""
    cells = swept(scored, GRID).filter(
        pl.col("yield") >= base["yield"] - 1e-6, pl.col("hardness_z") >= base["hardness_z"] - 1e-6
    )
    best = cells.sort("leak", "leak_high").row(0, named=True)
    return {name: best[name] for name in GRID}


def swept(scored, grid):
    sweep = Sweep(grid, turned_off(scored.rules), best_ranked(scored), SEED)
    for number, rows in scored.parts():
        sweep.add(scored.verdicts(number, rows, sweep.base))
    return sweep.table()


def unused_hardness(scored, rules, z):
    """Return how hard selected negatives are for an encoder that did not mine: mean z in the pool."""
    key = ["query_id", "doc_id"]
    hardness = {}
    for name, chosen_rules in rules.items():
        parts = [scored.verdicts(n, rows, chosen_rules) for n, rows in scored.parts()]
        picked = pl.concat([selected(part, best_ranked(scored)).select(key) for part in parts])
        hardness[name] = picked.join(z, on=key, how="left")["guide_z"].mean()
    return hardness


def one(folder, way, guide, others):
    """Return every rule's numbers on one collection, encoder and way of hiding."""
    plain = trial(folder, way, no_risk=True, max_signal=["positive_similarity=0.6"])
    guided = trial(folder, way, no_risk=True, guide_model=[guide])
    z = pl.concat([r.select("query_id", "doc_id", "guide_z") for _, r in guided.parts()])
    rules = plain_rules(plain)
    rows = measure(plain, rules) | measure(guided, guide_rules(guided, guide))
    hard = unused_hardness(plain, rules, z)
    for weights, label in WEIGHTS.items():
        with shipping(others):
            scored = trial(folder, way, max_risk=0.05, risk_weights=weights)
            rules = risk_rules(scored, rows[BASE])
            measured = measure(scored, rules)
            rows |= {f"{name} ({label})": row for name, row in measured.items()}
            if weights == "blend":
                again = unused_hardness(scored, rules, z)
                hard |= {f"{name} ({label})": value for name, value in again.items()}
            rows |= by_dense_rank(folder, way, weights, label, rows[BASE])
    return {name: row | {"unused_z": hard.get(name)} for name, row in rows.items()}


def unseen(folder, way, others):
    """Choose by budget on one half of the queries, measure on the other; None where it cannot be met."""
    with shipping(others):
        scored = trial(folder, way, max_risk=0.05)
        name, values = knob(scored.rules)
        sweep = Sweep({name: values}, turned_off(scored.rules), best_ranked(scored), SEED)
        for number, rows in scored.parts():
            sweep.add(scored.verdicts(number, half(rows, 0), sweep.base))
        cells = sweep.table().sort(name, descending=True)
        try:
            limit = chosen(name, cells, BUDGET)[name]
        except GateNotMet:
            return {"chosen": None, "best": cells["leak_high"].min()}
        rule = turned_off(scored.rules).model_copy(update={name: limit})
        counts = Counts(best_ranked(scored), scored.trial.evidence.scores, "dense", SEED)
        for number, rows in scored.parts():
            counts.add(scored.verdicts(number, half(rows, 1), rule))
    return {"chosen": limit} | counts.summary()


def half(rows, which):
    return rows.filter(pl.Series(name_hashes(rows["query_id"], SEED) % 2 == which))


def reranked(folder, data, way):
    """Return the cross-encoder's numbers, and the margin's, on at most 300 queries of a mined folder."""
    work, index = folder.with_name(f"{folder.name}-reranked"), folder / "1-index"
    lend_vectors(folder, work)
    qrels = pl.read_parquet(index / "qrels/*.parquet")
    many = (
        qrels.filter(pl.col("relevance") > 0).group_by("query_id").len().filter(pl.col("len") > 1)
    )
    order = many.with_columns(order=name_hashes(many["query_id"], SEED)).sort("order")
    taken = order.head(MOST_RERANKED).select("query_id")
    queries = pl.read_parquet(index / "queries/*.parquet").select("query_id", "text")
    queries.join(taken, on="query_id", how="semi").write_parquet(
        work.with_suffix(".queries.parquet")
    )
    qrels.join(taken, on="query_id", how="semi").select(
        "query_id", "doc_id", "relevance"
    ).write_parquet(work.with_suffix(".qrels.parquet"))
    files = {
        "corpus": next(data["data"].glob("corpus.jsonl*")),
        "queries": work.with_suffix(".queries.parquet"),
        "qrels": work.with_suffix(".qrels.parquet"),
    }
    title = {"title": data["title"]} if "title" in data else {}
    rerank = {"rerank_model": str(RERANKER), "rerank_depth": DEPTH, "score": "rerank"}
    negmine.mine(
        work,
        k=K,
        dtype="auto",
        no_risk=True,
        relative_margin=MARGIN,
        judged_negatives="ignore",
        order="fused",
        **files,
        **title,
        **rerank,
    )
    scored = trial(work, way, no_risk=True)
    nothing = turned_off(scored.rules)
    rules = {
        f"{BASE} (300 queries)": nothing.model_copy(
            update={"score": "dense", "relative_margin": MARGIN}
        ),
        f"cross-encoder, {BASE}, depth 30 (300 queries)": nothing.model_copy(
            update={"relative_margin": MARGIN}
        ),
    }
    return measure(scored, rules)


def by_dense_rank(folder, way, weights, label, base):
    """Return the margin and the risk where both take survivors by dense score, as peers do."""
    scored = trial(folder, way, max_risk=0.05, risk_weights=weights, order="dense")
    nothing = turned_off(scored.rules)
    margin = f"{BASE}, --order dense"
    rows = measure(scored, {margin: nothing.model_copy(update={"relative_margin": MARGIN})})
    rules = {
        f"risk, --order dense, as many and as hard as {rival_name} ({label})": nothing.model_copy(
            update=matched(scored, rival)
        )
        for rival_name, rival in (("the margin", base), ("the margin in that order", rows[margin]))
    }
    return rows | measure(scored, rules)


def lend_vectors(source, folder):
    """Start a work directory with the vectors of another: what was encoded is not encoded again."""
    if source != folder and source.exists() and not folder.exists():
        shutil.copytree(source / "vectors", folder / "vectors")
        (folder / "1-index").mkdir()


def prepare(work, models):
    """Mine every collection with every encoder, and let the other encoder be the guide."""
    for name in NAMES:
        for encoder, model in models.items():
            folder = work / f"{name}-{encoder}"
            guide = next(other for key, other in models.items() if key != encoder)
            stored = work / f"{name}-MiniLM" / "vectors"
            if (
                not folder.exists() and stored.exists()
            ):  # texts that were encoded are not encoded again
                shutil.copytree(stored, folder / "vectors")
            flags = flags_of(name, work) | {"model": model, "k": K, "dtype": "auto"}
            negmine.mine(
                folder,
                guide_model=[guide],
                num_negatives=WANTED,
                judged_negatives="ignore",
                order="fused",
                **flags,
            )
            print("mined", folder.name, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    work = parser.parse_args().work
    work.mkdir(parents=True, exist_ok=True)
    models = encoders(work)
    parts_by_key = samples(work, ("bm25", "dense"))
    prepare(work, models)
    results, budgets = {}, {}
    for name in NAMES:
        others = of_others(parts_by_key, name)
        for encoder in models:
            guide = next(model for key, model in models.items() if key != encoder)
            for way in WAYS:
                key = f"{name} / {encoder} / {way}"
                folder = work / f"{name}-{encoder}"
                results[key] = one(folder, way, guide, others)
                if encoder == "MiniLM":
                    results[key] |= reranked(folder, flags_of(name, work), way)
                budgets[key] = unseen(folder, way, others)
                print(key, results[key][BASE]["leak"], flush=True)
    results_and_budgets = {"rules": results, "budget_on_unseen_queries": budgets}
    JSON.write_text(json.dumps(results_and_budgets, indent=1) + "\n", encoding="utf-8")
    write_page(results_and_budgets)


if __name__ == "__main__":
    main()
