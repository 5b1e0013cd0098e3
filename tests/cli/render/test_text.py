"""Texts of others steer no terminal."""

import pytest

from negmine.cli.render.text import cut, one_line, printable
from tests.cli.conftest import invoke
from tests.conftest import DOCUMENTS, QUERIES, write_beir

WILD = "a\x1b[31mred\x07\x9b5n\u202etxt\r!"


def test_control_characters_become_blanks_and_letters_stay():
    assert printable(WILD) == "a [31mred  5n txt !"
    assert (
        printable("tab\tand\nline, zürich, 電池, \u0e19\u0e49")
        == "tab\tand\nline, zürich, 電池, \u0e19\u0e49"
    )
    assert one_line(" a\n\n b\x1bc ") == "a b c"


def test_a_text_is_cut_to_columns_not_to_characters():
    assert cut("電池を長持ちさせる", 8) == "電池を…"
    assert cut("short", 8) == "short"


@pytest.mark.parametrize("command", [["explain", "q3"], ["show", "q3"], ["explain", "wild"]])
def test_no_command_prints_a_document_s_control_characters(tmp_path, command):
    documents = DOCUMENTS | {"cat-1": ("Cats", f"Cats sleep {WILD}")}
    queries = QUERIES | {"q3": f"how long do cats sleep wild {WILD}", "q4": "a wild sorted list"}
    data = write_beir(tmp_path / "data", documents, queries)
    work = tmp_path / "work"
    assert invoke("mine", work, "--data", data, "--retriever", "bm25").exit_code == 0
    shown = invoke(command[0], work, *command[1:]).output
    assert "red" in shown
    assert not set("\x1b\x07\x9b\u202e\r") & set(shown)
