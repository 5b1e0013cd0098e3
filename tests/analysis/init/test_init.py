"""Which files are meant, and the file that is written."""

import pytest

from negmine.analysis.init.init import init
from negmine.config.file import read_toml
from negmine.errors import InputError, SettingsError
from tests.conftest import write_beir


def test_a_folder_is_a_beir_folder_and_three_files_are_told_apart_by_their_names(tmp_path):
    data = write_beir(tmp_path / "data")
    files = [data / "qrels" / "train.tsv", data / "corpus.jsonl", data / "queries.jsonl"]
    qrels = files[0].rename(tmp_path / "my-qrels.tsv")
    out = tmp_path / "a.toml"
    init([qrels, *files[1:]], {}, out)
    tables = read_toml(out)["index"]
    assert tables["qrels"] == qrels.resolve()
    assert tables["corpus"] == files[1].resolve()
    with pytest.raises(SettingsError, match="Which file is what"):
        init(files[1:], {}, tmp_path / "b.toml")
    with pytest.raises(InputError, match="has no qrels"):
        init([data], {}, tmp_path / "b.toml")


def test_paths_in_its_folder_are_written_relative_to_it(tmp_path):
    write_beir(tmp_path / "data")
    init([tmp_path / "data"], {}, tmp_path / "negmine.toml")
    assert 'data = "data"' in (tmp_path / "negmine.toml").read_text()
    (tmp_path / "elsewhere").mkdir()
    init([tmp_path / "data"], {}, tmp_path / "elsewhere" / "negmine.toml")
    assert (
        f'data = "{tmp_path.resolve()}/data"'
        in (tmp_path / "elsewhere" / "negmine.toml").read_text()
    )


def test_flags_say_the_same_as_paths_and_bad_places_are_told(tmp_path):
    data = write_beir(tmp_path / "data")
    found = init([], {"data": data, "min_relevance": 2}, tmp_path / "negmine.toml")
    assert found["settings"] == {"data": data.resolve(), "min_relevance": 2}
    with pytest.raises(SettingsError, match="is a folder"):
        init([data], {}, tmp_path)
    with pytest.raises(SettingsError, match="cannot be written: No such file"):
        init([data], {}, tmp_path / "absent" / "negmine.toml")
