"""What a person sees of a report."""

import re

import polars as pl
import pytest

import negmine
from negmine.analysis.lint.rules import RULES
from negmine.cli.render import lint as view
from negmine.cli.render.lint_lines import joined, statistics
from negmine.errors import InputError
from tests.analysis.lint.test_planted import planted
from tests.analysis.lint.writers import SHAPES, clean, rows_of, save, write


@pytest.fixture(scope="module")
def faulty_report(tmp_path_factory):
    path, _ = write(tmp_path_factory.mktemp("x"), planted()[0], "n-tuple", ".parquet", scored=True)
    return negmine.lint(path)


def shown(report, width=120):
    """Return the lines of a report."""
    return [line.plain for line in view.lines(report, width)]


@pytest.mark.parametrize("ending", [".jsonl", ".parquet"])
def test_a_file_without_rows_among_others_is_named(tmp_path, ending):
    rows, _ = SHAPES["triplet"](clean(), False)
    good = save(tmp_path / "good.jsonl", rows)
    empty = save(tmp_path / f"empty{ending}", rows[:1])
    if ending == ".parquet":
        pl.read_parquet(empty).clear().write_parquet(empty)
    else:
        empty.write_text("")
    with pytest.raises(InputError, match=f"empty{ending}: there are no rows"):
        negmine.lint([good, empty])
    report = negmine.lint([good, empty], on_error="skip")
    assert report["notes"] == [f"empty{ending}: no rows"]
    assert f"1 file without rows: empty{ending}" in shown(report)


@pytest.mark.parametrize(
    ("copies", "keep", "dots"),
    [(3, 20, False), (11, 20, False), (20, 20, False), (21, 20, True), (3, 3, False), (4, 3, True)],
)
def test_dots_stand_where_rows_are_left_out_and_nowhere_else(tmp_path, copies, keep, dots):
    groups = clean(negatives=3)
    for n in range(copies):
        groups[n] = groups[n]._replace(negatives=groups[n].negatives[:1] * 3)
    path, _ = write(tmp_path, groups, "n-tuple", ".parquet")
    report = negmine.lint(path, rows=keep)
    rule = next(r for r in report["rules"] if r["rule"] == "repeated_slot")
    assert rule["count"] == 2 * copies
    assert [row["row"] for row in rule["rows"]] == list(range(1, min(copies, keep) + 1))
    line = next(line for line in shown(report) if line.startswith("    rows "))
    assert line.endswith("...") == dots
    assert len(re.findall(r"\d+", line)) == min(copies, keep)


def test_one_of_a_thing_is_said_in_the_singular(tmp_path):
    path, _ = write(tmp_path, clean(1, negatives=1), "triplet", ".jsonl")
    assert "1 row, 1 query, 1 positive, 1 negative" in shown(negmine.lint(path))


def test_all_columns_of_scores_are_in_the_header(tmp_path):
    path, _ = write(tmp_path, clean(), "FlagEmbedding", ".jsonl", scored=True)
    assert shown(negmine.lint(path))[0].endswith("scores = pos_scores, neg_scores")


def test_a_row_without_a_positive_says_so(tmp_path):
    rows, _ = SHAPES["FlagEmbedding"](clean(), False)
    rows[4]["pos"] = []
    assert "      positive   (none)" in shown(negmine.lint(save(tmp_path / "x.jsonl", rows)))
    pairs, _ = SHAPES["labeled-pair"](clean(), False)
    pairs[4]["sentence2"] = ""
    lines = shown(negmine.lint(save(tmp_path / "pairs.jsonl", pairs)))
    assert "      negative   (empty)" in lines
    assert not any("(none)" in line for line in lines)


def test_a_folder_of_qrels_is_read_whole(tmp_path):
    rows, _ = SHAPES["FlagEmbedding"](clean(5), False)
    rows = [row | {"query_id": n, "neg_id": [f"a{n}", f"b{n}"]} for n, row in enumerate(rows)]
    path = save(tmp_path / "x.jsonl", rows)
    folder = tmp_path / "qrels"
    folder.mkdir()
    with pytest.raises(InputError, match=r"has no \.tsv"):
        negmine.lint(path, qrels=folder)
    for name, query in (("train", 1), ("test", 3)):
        lines = f"query-id\tcorpus-id\tscore\n{query}\ta{query}\t1\n"
        (folder / f"{name}.tsv").write_text(lines)
    report = negmine.lint(path, qrels=folder)
    assert rows_of(report, "relevant_in_qrels") == [2, 4]


def test_faults_stand_before_suspicions(faulty_report):
    lines = shown(faulty_report)
    headings = [n for n, line in enumerate(lines) if line.startswith(("Faults", "Suspicions"))]
    found = [rule for rule in faulty_report["rules"] if rule["checked"] and rule["count"]]
    for rule in found:
        place = next(n for n, line in enumerate(lines) if line.startswith(f"{rule['rule']}: "))
        assert (place > headings[1]) == (rule["level"] == "suspicion")


def test_a_clean_file_has_no_headings(tmp_path):
    path, _ = write(tmp_path, clean(), "triplet", ".jsonl")
    lines = shown(negmine.lint(path))
    assert "No rule found anything." in lines
    assert not any(line.startswith(("Faults", "Suspicions")) for line in lines)


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_lines_fit_the_terminal(faulty_report, width):
    longest = max(map(len, RULES))
    for line in view.lines(faulty_report, width):
        assert line.cell_len <= max(width, longest + 6), line.plain


def test_statistics_are_sentences(faulty_report):
    hubs = next(rule for rule in faulty_report["rules"] if rule["rule"] == "hub_negative")
    assert statistics("hub_negative", hubs["about"]) == (
        "1 hub among 156 different negatives. A negative serves 1.09 queries on average, the largest hubs 15."
    )
    with_statistics = [rule for rule in faulty_report["rules"] if rule["about"]]
    assert all(statistics(rule["rule"], rule["about"]).endswith(".") for rule in with_statistics)


def test_the_documents_of_labeled_files_are_not_called_positives(tmp_path):
    path, _ = write(tmp_path, clean(), "labeled-pair", ".jsonl")
    header = "1 file read as labeled-pair: query = sentence1, document = sentence2, label = label"
    assert shown(negmine.lint(path))[0] == header


def test_a_reason_that_is_longer_than_the_terminal_is_folded():
    lines = [line.plain for line in joined("not checked (a long reason): ", ["one", "two"], 20, "")]
    assert lines == ["not checked (a long", "reason):", "    one, two"]


def test_negatives_that_are_all_positives_elsewhere_tell_nothing(tmp_path):
    """A corpus of positives alone gives such negatives, whatever the miner."""
    groups = clean(negatives=1)
    texts = [group.positive for group in groups]
    swapped = [
        group._replace(negatives=[text])
        for group, text in zip(groups, texts[1:] + texts[:1], strict=True)
    ]
    wanted = "Every negative is a positive of another query: the corpus was probably the positives"
    for one, is_said in ((swapped, True), ([groups[0], *swapped[1:]], False)):
        path, _ = write(tmp_path, one, "triplet", ".jsonl")
        report = negmine.lint(path)
        rule = next(r for r in report["rules"] if r["rule"] == "positive_elsewhere")
        assert rule["count"] == len(groups) - (not is_said)
        assert rule["meaning"].startswith(wanted) == is_said
        assert any(wanted in line for line in shown(report)) == is_said


def test_each_rule_of_losses_has_its_own_limit():
    about = {"mean": 0.0002, "deviation": 0.003, "lower": -0.0049, "upper": 0.0079}
    said = {rule: statistics(rule, about) for rule in ("noisy_positive", "faulty_positive")}
    loss = "The loss of a positive, -log softmax of its score among its query's negatives, is 0.0002 on average"
    assert all(text.startswith(loss) for text in said.values())
    assert said["noisy_positive"].endswith("noisy_positive: a loss of -0.0049 or less.")
    assert said["faulty_positive"].endswith("faulty_positive: a loss of 0.0079 or more.")
