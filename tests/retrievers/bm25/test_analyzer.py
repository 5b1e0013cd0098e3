"""How texts are cut: at white space alone, and with the stemmer of each text's language."""

import json

import numpy as np
import pyarrow as pa
import pytest

import negmine
from negmine.config.settings import IndexSettings
from negmine.engine.progress import Silent
from negmine.errors import InputError, SettingsError
from negmine.retrievers.bm25 import settings as bm25
from negmine.retrievers.bm25.analyzer import Analyzer, unstemmed_note
from negmine.storage.workdir import Workdir
from tests.retrievers.bm25.made import built, opened


class Noting(Silent):
    def __init__(self):
        self.notes = []

    def note(self, message):
        self.notes.append(message)


def table(texts, languages=None):
    columns = {
        "doc_id": pa.array(map(str, range(len(texts))), pa.large_string()),
        "text": pa.array(texts, pa.large_string()),
    }
    if languages is not None:
        columns["lang"] = pa.array(languages, pa.large_string())
    return pa.table(columns)


def lists(texts, languages=None, **how):
    return list(Analyzer(**how).lists(table(texts, languages)))


def test_none_cuts_at_white_space_and_changes_nothing():
    assert lists(["C++  don't\tCafé\n電池の交換"], kind="none") == [
        ["C++", "don't", "Café", "電池の交換"]
    ]
    assert lists(["", "  "], kind="none") == [[], []]


def test_words_are_as_without_an_analyzer():
    assert lists(["C++ don't Café"]) == [["c", "don", "t", "cafe"]]


TEXTS = ["running cats", "laufende Katzen", "走る猫 running", "running", "running"]
LANGUAGES = ["en", "German", "ja", None, " "]


def test_every_text_has_the_stemmer_of_its_language():
    """Of ja there is no stemmer; a text without a language has --stemmer, or none."""
    found = lists(TEXTS, LANGUAGES, language_column="lang")
    assert found[0] == ["run", "cat"]
    assert found[1] == ["laufend", "katz"]
    assert found[2][-1] == found[3][0] == found[4][0] == "running"
    english = lists(TEXTS, LANGUAGES, language_column="lang", stemmer="english")
    assert english[:3] == found[:3]
    assert english[3:] == [["run"], ["run"]]
    assert lists(TEXTS, language_column="lang", stemmer="english")[3] == ["run"]


def test_languages_without_a_stemmer_are_counted_the_first_hundred_by_name():
    analyzer = Analyzer(language_column="lang")
    names = ["ja", "zh", "ja", "en", None, *(f"x{number}" for number in range(150))]
    list(analyzer.lists(table(["a"] * len(names), names)))
    assert analyzer.unstemmed["ja"] == 2 and analyzer.unstemmed["x97"] == 1
    assert analyzer.unstemmed["others"] == 52
    assert "en" not in analyzer.unstemmed
    note = unstemmed_note(analyzer.unstemmed)
    assert note.startswith("bm25: 153 documents not stemmed")
    assert "others 52, ja 2, zh 1" in note and note.endswith(", ....")


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"analyzer": "none", "stemmer": "english"}, "--stemmer english: --analyzer none"),
        (
            {"analyzer": "none", "language_column": "lang"},
            "--language-column lang: --analyzer none",
        ),
    ],
)
def test_no_stemmer_goes_with_texts_that_are_cut_already(how, message):
    with pytest.raises(SettingsError, match=message):
        bm25.check(IndexSettings(**how))


def test_an_index_remembers_how_its_texts_were_cut(tmp_path):
    progress = Noting()
    settings = IndexSettings(language_column="lang")
    stats = built([table(TEXTS[:3], LANGUAGES[:3])], tmp_path, settings, progress)
    assert stats["language_column"] == "lang"
    assert stats["unstemmed"] == {"ja": 1}
    assert "ja 1" in progress.notes[0]
    index = opened(tmp_path, ["0", "1", "2"])

    def best(text, language):
        return index.search(table([text], [language]), 3).docs[0].tolist()

    assert best("a cat runs", "en") == [0, -1, -1]
    assert best("Katze", "de") == [1, -1, -1]
    assert best("running", "ja") == [2, -1, -1]
    scores = index.score_pairs(table(["cat"], ["en"]), np.zeros(3, np.int64), np.arange(3))
    assert (scores > 0).tolist() == [True, False, False]


def test_an_index_of_texts_that_are_cut_already(tmp_path):
    settings = IndexSettings(analyzer="none")
    built([table(["C++ code", "c code"])], tmp_path, settings)
    index = opened(tmp_path, ["0", "1"])
    assert index.search(table(["C++"]), 2).docs.tolist() == [[0, -1]]
    assert bm25.shaping(settings) == bm25.shaping(
        settings.model_copy(update={"fold_accents": False})
    )


def test_settings_that_are_off_shape_nothing():
    assert not {"analyzer", "language_column"} & set(bm25.shaping(IndexSettings()))


def rows(path, lines):
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture
def data(tmp_path):
    documents = [
        {"_id": "en", "text": "Cats sleep long", "lang": "en"},
        {"_id": "de", "text": "Katzen schlafen lange", "lang": "de"},
        {"_id": "ja", "text": "猫は長く寝ます", "lang": "ja"},
    ]
    queries = [
        {"_id": "q1", "text": "a sleeping cat", "lang": "en"},
        {"_id": "q2", "text": "die schlafende Katze", "lang": "de"},
    ]
    qrels = tmp_path / "qrels.tsv"
    qrels.write_text("query-id\tcorpus-id\tscore\nq1\ten\t1\nq2\tde\t1\n")
    return {
        "corpus": rows(tmp_path / "corpus.jsonl", documents),
        "queries": rows(tmp_path / "queries.jsonl", queries),
        "qrels": qrels,
        "retriever": ["bm25"],
    }


def ranked(work):
    found = Workdir(work).scan("2-retrieve/candidates").collect().drop_nulls("rank")
    return found.select("query_id", "doc_id").rows()


def test_a_run_stems_documents_and_queries_by_their_column(tmp_path, data):
    assert ranked(negmine.mine(tmp_path / "plain", **data).work) == []
    progress = Noting()
    work = tmp_path / "w"
    negmine.mine(work, language_column="lang", progress=progress, **data)
    assert ranked(work) == [("q1", "en"), ("q2", "de")]
    assert any("ja 1" in note for note in progress.notes)


def test_queries_without_the_column_have_the_stemmer_of_all_others(tmp_path, data):
    queries = [{"_id": "q1", "text": "a sleeping cat"}, {"_id": "q2", "text": "Katzen"}]
    data = data | {"queries": rows(tmp_path / "queries.jsonl", queries)}
    progress = Noting()
    work = tmp_path / "w"
    flags = {"language_column": "lang", "stemmer": "english"}
    negmine.mine(work, progress=progress, **flags, **data)
    assert ranked(work) == [("q1", "en")]
    assert any("So queries are stemmed with --stemmer english." in n for n in progress.notes)


def test_documents_without_the_column_are_refused_with_those_that_they_have(tmp_path, data):
    with pytest.raises(InputError, match=r"--language-column language.*Their own columns: lang\."):
        negmine.mine(tmp_path / "w", language_column="language", **data)
    with pytest.raises(InputError, match="no such column"):
        negmine.mine(tmp_path / "w", language_column="doc_id", **data)
