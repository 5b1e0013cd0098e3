"""Small JSON files: a checksum that tells damage, bounds, no links; anything else is a ValueError."""

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.storage.locks import locked
from negmine.storage.small_json import CHECKSUM, LARGEST, read_json, read_sealed, write_sealed

texts = st.text(st.characters(exclude_categories=["Cs"]))
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts
values = st.recursive(scalars, lambda v: st.lists(v) | st.dictionaries(texts, v), max_leaves=8)


@given(st.dictionaries(texts.filter(lambda key: key != CHECKSUM), values, max_size=4))
def test_what_was_written_comes_back(tmp_path_factory, value):
    path = tmp_path_factory.mktemp("json") / "x.json"
    write_sealed(path, value)
    assert read_sealed(path) == value


def test_no_flipped_bit_reads_as_another_value(tmp_path):
    path = tmp_path / "x.json"
    value = {"filter": {"k": 30, "max_risk": 0.5, "names": ["é", "b"]}, "on": True}
    write_sealed(path, value)
    whole = path.read_bytes()
    for place in range(len(whole)):
        for bit in range(8):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :])
            try:
                read = read_sealed(path)
            except ValueError:
                continue
            # what is left of a key that is not `checksum` any more counts as a setting nobody has
            assert {key: read[key] for key in value} == value


def test_the_layout_does_not_matter_and_a_file_without_a_checksum_is_read(tmp_path):
    path = tmp_path / "x.json"
    write_sealed(path, {"a": 1, "b": [2.5]})
    fields = json.loads(path.read_text())
    path.write_text(json.dumps(dict(reversed(fields.items()))))
    assert read_sealed(path) == {"a": 1, "b": [2.5]}
    path.write_text('{"a": 2}')
    assert read_sealed(path) == {"a": 2}


def test_a_secret_in_it_is_cut_out_and_the_checksum_is_that_of_what_is_left(tmp_path, monkeypatch):
    monkeypatch.setenv("NEGMINE_JUDGE_KEY", "sk-0123456789abcdef")
    write_sealed(tmp_path / "x.json", {"url": "http://x/sk-0123456789abcdef"})
    assert read_sealed(tmp_path / "x.json") == {"url": "http://x/[secret]"}


@pytest.mark.parametrize(
    "content",
    [b"", b"null", b"[]", b"7", b"{", b'{"a": 1} x', b"\xff", b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}"],
)  # fmt: skip
def test_anything_else_is_a_value_error(tmp_path, content):
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(ValueError, match="it is no JSON object"):
        read_sealed(tmp_path / "x.json")


def test_size_is_bounded(tmp_path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"a": "x" * 100}))
    assert read_json(path)
    with pytest.raises(ValueError, match="more than 100 bytes"):
        read_json(path, 100)
    with path.open("r+b") as stream:
        stream.truncate(LARGEST + 1)
    with pytest.raises(ValueError, match="more than 33,554,432 bytes"):
        read_json(path)


def test_no_link_is_followed_and_no_pipe_waited_for(tmp_path):
    (tmp_path / "x.json").write_text("{}")
    (tmp_path / "link").symlink_to(tmp_path / "x.json")
    with pytest.raises(OSError, match="link"):
        read_json(tmp_path / "link")
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path / "pipe", tmp_path):
        with pytest.raises(ValueError, match="it is no file"):
            read_json(place)


@pytest.mark.parametrize(
    "content", ["null", '{"pid": "x"}', '{"pid": 1, "host": [], "since": ""}', "x" * 5000]
)
def test_a_holder_that_is_no_holder_is_another_process(tmp_path, content):
    from negmine.errors import Locked

    with locked(tmp_path):
        (tmp_path / ".lock-holder.json").write_text(content)
        with pytest.raises(Locked, match="in use by another process"), locked(tmp_path):
            pass
