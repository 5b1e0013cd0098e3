"""--teacher: one kind of scores, of every written document, or an error that says how to get them."""

import polars as pl
import pytest

import negmine
from negmine.config.settings import WriteSettings
from negmine.engine.progress import Notes
from negmine.errors import InputError, SettingsError
from negmine.stages.write import compute
from negmine.stages.write.formats.registry import FORMATS
from negmine.stages.write.teacher import require_scores, without_place
from tests.configs import resolve
from tests.models.tiny import cross_encoder
from tests.stages.write.build import SCORED, selection


def lacking(data, format="kd", **options):
    settings, output = WriteSettings(format=format, teacher="bm25", **options), FORMATS[format]
    rows = compute.provenance(data, selection(settings, True), output, ["bm25"])
    return compute.without_score(rows, "bm25").select("query_id", "doc_id").rows()


def without(*docs):
    """Return SCORED without the score of these documents."""
    lost = pl.col("doc_id").is_in(docs)
    return SCORED.with_columns(bm25_score=pl.when(~lost).then("bm25_score"))


@pytest.mark.parametrize("format", ["kd", "kd-triplet", "tevatron", "lightning-ir"])
def test_a_written_document_without_a_score_is_named_whatever_the_shape(format):
    assert lacking(SCORED, format, num_negatives=2) == []
    assert lacking(without("p2", "c"), format, num_negatives=2) == [("q", "p2"), ("q", "c")]


def test_a_score_of_a_document_that_is_not_written_is_not_missed():
    assert lacking(without("b", "d"), num_negatives=2) == []


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_score_that_is_no_number_counts_as_missing(value):
    data = SCORED.with_columns(
        bm25_score=pl.when(pl.col("doc_id") == "a")
        .then(value)
        .otherwise("bm25_score")
        .cast(pl.Float32)
    )
    assert lacking(data, num_negatives=2) == [("q", "a")]


@pytest.mark.parametrize(
    ("teacher", "settings", "command"),
    [
        ("bm25", {}, "negmine retrieve work --force"),
        ("rerank", {}, "negmine rerank work --force"),
        ("rerank", {"rerank_model": "m", "rerank_depth": 50}, "rerank work --rerank-depth none"),
        ("guide_2", {}, "negmine filter work --force"),
        ("judge", {}, "negmine filter work --judge-method logprob --judge-scope all"),
        ("pys", {"run": ["pys=a.trec"]}, "a.trec, and run: negmine retrieve work &&"),
    ],
)
def test_the_message_names_what_the_scores_come_from(teacher, settings, command):
    pairs = pl.DataFrame({"query_id": ["q"] * 4, "doc_id": list("abcd")})
    with pytest.raises(InputError) as error:
        require_scores(pairs, teacher, "kd", "work", resolve(settings))
    assert command in str(error.value)
    assert "4 documents" in str(error.value)
    assert "query 'q', document 'a'" in str(error.value)
    assert "document 'd'" not in str(error.value)


def test_what_the_message_says_of_a_depth_helps(tmp_path, beir):
    flags = {"data": beir, "retriever": "bm25", "no_risk": True, "rerank_depth": 1}
    flags |= {"rerank_model": str(cross_encoder(tmp_path / "model")), "score": "bm25"}
    with pytest.raises(InputError, match="--rerank-depth none"):
        negmine.mine(tmp_path / "w", **flags, format="kd", teacher="rerank")
    negmine.rerank(tmp_path / "w", rerank_depth="none")
    negmine.filter(tmp_path / "w")
    files = negmine.write(tmp_path / "w").files
    assert sum(pl.read_parquet(path).height for path in files if path.parent.name == "kd") > 0


def test_a_run_with_a_missing_score_stops_and_writes_no_such_file(tmp_path, beir, monkeypatch):
    work = negmine.mine(tmp_path / "work", data=beir, retriever="bm25", num_negatives=1).work
    real = compute.provenance

    def forgetful(*arguments, **options):
        return real(*arguments, **options).with_columns(
            positive_teacher_score=pl.lit(None, pl.Float32)
        )

    monkeypatch.setattr(compute, "provenance", forgetful)
    with pytest.raises(InputError, match=r"--format kd --teacher bm25: \d+ documents"):
        negmine.write(work, format="kd", teacher="bm25")
    assert not (work / "5-write" / "kd").exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"format": "kd"},
            r"--format kd has scores of a teacher. Give --teacher NAME, one of: bm25\.",
        ),
        (
            {"format": "kd", "teacher": "rerank"},
            "no such scores here.* Make them with --rerank-model MODEL",
        ),
        ({"format": "kd", "teacher": "bm52"}, "Did you mean 'bm25'"),
        ({"format": "kd", "teacher": "risk"}, r"--teacher risk: .* There are: bm25\."),
        (
            {"teacher": "bm25"},
            r"--teacher: --format triplet has no place for it.*--teacher none.*kd",
        ),
        ({"instruction": "Find"}, "--instruction: --format triplet has no place.*flagembedding"),
        (
            {"format": "nemo", "instruction_column": "task"},
            "--instruction-column: --format nemo has no place",
        ),
        ({"format": ["triplet", "triplet"]}, "--format: name each once"),
        (
            {"format": "swift", "instruction_column": "task"},
            "--instruction-column task: the queries have no such column",
        ),
    ],
)
def test_what_cannot_be_written_is_refused_with_a_way_out(tmp_path, beir, settings, message):
    with pytest.raises(SettingsError, match=message):
        negmine.mine(tmp_path / "work", data=beir, retriever="bm25", **settings)


def test_the_teachers_scores_are_those_of_verdicts(tmp_path, beir, vectors):
    options = {"format": "kd-triplet", "relative_margin": 0.0, "num_negatives": 2, **vectors}
    work = negmine.mine(tmp_path / "work", data=beir, teacher="bm25", **options).work
    verdicts = pl.read_parquet(work / "4-filter" / "verdicts" / "*.parquet")
    score = {(q, d): s for q, d, s in verdicts.select("query_id", "doc_id", "bm25_score").rows()}
    about = pl.read_parquet(work / "5-write" / "provenance" / "*.parquet")
    rows = pl.read_parquet(work / "5-write" / "kd-triplet" / "*.parquet")
    assert rows.height > 0
    for row, (query, positive, negative) in zip(
        rows.iter_rows(named=True),
        about.select("query_id", "positive_id", "negative_id").rows(),
        strict=True,
    ):
        assert row["score"] == pytest.approx(
            score[query, positive] - score[query, negative], abs=1e-5
        )


def test_a_teacher_of_an_earlier_command_waits_for_a_format_that_has_a_place(tmp_path, beir):
    flags = {"retriever": ["bm25"], "k": 5, "num_negatives": 1}
    negmine.mine(tmp_path / "work", data=beir, format="kd", teacher="bm25", **flags)
    negmine.write(tmp_path / "work", format="triplet")
    with pytest.raises(SettingsError, match="--teacher: --format triplet has no place for it"):
        negmine.write(tmp_path / "work", format="triplet", teacher="bm25")


def test_formats_without_a_place_for_what_others_write_are_named(tmp_path, beir):
    notes = Notes()
    settings = {"teacher": "bm25", "instruction": "Find: ", "num_negatives": 1}
    formats = ["flagembedding", "triplet", "kd", "swift"]
    negmine.mine(
        tmp_path / "work", data=beir, retriever="bm25", format=formats, progress=notes, **settings
    )
    assert [note for note in notes.messages if "no place" in note] == [
        "--teacher is not in triplet, swift: these formats have no place for it",
        "--instruction is not in triplet, kd: these formats have no place for it",
    ]


def test_nothing_is_said_where_all_formats_or_none_have_a_place():
    column = {"instruction_column": "task"}
    assert list(without_place(WriteSettings(format=("swift", "beir"), **column))) == []
    assert list(without_place(WriteSettings(format=("triplet", "ids"), **column))) == []
    (note,) = without_place(WriteSettings(format=("swift", "nemo"), **column))
    assert note == "--instruction-column is not in nemo: this format has no place for it"
