"""Addresses: what they are as text, what is kept of them, and which names are datasets."""

import pickle
from pathlib import Path

import pytest

from negmine.config.addresses import Address, as_address, as_dataset, place_of
from negmine.errors import SettingsError
from tests.configs import resolve


@pytest.mark.parametrize(
    ("given", "shown", "name"),
    [
        ("s3://bucket/a/b.jsonl", "s3://bucket/a/b.jsonl", "b.jsonl"),
        ("s3:/bucket/a/b.jsonl", "s3://bucket/a/b.jsonl", "b.jsonl"),
        ("s3://bucket/a?.jsonl", "s3://bucket/a?.jsonl", "a?.jsonl"),
        ("https://h/a.csv?sig=1&x=/2", "https://h/a.csv", "a.csv"),
        ("https://h/a.csv?sig=1", "https://h/a.csv", "a.csv"),
        ("https://ann:secret@h/a.csv", "https://h/a.csv", "a.csv"),
        ("abfs://box@account.net/a.csv", "abfs://box@account.net/a.csv", "a.csv"),
        ("hf://datasets/a/b@main/c.csv", "hf://datasets/a/b@main/c.csv", "c.csv"),
    ],
)
def test_an_address_as_text_has_no_secrets(given, shown, name):
    address = as_address(Path(given))
    assert (str(address), f"{address}", address.name) == (shown, shown, name)
    assert "secret" not in repr(address)
    assert "sig" not in repr(address)


def test_all_that_is_needed_to_read_it_stays_also_in_another_process():
    address = Address("https://ann:secret@h/a.csv?sig=1")
    again = pickle.loads(pickle.dumps(address))
    assert again.full == address.full == "https://ann:secret@h/a.csv?sig=1"
    assert again == address


def test_a_name_in_a_folder_is_an_address():
    folder = Address("s3://bucket/a")
    assert isinstance(folder / "b.jsonl", Address)
    assert str(folder / "b.jsonl") == "s3://bucket/a/b.jsonl"
    assert str(folder.parent) == "s3://bucket"


@pytest.mark.parametrize("given", ["file:///data/a.csv", "file:/data/a.csv"])
def test_a_file_of_this_machine_is_a_path(given):
    assert as_address(Path(given)) == Path("/data/a.csv")
    assert not isinstance(as_address(Path(given)), Address)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("s3://key:secret@bucket/a", "keys do not belong"),
        ("zip://a::s3://b/c", "chain of addresses"),
    ],
)
def test_what_no_address_may_be(given, message):
    with pytest.raises(ValueError, match=message):
        as_address(given)
    for refused in (
        lambda: place_of(Path(given), "--against"),
        lambda: resolve({"corpus": Path(given)}),
    ):
        with pytest.raises(SettingsError, match=message) as told:
            refused()
        assert "secret" not in str(told.value)


def test_which_names_are_datasets(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine" / "here").mkdir(parents=True)
    named = ["mteb/scifact", "mteb/scifact@main", "a/b@refs/pr/1"]
    assert [str(as_dataset(Path(one))) for one in named] == [
        f"hf://datasets/{one}" for one in named
    ]
    others = ["mine/here", "scifact", "a/b/c", "./a/b", "/a/b", "a/b.jsonl", "a/b.jsonl.gz", "~a/b"]
    assert [as_dataset(Path(one)) for one in others if one != "./a/b"] == [None] * 7
