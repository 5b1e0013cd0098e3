"""The floor plan: what a change redoes, what status says beforehand, and that nothing else moves."""

import json
from functools import partial

import polars as pl
import pytest

import negmine
from negmine.config.settings import STAGES
from negmine.data.identity import canonical
from negmine.engine.context import Context
from negmine.errors import InputError, MissingArtifact
from negmine.stages.filter.rules import VERDICT_SETTINGS
from negmine.stages.plan import make_plan
from negmine.storage.workdir import Workdir
from tests.configs import resolve
from tests.conftest import DOCUMENTS, QRELS, write_beir, write_vectors
from tests.models.tiny import cross_encoder, multi_vector_model, static_model
from tests.models.tiny_sparse import words_model
from tests.stages.filter.rules.examples import EXAMPLES


def mine(work, beir, **options):
    return negmine.mine(work, data=beir, **({"retriever": ["bm25"], "k": 5} | options))


def outcomes(result):
    return {row["artifact"]: row["outcome"] for row in result.artifacts}


def made(result):
    return [name for name, outcome in outcomes(result).items() if outcome == "made"]


def states(work, **options):
    return {state.artifact.name: state for state in negmine.status(work, **options)}


def test_a_second_run_makes_nothing(tmp_path, beir):
    assert len(made(mine(tmp_path / "w", beir))) == 13
    assert made(mine(tmp_path / "w", beir)) == []
    assert {state.state for state in states(tmp_path / "w").values()} == {"fresh"}


@pytest.mark.parametrize(
    ("change", "redone"),
    [
        ({"relative_margin": 0.2}, "4-filter/verdicts 5-write"),
        ({"near_duplicate": 0.5}, "4-filter/verdicts 5-write"),
        ({"format": "n-tuple"}, "5-write/n-tuple 5-write/provenance"),
        ({"num_negatives": 2}, "5-write"),
        ({"k": 3}, "2-retrieve 4-filter 5-write"),
        ({"bm25_k1": 0.9}, "1-index/bm25 2-retrieve 4-filter 5-write"),
        ({"batch_size": 7}, ""),
        ({"shards": "2"}, ""),
        ({"engine": "local"}, ""),
        ({"seed": 14}, ""),
        ({"device": "cpu"}, ""),
    ],
)
def test_a_change_redoes_what_it_shapes_and_status_said_so(tmp_path, beir, change, redone):
    mine(tmp_path / "w", beir)
    said = [
        name for name, state in states(tmp_path / "w", **change).items() if state.state != "fresh"
    ]
    again = made(mine(tmp_path / "w", beir, **change))
    assert again == said
    assert ("5-write" in again) == bool(again)  # the data card speaks of all that is before it
    rest = [name for name in again if name != "5-write"]
    assert all(any(name.startswith(part) for part in redone.split()) for name in rest)
    assert all(any(name.startswith(part) for name in again) for part in redone.split())


def test_status_names_the_setting_that_made_it_stale(tmp_path, beir):
    mine(tmp_path / "w", beir)
    found = states(tmp_path / "w", relative_margin=0.2)
    assert found["4-filter/verdicts"].why == "relative-margin none -> 0.2"
    assert found["5-write/triplet"].why == "4-filter/verdicts changed"
    assert found["4-filter/features"].state == "fresh"


def test_a_changed_source_makes_everything_behind_it_stale(tmp_path, beir):
    mine(tmp_path / "w", beir)
    with (beir / "corpus.jsonl").open("a") as stream:
        stream.write(json.dumps({"_id": "new", "text": "cats sleep a lot"}) + "\n")
    found = states(tmp_path / "w")
    assert found["1-index/corpus"].why == "the source files changed"
    assert found["1-index/queries"].state == "fresh"
    assert found["5-write/triplet"].state == "stale"
    mine(tmp_path / "w", beir)
    mine(tmp_path / "scratch", beir)
    for name in found:
        files = sorted((tmp_path / "w" / name).glob("*.parquet"))
        for file in files:
            expected = tmp_path / "scratch" / file.relative_to(tmp_path / "w")
            assert pl.read_parquet(file).equals(pl.read_parquet(expected)), name


def test_moving_the_sources_changes_nothing(tmp_path, beir):
    mine(tmp_path / "w", beir)
    moved = beir.rename(tmp_path / "elsewhere")
    assert made(mine(tmp_path / "w", moved)) == []


def test_lost_sources_do_not_stop_later_stages(tmp_path, beir):
    mine(tmp_path / "w", beir)
    beir.rename(tmp_path / "gone")
    assert {state.state for state in states(tmp_path / "w").values()} == {"fresh"}
    assert made(negmine.filter(tmp_path / "w", relative_margin=0.3)) == ["4-filter/verdicts"]
    with pytest.raises(InputError, match="beir"):
        negmine.index(tmp_path / "w")


def test_stages_one_by_one_equal_mine(tmp_path, beir):
    flags = {"retriever": ["bm25"], "k": 5}
    negmine.index(tmp_path / "w", data=beir, **flags)
    for stage in (negmine.retrieve, negmine.filter, negmine.write):
        stage(tmp_path / "w")
    assert made(mine(tmp_path / "w", beir)) == []


def test_a_stage_before_its_time_names_the_command(tmp_path, beir):
    with pytest.raises(MissingArtifact, match=r"from negmine index"):
        negmine.retrieve(tmp_path / "w", data=beir, retriever=["bm25"])
    negmine.index(tmp_path / "w", data=beir, retriever=["bm25"])
    with pytest.raises(MissingArtifact, match=r"Run: negmine retrieve"):
        negmine.write(tmp_path / "w")
    negmine.retrieve(tmp_path / "w", k=4)
    with pytest.raises(MissingArtifact, match=r"stale \(k 4 -> 6\)"):
        negmine.filter(tmp_path / "w", k=6)


def test_force_makes_it_again(tmp_path, beir):
    mine(tmp_path / "w", beir)
    assert len(made(negmine.filter(tmp_path / "w", force=True))) == 2


def test_every_setting_shapes_an_artifact_or_is_speed(tmp_path, beir):
    """A settings field that no identity notices would be a flag that is ignored."""
    base = {"data": beir, "retriever": ["bm25", "dense"], **write_vectors(beir)}
    words = partial(sparse_words, tmp_path)
    sparse = {"data": beir, "retriever": ["sparse"], "sparse_model": words("a")}
    guide = {"guide_model": [str(static_model(tmp_path / "guide"))]}
    queries = {"query_model": str(static_model(tmp_path / "queries"))}
    reranker = {"rerank_model": str(cross_encoder(tmp_path / "reranker"))}
    late = {"retriever": ["bm25", "late"], "late_model": str(multi_vector_model(tmp_path / "late"))}
    prompt = tmp_path / "prompt.txt"
    prompt.write_text("{query} {documents} {document}")
    run = tmp_path / "run.trec"
    run.write_text("q1 Q0 tea-1 1 1 t\n")
    near = {"data": beir, "retriever": ["neighbours"]}
    mined = tmp_path / "mined.jsonl"
    mined.write_text('{"anchor": "a", "positive": "b", "negative": "c"}\n')
    pairs = {"pairs": mined, "retriever": ["bm25"]}
    rounds = {"data": beir, "retriever": ["bm25", "dense"], "round": 2}
    teacher = f"round1_dense={static_model(tmp_path / 'teacher')}"
    cases = [
        (base, RULE_CHANGES | CHANGES | guide | reranker),
        (base | {"sampling": "random"}, {"pool": 9, "seed": 5}),
        (base | {"format": "flagembedding"}, WRITE_CHANGES),
        (base | {"sampling": "softmax"}, {"temperature": 2.0}),
        (base | {"sampling": "cyclic"}, {"step": 2}),
        (base | {"sampling": "band"}, {"band": "2:3"}),
        (base | {"sampling": "margin-bins"}, {"bins": 2}),
        (base | {"sampling": "diverse"}, {"diversity": 0.9}),
        (base | {"random_negatives": 1}, {"random_shared": 8}),
        (base | guide, GUIDE_CHANGES),
        (base, {"judge_local": str(cross_encoder(tmp_path / "judge"))}),
        (base | JUDGE, JUDGE_CHANGES | {"judge_prompt": prompt}),
        (base | JUDGE, {"relabel": True}),
        (base | JUDGE | {"judge_method": "logprob"}, {"judge_beta": 0.2}),
        (base | reranker, RERANK_CHANGES),
        (
            base | GENERATE,
            GENERATE_CHANGES | dict.fromkeys(OWN_PROMPTS, prompt) | {"generate_for": "short"},
        ),
        (base | GENERATE | {"include": "generated"}, {"max_generated": 2}),
        (
            base | {"generate_kind": ["query-only"], "generate_local": queries["query_model"]},
            {"generate_local": guide["guide_model"][0]},
        ),
        ({"data": beir, "retriever": ["dense"]}, ENCODER_CHANGES | queries),
        (ENDPOINT | {"data": beir}, {"model_url": "http://elsewhere/v1"}),
        (base | {"index": "IVF2,Flat"}, {"nprobe": 2, "index": "IVF3,Flat"}),
        (base | {"index": "HNSW8"}, {"ef_search": 9}),
        (base | {"index": "binary"}, {"rescore": 9}),
        ({"data": beir}, {"dense_scope": "candidates"}),
        (sparse, {"sparse_query_terms": 2, "sparse_model": words("b")}),
        ({"data": beir} | late, {"late_scope": "all", "late_vector_dtype": "float32"}),
        (
            {"data": beir, "late_scope": "all", "late_index": "ivf"} | late,
            {"late_index": "HNSW16", "late_tokens": 9},
        ),
        (base, {"suspect_share": 0.9, "suspect_deviations": 3.0, "suspect_neighbours": 10}),
        (base | {"suspect_neighbours": 10}, {"suspect_reference": "judged"}),
        (base | JUDGE | {"suspect_share": 0.9}, {"judge_suspects": True}),
        (base | {"suspect_share": 0.9}, {"drop_positives": "suspected"}),
        (base | {"decontaminate": beir, "eval_split": "train"}, EVALUATION_CHANGES),
        ({"data": beir, "retriever": ["bm25"]}, {"run": [f"pys={run}"]}),
        (pairs, {"pairs_format": "triplets"}),
        (pairs | {"pairs_format": "triplets"}, {"given_negatives": False}),
        (near | {"neighbour_column": "c"}, {"neighbour_column": "d", "neighbour_match": "same"}),
        (
            near | {"neighbour_latitude": "a", "neighbour_longitude": "b"},
            {"neighbour_latitude": "x", "neighbour_longitude": "y"},
        ),
        (base, {"decontaminate": beir}),
        (rounds, {"round": 3, "earlier_model": [teacher], "keep_share": 0.5}),
        ({"data": beir, "retriever": [OWN]}, {"retriever_option": ["Backwards.depth=3"]}),
    ]
    noticed = {
        field
        for flags, changes in cases
        for field, value in changes.items()
        if identities(tmp_path, **(flags | {field: value})) != identities(tmp_path, **flags)
    }
    fields = {
        name: field for table in STAGES.values() for name, field in table.model_fields.items()
    }
    speed = {name for name, field in fields.items() if (field.json_schema_extra or {}).get("speed")}
    assert fields.keys() - noticed == speed | BY_CONTENT | GATES


def sparse_words(folder, name):
    """Return a sparse model of this name: another name, other weights."""
    return str(words_model(folder / name / "model", seed=ord(name)))


CHANGES = {
    "direction": "d2q", "on_error": "skip", "min_relevance": 2, "title": False, "title_separator": "\n",
    "retriever": ["dense"], "bm25_engine": "rank-bm25", "bm25_variant": "atire", "bm25_k1": 2.0,
    "bm25_b": 0.1, "bm25_delta": 0.9, "fold_accents": False, "stemmer": "english",
    "analyzer": "none", "language_column": "lang",
    "vector_dtype": "float16", "similarity": "dot", "vector_column": "v", "vector_id_column": "i", "k": 7,
    "fusion": "relative-score", "rrf_k": 10, "fusion_weight": ["bm25=2"], "candidates": "dense",
    "score": "bm25", "relative_margin": 0.3, "no_relative_margin": True, "near_duplicate": 0.5,
    "max_risk": 0.2, "no_risk": True, "risk_weights": "own",
    "max_leak": 0.01, "no_near_duplicate": True, "format": "n-tuple", "num_negatives": 3,
    "sampling": "random", "per": "positive", "positives": "best", "max_reuse": 1, "random_negatives": 2,
    "weight": "margin", "level": True,
    "order": "bm25", "unscored": "keep", "license": "mit", "language": ["en"],
}  # fmt: skip
WRITE_CHANGES = {"teacher": "bm25", "instruction": "Find: ", "instruction_column": "task"}
# as the worked examples of the rules set them
RULE_CHANGES = {"judged_negatives": "ignore", "anchor": "max"} | {
    name: value
    for one in EXAMPLES
    for name, value in one.settings.items()
    if name in VERDICT_SETTINGS
}
GUIDE_CHANGES = {
    "guide_margin": 0.1, "guide_margin_type": "absolute", "guide_query_prompt": "q: ",
    "guide_document_prompt": "d: ", "guide_max_length": 9,
}  # fmt: skip
EVALUATION_CHANGES = {
    "drop_contaminated": "rows", "eval_documents": "all", "eval_test": ["exact"], "eval_ngrams": 0.9,
    "eval_span": 0.9, "eval_similarity": 0.5,
}  # fmt: skip
RERANK_CHANGES = {
    "rerank_depth": 3, "rerank_prompt": "p: ", "rerank_activation": "none",
    "rerank_max_length": 9, "rerank_dtype": "bfloat16",
}  # fmt: skip
OWN = "tests.scorers.judge.mining:Backwards"
ENDPOINT = {"retriever": ["dense"], "model": "m", "model_url": "http://localhost/v1"}
GENERATE = {
    "generate_kind": ["query-only", "contrast", "near-topic"], "generate_url": "http://localhost/v1",
    "generate_model": "m",
}  # fmt: skip
OWN_PROMPTS = [
    "generate_query_only_prompt", "generate_contrast_prompt", "generate_near_topic_prompt",
]  # fmt: skip
GENERATE_CHANGES = {
    "generate_kind": ["contrast"], "generate_url": "http://elsewhere/v1", "generate_model": "n",
    "generate_count": 2, "generate_max_tokens": 99, "generate_extra": '{"seed": 1}',
    "include": "generated", "share_generated": True,
}  # fmt: skip
JUDGE = {"judge_url": "http://localhost/v1", "judge_model": "m"}
JUDGE_CHANGES = {
    "judge_url": "http://elsewhere/v1", "judge_model": "n", "judge_method": "logprob", "judge_batch": 3,
    "judge_rounds": 3, "judge_vote": "confidence", "judge_scope": "all",
    "judge_check": 9, "judge_first": "small", "judge_max_tokens": 99, "judge_extra": '{"seed": 1}',
}  # fmt: skip
ENCODER_CHANGES = {
    "query_prompt": "q: ", "document_prompt": "d: ", "max_length": 9, "dtype": "bfloat16",
    "dimensions": 99,
}  # fmt: skip
# a gate stops a run, and shapes no row of it
GATES = {
    "min_recall",
    "min_sensitivity",
    "min_yield",
    "min_hardness",
    "max_dropped",
    "judge_budget",
    "generate_budget",
    "embedding_budget",
}
# where data lies enters by the digest of its bytes; the model by the digest of its files
BY_CONTENT = {
    "data", "qrels_split", "corpus", "queries", "qrels", "pairs", "query_column",
    "positive_column", "model", "late_model", "query_vectors", "document_vectors", "eval_split",
}  # fmt: skip


def identities(tmp_path, **options):
    context = Context(Workdir(tmp_path / "none"), resolve(options))
    known = {}
    for artifact in make_plan(context):
        inputs = {name: known[name] for name in artifact.reads}
        known[artifact.name] = artifact.identity(artifact.settings(), inputs)
    return canonical(known)


def test_problems_of_all_files_are_told_together(tmp_path, beir):
    (beir / "corpus.jsonl").write_text("{not json\n")
    (beir / "queries.jsonl").write_text('{"_id": "q1", "text": ""}\n')
    with pytest.raises(InputError) as error:
        mine(tmp_path / "w", beir)
    assert "corpus.jsonl" in str(error.value)
    assert "queries.jsonl" in str(error.value)
    assert not list((tmp_path / "w").rglob("*.parquet"))
    assert not (tmp_path / "w" / "1-index" / "corpus").exists()


def test_a_broken_source_leaves_the_last_good_files(tmp_path, beir):
    mine(tmp_path / "w", beir)
    before = pl.read_parquet(tmp_path / "w" / "5-write" / "triplet" / "*.parquet")
    good = (beir / "corpus.jsonl").read_text()
    (beir / "corpus.jsonl").write_text(good + "{broken\n")
    with pytest.raises(InputError, match="line 25"):
        mine(tmp_path / "w", beir)
    assert states(tmp_path / "w")["1-index/corpus"].why == "the source files changed"
    assert pl.read_parquet(tmp_path / "w" / "5-write" / "triplet" / "*.parquet").equals(before)
    (beir / "corpus.jsonl").write_text(good)
    assert made(mine(tmp_path / "w", beir)) == []


def test_dangling_qrels_are_told_or_skipped_and_counted(tmp_path):
    folder = write_beir(tmp_path / "data", qrels=[*QRELS, ("q1", "nope", 1), ("zz", "tea-1", 1)])
    with pytest.raises(InputError) as error:
        mine(tmp_path / "w", folder)
    assert '"nope"' in str(error.value)
    assert '"zz"' in str(error.value)
    assert "--on-error skip" in str(error.value)
    mine(tmp_path / "w", folder, on_error="skip")
    manifest = Workdir(tmp_path / "w").require("1-index/qrels")
    assert sum(manifest.stats["skipped"].values()) == 2


def test_no_positives_at_all_is_an_error(tmp_path):
    folder = write_beir(tmp_path / "data", qrels=[("q1", "tea-1", 0)])
    with pytest.raises(InputError, match="no query has a document of relevance 1"):
        mine(tmp_path / "w", folder, on_error="skip")


def test_hits_that_are_no_candidates_are_counted_by_retriever(tmp_path, beir, vectors):
    flags = {"retriever": ["bm25", "dense"], **vectors}
    union = mine(tmp_path / "w", beir, **flags)
    assert "hits_left_out" not in union.summary
    hits = {
        name: Workdir(tmp_path / "w").require(row["artifact"]).rows
        for name in ("bm25", "dense")
        for row in union.artifacts
        if row["artifact"].startswith(f"2-retrieve/{name}")
    }
    result = mine(tmp_path / "w", beir, candidates="intersection", **flags)
    rows = Workdir(tmp_path / "w").scan("2-retrieve/candidates").collect()
    left_out = {name: hits[name] - rows[f"{name}_rank"].count() for name in hits}
    assert result.summary["hits_left_out"] == left_out
    assert min(left_out.values()) > 0
    stats = Workdir(tmp_path / "w").require("2-retrieve/candidates").stats
    assert stats["hits_left_out"] == left_out


def test_verdict_counts_add_up_in_the_manifest(tmp_path, beir, vectors):
    result = mine(tmp_path / "w", beir, retriever=["bm25", "dense"], **vectors)
    stats = Workdir(tmp_path / "w").require("4-filter/verdicts").stats
    assert stats["candidates"] == stats["kept"] + sum(stats["removed"].values())
    assert stats["candidates"] == Workdir(tmp_path / "w").require("2-retrieve/candidates").rows
    assert result.summary["removed"] == stats["removed"]
    assert len(DOCUMENTS) == Workdir(tmp_path / "w").require("1-index/corpus").rows


def test_status_knows_files_of_an_older_format(tmp_path, beir):
    flags = {"data": beir, "retriever": ["bm25"]}
    negmine.mine(tmp_path / "w", **flags)
    negmine.write(tmp_path / "w", format="labeled-list")
    states = {s.artifact.name: s for s in negmine.status(tmp_path / "w")}
    assert states["5-write/triplet"].state == "fresh"
    negmine.filter(tmp_path / "w", max_score=1.0)
    negmine.write(tmp_path / "w")
    states = {s.artifact.name: s for s in negmine.status(tmp_path / "w")}
    assert states["5-write/labeled-list"].state == "fresh"
    assert states["5-write/triplet"].state == "stale"
    assert states["5-write/triplet"].why == "4-filter/verdicts changed"
