"""A message has an end, whatever stands in it."""

import pickle

from negmine.errors import LONGEST, GateNotMet, InputError, cut


def test_a_message_keeps_its_beginning_and_its_end():
    text = str(InputError(f"file.csv: {'x' * 10**6}. Write less."))
    assert text.startswith("file.csv: xxx")
    assert text.endswith("xxx. Write less.")
    assert len(text) < 700


def test_many_lines_have_an_end_too():
    assert len(str(InputError("a line of words\n" * 1000))) <= LONGEST


def test_a_short_message_stays_as_it_is():
    assert str(GateNotMet("no\nmore", "max_leak")) == "no\nmore"
    assert cut("abc", 3) == "abc"


def test_an_error_crosses_processes():
    again = pickle.loads(pickle.dumps(InputError("x" * 5000)))
    assert str(again) == str(InputError("x" * 5000))
