"""Which settings name something outside the work directory."""

from pathlib import Path

import pytest

from negmine.config.outside import OUTSIDE, Named, named_outside
from negmine.config.settings import STAGES, Settings
from negmine.config.table import kinds_of
from negmine.config.tables import MODELS, all_fields

# Free texts that name nothing: they are compared, parsed or written, never opened, imported or called.
HARMLESS = {
    "qrels_split", "query_column", "positive_column", "title_separator", "stemmer", "query_prompt",
    "max_length", "dimensions", "shards",
    "document_prompt", "index", "late_index", "memory", "devices", "rerank_prompt", "score", "max_signal",
    "same_parent", "contains_answer", "guide_query_prompt", "guide_document_prompt", "judge_budget", "order",
    "license", "language", "eval_split", "eval_test", "band", "teacher", "instruction",
    "instruction_column", "candidates", "fusion_weight", "language_column", "vector_id_column",
    "neighbour_column", "neighbour_latitude", "neighbour_longitude", "vector_column", "embedding_budget",
    "generate_kind", "generate_budget",
    "ray_address",  # of one command: no work directory remembers it
}  # fmt: skip


def test_a_new_setting_that_is_a_text_or_a_path_is_in_the_table_or_called_harmless():
    texts = {
        name
        for table in STAGES.values()
        for name, field in table.model_fields.items()
        if kinds_of(field.annotation) & {str, Path}
    }
    assert texts == set(OUTSIDE) | HARMLESS
    assert not set(OUTSIDE) & HARMLESS


def test_what_is_a_path_or_a_model_is_never_called_harmless():
    paths = {
        name
        for table in STAGES.values()
        for name, field in table.model_fields.items()
        if Path in kinds_of(field.annotation)
    }
    assert paths | set(MODELS) <= set(OUTSIDE) <= set(all_fields())


@pytest.mark.parametrize(
    ("stage", "setting", "value", "kind"),
    [
        ("index", "retriever", ("bm25", "a.b:c"), "plug-in"),
        ("index", "run", ("pys=/data/run.trec",), "file"),
        ("write", "format", ("triplet", "a.b:c:d"), "plug-in"),
        ("rerank", "rerank_model", "a.b:c", "plug-in"),
        ("rerank", "rerank_model", "a/b", "model"),
        ("filter", "judge_url", "http://h/v1", "endpoint"),
        ("index", "data", Path("/data"), "file"),
        ("filter", "judge_prompt", Path("/p.txt"), "prompt"),
    ],
)
def test_what_is_named_has_a_kind(tmp_path, stage, setting, value, kind):
    (thing,) = named_outside(Settings.model_validate({stage: {setting: value}}), tmp_path)
    last = value[-1] if isinstance(value, tuple) else str(value)
    assert thing == Named(setting, kind, last)


def test_defaults_and_files_inside_are_not_outside(tmp_path):
    (tmp_path / "sources").mkdir()
    inside = tmp_path / "sources" / "corpus.parquet"
    inside.touch()
    given = {
        "index": {"retriever": ["bm25", "dense"], "model": "all-MiniLM-L6-v2", "corpus": inside}
    }
    assert named_outside(Settings.model_validate(given), tmp_path) == []
    ours = {"index": {"retriever": ["bm25", "neighbours", "pys"], "run": [f"pys={inside}"]}}
    assert named_outside(Settings.model_validate(ours), tmp_path) == []
    given = {"index": {"data": inside.parent}, "filter": {"judge_prompt": inside}}
    things = named_outside(Settings.model_validate(given), tmp_path)
    assert [one.setting for one in things] == ["data", "judge_prompt"]


def test_the_name_of_a_run_cannot_make_a_file_look_as_if_it_were_inside(tmp_path, monkeypatch):
    trap = tmp_path / "pys=" / "etc" / "passwd"
    trap.parent.mkdir(parents=True)
    trap.touch()
    monkeypatch.chdir(tmp_path)
    given = Settings.model_validate({"index": {"run": ["pys=/etc/passwd"]}})
    assert [one.value for one in named_outside(given, tmp_path)] == ["pys=/etc/passwd"]


def test_an_address_is_outside_even_where_a_folder_inside_has_its_name(tmp_path, monkeypatch):
    (tmp_path / "s3:" / "bucket").mkdir(parents=True)
    (tmp_path / "s3:" / "bucket" / "corpus.jsonl").touch()
    monkeypatch.chdir(tmp_path)
    given = {"index": {"corpus": "s3://bucket/corpus.jsonl"}}
    things = named_outside(Settings.model_validate(given), tmp_path)
    assert things == [Named("corpus", "address", "s3://bucket/corpus.jsonl")]


def test_a_name_that_steers_a_terminal_is_shown_escaped():
    assert str(Named("judge_url", "endpoint", "http://a\x1b[2J")).isprintable()
