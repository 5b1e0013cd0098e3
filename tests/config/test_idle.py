"""A flag that nothing reads is refused, with the flag that is missing; files and defaults may wait."""

import pytest

import negmine
from negmine.config.idle import FAMILIES
from negmine.config.settings import STAGES
from negmine.errors import SettingsError


@pytest.mark.parametrize(
    ("idle", "missing"),
    [
        ({"guide_margin": 0.1}, "--guide-model"),
        ({"judge_batch": 4}, "--judge-url and --judge-model, or --judge-local"),
        ({"min_sensitivity": 0.5}, "--judge-local"),
        ({"rerank_depth": 10}, "--rerank-model"),
        ({"bm25_k1": 2.0, "retriever": ["dense"]}, "--retriever bm25"),
        ({"rrf_k": 9, "fusion": "relative-score"}, "--fusion rrf"),
        ({"language_column": "lang", "retriever": ["dense"]}, "--retriever bm25"),
        ({"analyzer": "none", "retriever": ["dense"]}, "--retriever bm25"),
        ({"late_model": "m"}, "--retriever late"),
        ({"query_prompt": "Q: ", "retriever": ["bm25"]}, "--retriever dense"),
        ({"vector_dtype": "int8", "retriever": ["bm25"]}, "--retriever dense"),
        ({"late_scope": "all"}, "--retriever late"),
        ({"late_index": "ivf"}, "--retriever late and --late-scope all"),
        ({"late_tokens": 9}, "--late-index ivf"),
        ({"late_vector_dtype": "float32"}, "--retriever late"),
        ({"vector_column": "emb"}, "--query-vectors and --document-vectors"),
        ({"workers": 2}, "--engine ray"),
        ({"embedding_timeout": 9.0}, "--model-url"),
        ({"suspect_reference": "judged"}, "--suspect-neighbours"),
        ({"strong_rank": 3, "no_relative_margin": True}, "--relative-margin"),
        ({"judge_suspects": True}, "--judge-url"),
        ({"generate_count": 2}, "--generate-kind"),
        ({"share_generated": True}, "--generate-kind"),
        ({"include": "generated"}, "--generate-kind"),
        ({"max_generated": 2}, "--include generated"),
        ({"judge_suspects": True, "judge_local": "m"}, "--suspect-neighbours"),
    ],
)
def test_a_flag_that_nothing_reads_is_refused_with_the_one_that_is_missing(
    idle, missing, beir, tmp_path
):
    name = next(iter(idle)).replace("_", "-")
    with pytest.raises(SettingsError, match=f"--{name}: nothing reads it.*{missing}"):
        negmine.mine(tmp_path / "work", data=beir, **idle)


def test_a_default_and_a_file_may_wait_for_what_reads_them(beir, tmp_path):
    file = tmp_path / "negmine.toml"
    file.write_text("[filter]\nguide-margin = 0.1\n")
    negmine.mine(tmp_path / "a", data=beir, retriever=["bm25"], guide_margin=0.0)
    negmine.mine(tmp_path / "b", data=beir, retriever=["bm25"], config=file)


def test_every_family_names_settings_that_are_there():
    for family in FAMILIES:
        names = STAGES[family.stage].model_fields
        assert all(any(name.startswith(one) for name in names) for one in family.beginnings)
