"""Flags beat the file, the file beats what is remembered, that beats the default."""

import pytest

from negmine.analysis.lint.settings import lint_settings
from negmine.config.file import read_toml
from negmine.config.settings import STAGES
from negmine.config.tables import stage_of_field
from negmine.errors import SettingsError
from tests.configs import resolve


def toml(tmp_path, text):
    path = tmp_path / "negmine.toml"
    path.write_text(text)
    return path


def test_the_order_of_precedence(tmp_path):
    file = toml(tmp_path, "[retrieve]\nk = 7\n[write]\nnum-negatives = 3\n")
    kept = resolve({"k": 5, "seed": 1, "num_negatives": 9})
    merged = resolve({"k": 6}, file, kept)
    assert merged.retrieve.k == 6
    assert merged.write.num_negatives == 3
    assert merged.write.seed == 1
    assert merged.write.pool == 50


def test_what_is_remembered_is_only_what_was_said():
    assert resolve({"k": 5}).to_remember()["retrieve"] == {"k": 5}
    assert resolve({}).to_remember()["index"] == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[filter]\nrelative-margn = 1\n", "Did you mean 'relative-margin'?"),
        ("[fliter]\nk = 1\n", "Did you mean 'filter'?"),
        ("k = 1\n", "unknown entry 'k'"),
        ("[filter\n", "is no TOML file"),
        ("[retrieve]\nk = 'many'\n", "[retrieve]: k = 'many': a number is wanted, not a text."),
        ("[retrieve]\nk = '5'\n", "[retrieve]: k = '5': a number is wanted, not a text."),
        ("[retrieve]\nk = 0\n", "[retrieve]: k = 0"),
        ("[index]\nk = 3\n", "Put it into [retrieve]"),
        ("[filter]\nskip-top = true\n", "skip-top = True: a number is wanted, not true."),
        ("[filter]\nnear-duplicate = false\n", "say no-near-duplicate = true"),
        ("[filter]\nno-near-duplicate = 'yes'\n", "say true or false"),
        ("[filter]\nrelative-margin = nan\n", "a finite number is wanted"),
        ("[filter]\nmax-score = inf\n", "a finite number is wanted"),
        ("[retrieve]\nk = 'none'\n", "--k none: this setting always has a value"),
    ],
)
def test_a_bad_file_is_told_in_one_message(tmp_path, text, message):
    with pytest.raises(SettingsError, match=r"negmine\.toml|--k none") as error:
        resolve({}, toml(tmp_path, text))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(SettingsError, match="does not exist"):
        resolve({}, tmp_path / "absent.toml")


def test_paths_in_a_file_are_relative_to_its_folder(tmp_path):
    file = toml(tmp_path, '[index]\ndata = "beir"\nmodel = "a/b"\n')
    assert read_toml(file)["index"]["data"] == tmp_path.resolve() / "beir"
    assert read_toml(file)["index"]["model"] == "a/b"


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        ({"query_vectors": "q.npy"}, "--document-vectors"),
        ({"query_vectors": "q.npy", "document_vectors": "d.npy", "retriever": ("bm25",)}, "dense"),
        ({"retriever": ("bm25", "bm25")}, "--retriever"),
        ({"relative_margin": 0.1, "no_relative_margin": True}, "--no-relative-margin"),
        ({"sampling": "random", "pool": 3}, "--pool"),
        ({"score": "dens"}, "Did you mean 'dense'?"),
        ({"scor": "dense"}, "Did you mean 'score'?"),
        (
            {"guide_model": ("a", "b", "c"), "guide_query_prompt": ("x", "y")},
            "2 times for 3 guides",
        ),
        ({"guide_model": ("a",), "guide_max_length": (0,)}, "--guide-max-length 0"),
        ({"guide_model": ("a",), "guide_max_length": ("12",)}, "a number is wanted, not a text"),
        ({"relative_margin": float("nan")}, "--relative-margin nan: a finite number"),
        ({"relative_margin": 5.0}, "--relative-margin 5.0"),
        ({"near_duplicate": 0.0}, "--near-duplicate 0.0"),
        ({"near_duplicate": 1.5}, "--near-duplicate 1.5"),
        ({"near_duplicate": False}, "--near-duplicate False: a number is wanted, not false"),
        ({"owner_query": 7.0}, "--owner-query 7.0"),
        ({"iqr": float("inf")}, "--iqr inf"),
        ({"min_score": 0.9, "max_score": 0.1}, "--min-score 0.9 is above --max-score 0.1"),
        ({"model": "none"}, "--model none: this setting always has a value"),
        ({"query_vectors": "q.npy", "document_vectors": "d.npy", "model": "m"}, "--model m"),
    ],
)
def test_settings_that_cannot_work_are_refused(flags, named):
    with pytest.raises(SettingsError) as error:
        resolve(flags)
    assert named in str(error.value)


def test_the_default_margin_hangs_from_dense_scores_only():
    assert resolve({}).filter.relative_margin == 0.05
    assert resolve({"retriever": ("bm25",)}).filter.relative_margin is None
    assert resolve({"score": "bm25"}).filter.relative_margin is None
    assert resolve({"absolute_margin": 0.1}).filter.relative_margin is None
    assert resolve({"no_relative_margin": True}).filter.relative_margin is None
    assert resolve({"max_score": 0.7}).filter.relative_margin == 0.05


def test_thresholds_read_dense_then_the_first_retriever():
    assert resolve({}).filter.score == "dense"
    assert resolve({"retriever": ("bm25",)}).filter.score == "bm25"
    assert resolve({"retriever": ("my.mod:find",)}).filter.score == "find"


def test_saying_one_of_two_opposites_unsays_the_other():
    before = resolve({"no_relative_margin": True})
    assert resolve({"relative_margin": 0.2}, None, before).given.filter.no_relative_margin is False
    before = resolve({"relative_margin": 0.2})
    assert resolve({"no_relative_margin": True}, None, before).given.filter.relative_margin is None


def test_naming_one_source_unsays_the_others(tmp_path):
    before = resolve({"pairs": tmp_path / "pairs.csv"})
    after = resolve({"data": tmp_path}, None, before)
    assert after.index.pairs is None
    assert after.index.data == tmp_path.resolve()


def test_no_field_belongs_to_two_stages():
    fields = [field for table in STAGES.values() for field in table.model_fields]
    assert len(fields) == len(set(fields))
    assert all(stage_of_field(field) in STAGES for field in fields)


def test_one_retriever_needs_no_list(tmp_path):
    file = tmp_path / "negmine.toml"
    file.write_text('[index]\nretriever = "bm25"\n')
    assert resolve({}, file).index.retriever == ("bm25",)


def test_models_that_are_folders_are_remembered_by_their_whole_path(tmp_path, monkeypatch):
    (tmp_path / "models" / "own").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    said = resolve({"model": "models/own", "guide_model": ["./models/own", "some/hub-name"]})
    assert said.index.model == (str(tmp_path / "models" / "own"),)
    assert said.filter.guide_model == (str(tmp_path / "models" / "own"), "some/hub-name")
    assert resolve({}).index.model == ("all-MiniLM-L6-v2",)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("iqr", 1.5),
        ("above_positive", 0.1),
        ("same_parent", "article"),
        ("contains_answer", "answers"),
        ("owner_query", 0.8),
        ("guide_model", ("m",)),
        ("rerank_model", "m"),
        ("relative_margin", 0.1),
        ("bm25_variant", "atire"),
        ("max_length", 64),
        ("stemmer", "english"),
    ],
)
def test_none_forgets_what_was_remembered(tmp_path, field, value):
    before = resolve({field: value})
    stage = stage_of_field(field)
    again = ["none"] if isinstance(value, tuple) else "none"
    after = resolve({field: again}, None, before)
    assert getattr(getattr(after.given, stage), field) in (None, ())
    assert field not in after.to_remember()[stage]
    file = toml(tmp_path, f"[{stage}]\n{field.replace('_', '-')} = 'none'\n")
    assert field not in resolve({}, file, before).to_remember()[stage]


def test_none_is_a_value_where_a_setting_knows_it():
    given = {"rerank_activation": "none", "rerank_model": "m"}
    assert resolve(given).rerank.rerank_activation == "none"


def test_naming_a_model_unsays_own_vectors_and_the_other_way_round(tmp_path):
    before = resolve({"query_vectors": "q.npy", "document_vectors": "d.npy"})
    after = resolve({"model": "m"}, None, before)
    assert after.index.document_vectors is None
    again = resolve({"query_vectors": "q.npy", "document_vectors": "d.npy"}, None, after)
    assert "model" not in again.to_remember()["index"]


def test_a_default_is_not_remembered_as_if_it_were_said():
    assert resolve({"k": 5}).to_remember()["index"] == {}


def test_an_address_is_no_file_of_this_machine():
    with pytest.raises(SettingsError, match="is an address, and this setting names a file of this"):
        lint_settings({"vector_store": "s3://bucket/store"})
    with pytest.raises(SettingsError, match="keys do not belong in an address"):
        resolve({"run": ["other=s3://key:secret@bucket/run.trec"]})


def test_addresses_and_datasets_are_kept_as_they_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = toml(tmp_path, '[index]\ncorpus = "s3://bucket/a/b.jsonl"\npairs = "owner/name@main"\n')
    index = resolve({}, file).index
    assert str(index.corpus) == "s3://bucket/a/b.jsonl"
    assert str(index.pairs) == "hf://datasets/owner/name@main"
    assert str(resolve({"data": "owner/name"}).index.data) == "hf://datasets/owner/name"
    (tmp_path / "owner" / "name").mkdir(parents=True)
    assert resolve({"data": "owner/name"}).index.data == tmp_path / "owner" / "name"
    toml(tmp_path, '[index]\ndata = "owner/name"\n')
    assert resolve({}, file).index.data == tmp_path / "owner" / "name"
    assert resolve({"corpus": "owner/nobody"}).index.corpus == tmp_path / "owner" / "nobody"


@pytest.mark.parametrize(
    ("flags", "order"),
    [
        ({"retriever": ["bm25", "dense"]}, "dense"),
        ({"retriever": ["bm25"]}, "fused"),
        ({"retriever": ["bm25"], "score": "bm25"}, "bm25"),
        ({"retriever": ["bm25", "dense"], "rerank_model": "m", "score": "rerank"}, "rerank"),
        ({"retriever": ["bm25", "dense"], "order": "fused"}, "fused"),
        ({"retriever": ["bm25", "dense"], "score": "bm25", "order": "dense"}, "dense"),
    ],
)
def test_the_order_follows_the_score_that_thresholds_read(flags, order):
    assert resolve(flags).write.order == order


@pytest.mark.parametrize(
    ("flags", "reader"),
    [
        ({"sampling": "top", "pool": 9}, "--sampling random or --sampling softmax"),
        ({"sampling": "random", "temperature": 1.0}, "--sampling softmax"),
        ({"sampling": "cyclic", "band": "1:9"}, "--sampling band"),
        ({"random_shared": 64}, "--random-negatives"),
    ],
)
def test_a_flag_that_the_selection_does_not_read_is_refused(flags, reader):
    with pytest.raises(SettingsError, match=f"nothing reads it .* or give {reader}"):
        resolve(flags)


@pytest.mark.parametrize(
    "flags",
    [
        {"sampling": "top", "pool": 50, "seed": 3},
        {"sampling": "softmax", "temperature": 1.0, "pool": 9},
        {"random_negatives": 2, "random_shared": 64},
    ],
)
def test_a_default_a_seed_and_what_is_read_may_be_given(flags):
    assert resolve(flags).write.num_negatives == 5


def test_what_a_work_directory_remembers_waits_for_a_sampling_that_reads_it():
    before = resolve({"sampling": "random", "pool": 9})
    assert resolve({"sampling": "top"}, None, before).write.pool == 9
