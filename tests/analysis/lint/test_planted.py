"""A file with one of each fault is found whole; a clean file gives nothing: in every format."""

import json
import math
from pathlib import Path

import polars as pl
import pytest

import negmine
from negmine.analysis.lint.rules import RULES
from tests.analysis.lint.writers import (
    FORMATS,
    SHAPES,
    Group,
    clean,
    counts_of,
    rows_of,
    save,
    sentence,
    write,
)
from tests.models.tiny import static_model

LONG = sentence(1, 40)
QUERY = sentence(2, 40)
HUB = sentence(3)


def planted():
    """Return clean groups, then groups with one fault each; and (group, negative) by rule."""
    groups = clean()
    at = {}

    def plant(rule, group, negative=0):
        groups.append(group)
        at[rule] = (len(groups) - 1, negative)

    def fresh(number, **other):
        base = {"query": sentence(100 + number, 12), "positive": sentence(200 + number)}
        base |= {"negatives": [sentence(300 + number), sentence(400 + number)]}
        base |= {"scores": [0.8, 0.3, 0.3]}
        return Group(**(base | other))

    same = "  ".join(LONG.upper().split(" "))
    plant("same_text_as_positive", fresh(1, positive=LONG, negatives=[same, sentence(401)]))
    groups.append(fresh(2))
    plant(
        "same_text_as_other_positive",
        fresh(3, query=fresh(2).query, negatives=[sentence(303), fresh(2).positive]),
        1,
    )
    ask = sentence(104, 12)
    plant("same_text_as_query", fresh(4, query=ask, negatives=[ask.lower(), sentence(404)]))
    near = LONG.replace(".", " indeed.")
    plant(
        "near_duplicate_of_positive", fresh(5, positive=LONG[:-1], negatives=[near, sentence(405)])
    )
    groups.append(fresh(6, positive=sentence(206, 40)))
    plant(
        "near_duplicate_of_other_positive",
        fresh(7, query=fresh(6).query, negatives=[sentence(307), "Well " + sentence(206, 40)]),
        1,
    )
    plant(
        "near_duplicate_of_query", fresh(8, query=QUERY, negatives=[f"So {QUERY}", sentence(408)])
    )
    plant("score_inverted", fresh(9, scores=[0.8, 0.3, 0.9]), 1)
    plant("positive_elsewhere", fresh(10, negatives=[sentence(310), groups[0].positive]), 1)
    for n in range(11, 26):
        plant("hub_negative", fresh(n, negatives=[sentence(300 + n), HUB]), 1)
    return groups, at


@pytest.mark.parametrize(("shape", "ending"), FORMATS)
@pytest.mark.parametrize("scored", [False, True])
def test_a_clean_file_gives_nothing(tmp_path, shape, ending, scored):
    path, _ = write(tmp_path, clean(), shape, ending, scored)
    report = negmine.lint(path)
    assert counts_of(report) == {}
    assert report["files"][0]["shape"] == shape
    assert report["totals"]["queries"] == 60
    assert report["totals"]["negatives"] == 120
    assert bool(report["totals"]["scores"]) == scored


@pytest.mark.parametrize(("shape", "ending"), FORMATS)
def test_planted_faults_are_all_found_and_nothing_else(tmp_path, shape, ending):
    groups, at = planted()
    path, places = write(tmp_path, groups, shape, ending, scored=True)
    report = negmine.lint(path, rows=200)
    if shape == "labeled-pair":  # a pair has no positive of its own: all of the query's are
        expected = {"same_text_as_positive": 2, "near_duplicate_of_positive": 2}
        pooled = {"same_text_as_other_positive", "near_duplicate_of_other_positive"}
    else:
        expected, pooled = {}, set()
    expected = dict.fromkeys([rule for rule in at if rule not in pooled], 1) | expected
    # losses repeat a value, but the inverted one stands out
    expected |= {"hub_negative": 15, "faulty_positive": 1}
    assert counts_of(report) == expected
    for rule in at.keys() - pooled - {"hub_negative"}:
        assert places[at[rule]][0] in rows_of(report, rule)
    last = [places[group, 1][0] for group in range(len(groups) - 15, len(groups))]
    assert rows_of(report, "hub_negative") == last


@pytest.mark.parametrize(("shape", "ending"), FORMATS)
def test_empty_and_null_texts_are_found(tmp_path, shape, ending):
    groups = clean()
    groups[3] = groups[3]._replace(query=None)
    groups[5] = groups[5]._replace(positive=" \n ")
    groups[7] = groups[7]._replace(negatives=[groups[7].negatives[0], None])
    groups[9] = groups[9]._replace(negatives=["", groups[9].negatives[1]])
    path, places = write(tmp_path, groups, shape, ending)
    report = negmine.lint(path)
    touched = {places[g, n][0] for g, n in places if g in (3, 5)} | {
        places[7, 1][0],
        places[9, 0][0],
    }
    if shape == "labeled-pair":  # the empty positive is its one row
        touched -= {places[5, 0][0], places[5, 1][0]}
    one_sided = {"one_sided_query": 1} if shape == "labeled-pair" else {}  # its positive is empty
    assert counts_of(report) == {"empty_text": counts_of(report)["empty_text"]} | one_sided
    assert set(rows_of(report, "empty_text")) == touched


@pytest.mark.parametrize(("shape", "ending"), FORMATS)
def test_scores_that_are_none_are_found(tmp_path, shape, ending):
    groups = clean()
    bad = {2: math.nan, 4: math.inf, 6: None, 8: -math.inf}
    for g, score in bad.items():
        groups[g] = groups[g]._replace(scores=[0.7, score, 0.3])
    path, places = write(tmp_path, groups, shape, ending, scored=True)
    report = negmine.lint(path)
    assert counts_of(report) == {"score_not_finite": 4}
    assert rows_of(report, "score_not_finite") == [places[g, 0][0] for g in bad]


@pytest.mark.parametrize("ending", [".parquet", ".jsonl", ".jsonl.gz"])
@pytest.mark.parametrize("shape", SHAPES)
def test_repeated_rows_are_found(tmp_path, shape, ending):
    groups = clean()
    rows, _ = SHAPES[shape](groups, False)
    path = save(tmp_path / f"x{ending}", [*rows, rows[7], rows[3]])
    report = negmine.lint(path)
    assert counts_of(report) == {"duplicate_row": 2}
    assert rows_of(report, "duplicate_row") == [len(rows) + 1, len(rows) + 2]


@pytest.mark.parametrize("shape", ["n-tuple", "labeled-list", "FlagEmbedding"])
def test_a_negative_that_fills_two_slots_is_found(tmp_path, shape):
    groups = clean(negatives=3)
    one = groups[4].negatives
    groups[4] = groups[4]._replace(negatives=[one[0], one[1], one[0].upper()])
    path, places = write(tmp_path, groups, shape, ".jsonl")
    report = negmine.lint(path)
    assert counts_of(report) == {"repeated_slot": 1}
    example = next(r for r in report["rules"] if r["rule"] == "repeated_slot")["examples"][0]
    assert (example["row"], example["slot"]) == places[4, 2]


def test_a_positive_that_stands_twice_in_a_row_is_found(tmp_path):
    rows, _ = SHAPES["FlagEmbedding"](clean(), False)
    rows[4]["pos"] = [rows[4]["pos"][0], sentence(7), rows[4]["pos"][0].upper()]
    report = negmine.lint(save(tmp_path / "x.jsonl", rows))
    assert counts_of(report) == {"repeated_positive": 1}
    assert rows_of(report, "repeated_positive") == [5]


@pytest.mark.parametrize("unseen", ["\u200b", "\ufeff", "\u200b \ufeff\u2060"])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_text_of_what_is_not_seen_is_empty(tmp_path, shape, unseen):
    groups = clean()
    groups[5] = groups[5]._replace(negatives=[unseen, groups[5].negatives[1]])
    path, places = write(tmp_path, groups, shape, ".jsonl")
    report = negmine.lint(path)
    assert counts_of(report) == {"empty_text": 1}
    assert rows_of(report, "empty_text") == [places[5, 0][0]]


@pytest.mark.parametrize("word", ["nan", "None", " NULL", "<NA>"])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_word_for_nothing_is_found(tmp_path, shape, word):
    groups = clean()
    groups[5] = groups[5]._replace(negatives=[word, groups[5].negatives[1]])
    groups[6] = groups[6]._replace(negatives=["None of these", "A null pointer"])
    path, places = write(tmp_path, groups, shape, ".jsonl")
    report = negmine.lint(path)
    assert counts_of(report) == {"word_for_nothing": 1}
    assert rows_of(report, "word_for_nothing") == [places[5, 0][0]]


def test_a_query_of_pairs_with_one_label_is_found(tmp_path):
    rows, _ = SHAPES["labeled-pair"](clean(), False)
    only_positive = {"sentence1": sentence(7), "sentence2": sentence(8), "label": 1}
    only_negative = {"sentence1": sentence(9), "sentence2": sentence(6), "label": 0}
    path = save(
        tmp_path / "x.jsonl",
        [*rows, only_positive, only_negative, only_negative | {"sentence2": "x y"}],
    )
    report = negmine.lint(path)
    assert counts_of(report) == {"one_sided_query": 2}
    assert rows_of(report, "one_sided_query") == [len(rows) + 1, len(rows) + 2]
    rule = next(rule for rule in report["rules"] if rule["rule"] == "one_sided_query")
    assert rule["of"] == 62
    rows, _ = SHAPES["triplet"](clean(), False)
    report = negmine.lint(save(tmp_path / "y.jsonl", rows))
    rule = next(rule for rule in report["rules"] if rule["rule"] == "one_sided_query")
    assert (rule["checked"], rule["why_not"]) == (False, "there are no labeled pairs")


@pytest.mark.parametrize("shape", SHAPES)
def test_lengths_that_tell_are_found(tmp_path, shape):
    groups = [g._replace(positive=f"{g.positive} {g.positive}") for g in clean()]
    path, _ = write(tmp_path, groups, shape, ".parquet")
    report = negmine.lint(path)
    assert counts_of(report) == {"length_tells": 1}
    rule = next(r for r in report["rules"] if r["rule"] == "length_tells")
    assert rule["share"] == rule["about"]["auc"] == 1.0


@pytest.mark.parametrize("shape", SHAPES)
def test_negatives_that_qrels_call_relevant_are_found_by_text(tmp_path, shape):
    groups = clean()
    path, places = write(tmp_path, groups, shape, ".jsonl")
    texts = dict.fromkeys(t for g in groups for t in (g.positive, *g.negatives))
    corpus = [
        {"_id": f"d{n}", "title": text.split()[0], "text": text.split(" ", 1)[1]}
        if n % 2 else {"_id": f"d{n}", "text": text}
        for n, text in enumerate(texts)
    ]  # fmt: skip
    ids = {text: f"d{n}" for n, text in enumerate(texts)}
    queries = [{"_id": f"q{n}", "text": g.query.upper()} for n, g in enumerate(groups)]
    save(tmp_path / "corpus.jsonl", corpus)
    save(tmp_path / "queries.jsonl", queries)
    lines = [f"q5\t{ids[groups[5].negatives[1]]}\t1", f"q6\t{ids[groups[6].negatives[0]]}\t0"]
    (tmp_path / "qrels.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *lines]) + "\n")
    paths = {n: tmp_path / f"{n}.jsonl" for n in ("corpus", "queries")}
    report = negmine.lint(path, qrels=tmp_path / "qrels.tsv", **paths)
    assert counts_of(report) == {"relevant_in_qrels": 1}
    assert rows_of(report, "relevant_in_qrels") == [places[5, 1][0]]
    short = save(tmp_path / "short.jsonl", corpus[:-1])
    report = negmine.lint(path, corpus=short)
    assert counts_of(report) == {"not_in_corpus": 1}
    assert rows_of(report, "not_in_corpus") == [places[59, 1][0]]


def test_negatives_that_qrels_call_relevant_are_found_by_id(tmp_path):
    groups = clean(5)
    rows, _ = SHAPES["FlagEmbedding"](groups, False)
    for n, row in enumerate(rows):
        row |= {"query_id": n, "pos_id": [f"p{n}"], "neg_id": [f"a{n}", f"b{n}"]}
    path = save(tmp_path / "x.jsonl", rows)
    (tmp_path / "qrels.txt").write_text("3 0 b3 2\n2 0 b3 1\n1 0 a1 1\n")
    report = negmine.lint(path, qrels=tmp_path / "qrels.txt", min_relevance=2)
    assert counts_of(report) == {"relevant_in_qrels": 1}
    assert rows_of(report, "relevant_in_qrels") == [4]


@pytest.fixture(scope="module")
def guide(tmp_path_factory):
    return str(static_model(tmp_path_factory.mktemp("guide") / "one", seed=1))


@pytest.mark.parametrize("shape", SHAPES)
def test_triplets_that_a_guide_turns_round_are_found(tmp_path, guide, shape):
    from negmine.analysis.lint.guides import open_guides
    from negmine.analysis.lint.settings import LintSettings

    path, places = write(tmp_path, clean(20), shape, ".jsonl")
    report = negmine.lint(
        path, guide_model=[guide], vector_store=tmp_path / "store", device="cpu", rows=100
    )
    settings = LintSettings(guide_model=(guide,), device="cpu")
    score = open_guides(settings, tmp_path / "other", print)[0].score
    wrong = []
    for g, group in enumerate(clean(20)):
        cosines = score([group.query] * 3, [group.positive, *group.negatives])
        wrong += [places[g, n][0] for n in range(2) if cosines[n + 1] > cosines[0]]
    assert wrong
    assert counts_of(report)["guide_inverted"] == len(wrong)
    assert rows_of(report, "guide_inverted") == sorted(set(wrong))
    assert list((tmp_path / "store").rglob("*.arrow"))


@pytest.mark.parametrize("shape", ["triplet", "FlagEmbedding"])
def test_conflicts_in_a_batch_are_counted(tmp_path, guide, shape):
    groups = clean(8)
    path, _ = write(tmp_path, groups, shape, ".parquet")
    flags = {"guide_model": guide, "device": "cpu", "train_batch_size": 4}
    rule = next(r for r in negmine.lint(path, **flags)["rules"] if r["rule"] == "batch_conflict")
    rows = 16 if shape == "triplet" else 8
    negatives = 1 if shape == "triplet" else 2
    assert rule["of"] == rows // 4 * 4 * (3 * 3 + 4 * negatives - negatives)
    assert 0 < rule["count"] <= rule["of"]
    kinds = ("query_positive", "query_negative", "query_query", "positive_positive")
    assert sum(rule["about"][kind] for kind in kinds) == rule["count"]


def test_a_labeled_pair_has_no_batch_of_negatives(tmp_path, guide):
    path, _ = write(tmp_path, clean(8), "labeled-pair", ".jsonl")
    report = negmine.lint(path, guide_model=[guide], device="cpu", train_batch_size=4)
    rule = next(r for r in report["rules"] if r["rule"] == "batch_conflict")
    assert not rule["checked"]
    assert "labeled pairs" in rule["why_not"]


def test_what_negmine_writes_is_read_with_its_ids_and_scores(tmp_path, beir, vectors):
    for name in ("triplet", "n-tuple", "labeled-pair", "labeled-list"):
        flags = {"format": name, "num_negatives": 2, "no_relative_margin": True, "no_risk": True}
        negmine.mine(tmp_path / "work", data=beir, **vectors, **flags)
        report = negmine.lint(tmp_path / "work/5-write" / name, qrels=beir / "qrels/train.tsv")
        assert report["files"][0]["shape"] == name
        assert report["files"][0]["provenance"]
        by_name = {rule["rule"]: rule for rule in report["rules"]}
        assert by_name["relevant_in_qrels"]["checked"]
        for rule in ("same_text_as_positive", "same_text_as_query", "relevant_in_qrels"):
            assert by_name[rule]["count"] == 0
        assert bool(report["totals"]["scores"]) == (name != "labeled-pair")
    flags = {"qrels": beir / "qrels/train.tsv", "corpus": beir / "corpus.jsonl"}
    report = negmine.lint(tmp_path / "work/5-write/triplet", **flags)
    assert [file["provenance"] for file in report["files"]] == [None]
    why = next(r["why_not"] for r in report["rules"] if r["rule"] == "relevant_in_qrels")
    assert "the format written last, labeled-list: run negmine write with --format triplet" in why
    assert why.endswith("or give --queries")


def test_every_rule_is_planted_somewhere():
    checks = Path(__file__).parent / "checks"
    files = (Path(__file__), checks / "test_in_batch.py", checks / "test_tells.py")
    text = "".join(file.read_text(encoding="utf-8") for file in files)
    assert [rule for rule in RULES if f'"{rule}"' not in text and rule != "noisy_positive"] == []


def test_findings_can_be_used_to_drop_rows(tmp_path):
    groups, at = planted()
    path, places = write(tmp_path, groups, "triplet", ".parquet")
    report = negmine.lint(path, findings=tmp_path / "findings.parquet")
    everything = pl.read_parquet(tmp_path / "findings.parquet")
    counts = dict(everything.group_by("rule").len().iter_rows())
    assert counts == counts_of(report)
    faults = [rule for rule in RULES if RULES[rule].level == "fault"]
    bad = everything.filter(pl.col("rule").is_in(faults))["row"]
    assert places[at["same_text_as_query"]][0] in bad
    kept = (
        pl.read_parquet(path).with_row_index("row", 1).filter(~pl.col("row").is_in(bad.implode()))
    )
    kept.drop("row").write_parquet(tmp_path / "kept.parquet")
    assert not set(counts_of(negmine.lint(tmp_path / "kept.parquet"))) & set(faults)


def test_the_report_is_json(tmp_path):
    path, _ = write(tmp_path, planted()[0], "n-tuple", ".jsonl", scored=True)
    assert json.loads(json.dumps(negmine.lint(path)))["totals"]["rows"] == len(planted()[0])
