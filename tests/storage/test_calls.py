"""The call cache: a damaged answer is dropped with a note; rows of older versions are read."""

import sqlite3
from contextlib import closing

import pytest

from negmine.errors import CorruptArtifact
from negmine.storage.calls import Call, Calls

CALL = Call("1: yes", (("Yes", -0.25), ("No", -2.0)), 30, 4, True)


def kept(path):
    with closing(Calls(path)) as calls:
        calls.keep("k", "m", "{}", CALL, 0.5)
    return path


def change(path, statement):
    with closing(sqlite3.connect(path)) as database:
        database.execute(statement)
        database.commit()


def test_a_call_comes_back(tmp_path):
    with closing(Calls(kept(tmp_path / "c.sqlite"))) as calls:
        assert calls.find("k") == CALL
        assert calls.find("other") is None


@pytest.mark.parametrize(
    "statement",
    [
        "update calls set answer = '1: no'", "update calls set answer = null", "update calls set whole = 0",
        "update calls set first_tokens = 'x'", "update calls set first_tokens = '[]'",
        "update calls set seal = 'x'",
        "update calls set prompt_tokens = 'many'", "update calls set answer = cast(x'31ff3a' as text)",
        "update calls set seal = null, first_tokens = '[[1]]'",
    ],
)  # fmt: skip
def test_a_damaged_call_is_dropped_with_a_note(tmp_path, statement):
    path, notes = kept(tmp_path / "c.sqlite"), []
    change(path, statement)
    with closing(Calls(path, notes.append)) as calls:
        assert calls.find("k") is None
        assert notes == [f"{path}: 1 damaged answer, dropped and asked for again"]
        assert calls.find("k") is None
        assert len(notes) == 1
        calls.keep("k", "m", "{}", CALL, 0.5)
        assert calls.find("k") == CALL


def test_a_file_of_an_older_version_is_read_and_new_calls_have_a_seal(tmp_path):
    path = kept(tmp_path / "c.sqlite")
    change(path, "alter table calls drop column seal")
    with closing(Calls(path)) as calls:
        assert calls.find("k") == CALL
        calls.keep("new", "m", "{}", CALL, 0.5)
    change(path, "update calls set answer = 'other' where key = 'new'")
    with closing(Calls(path)) as calls:
        assert calls.find("k") == CALL
        assert calls.find("new") is None


def test_what_was_spent_comes_back_or_is_an_error(tmp_path):
    path = tmp_path / "c.sqlite"
    with closing(Calls(path)) as calls:
        assert calls.spending("command") == {}
        calls.record_spending("command", {"asked": 3, "spent": False})
        assert calls.spending("command") == {"asked": 3, "spent": False}
    change(path, "update spending set counters = replace(counters, '3', '1')")
    with closing(Calls(path)) as calls, pytest.raises(CorruptArtifact, match="spent is damaged"):
        calls.spending("command")


def test_a_file_that_is_no_database_is_one_message(tmp_path):
    path = tmp_path / "c.sqlite"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(CorruptArtifact, match="Move it away"):
        Calls(path)


def test_whichever_byte_flips_the_answer_is_right_or_gone(tmp_path):
    path = kept(tmp_path / "c.sqlite")
    whole = path.read_bytes()
    outcomes = set()
    for place in range(0, len(whole), 13):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        try:
            with closing(Calls(path)) as calls:
                answer = calls.find("k")
        except CorruptArtifact as error:
            assert str(path) in str(error)
            outcomes.add("error")
        else:
            assert answer in (None, CALL)
            outcomes.add(answer is None)
    assert outcomes == {"error", True, False}


def test_a_disk_that_refuses_is_no_damage(tmp_path):
    path = kept(tmp_path / "c.sqlite")
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as other,
        closing(Calls(path)) as calls,
    ):
        other.execute("begin exclusive")
        calls._database.execute("pragma busy_timeout = 1")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            calls.keep("new", "m", "{}", CALL, 0.5)
