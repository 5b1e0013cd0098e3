"""Characters that steer what shows them, and what is long."""

import json
import sys
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from negmine.data.steering import STEERING, bounded, in_json, plain
from negmine.errors import LONGEST

JOINERS = (
    "\u200c\u200d"  # letters of Persian and of India's scripts, and emoji, are written with them
)


def test_every_character_that_is_not_seen_and_no_other_steers():
    for code in range(sys.maxunicode + 1):
        one = chr(code)
        kind = unicodedata.category(one)
        steers = STEERING.search(one) is not None
        if kind in ("Cc", "Zl", "Zp"):
            assert steers == (one not in "\t\n"), hex(code)
        elif steers:
            assert kind in ("Cf", "Cn"), hex(code)
    bidi = [chr(code) for code in range(0x3000) if unicodedata.bidirectional(chr(code)) in
            ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")]  # fmt: skip
    assert plain("".join(bidi)).strip() == ""
    assert plain(f"می{JOINERS}خواهم 👩{JOINERS[1]}🔬") == f"می{JOINERS}خواهم 👩{JOINERS[1]}🔬"


@given(st.text(st.characters(codec="utf-8")))
def test_json_keeps_its_values(text):
    shown = in_json(json.dumps({text: [text]}, ensure_ascii=False))
    assert json.loads(shown) == {text: [text]}
    assert STEERING.search(shown) is None


def test_long_words_and_long_messages_are_cut_and_say_so():
    assert bounded("short " * 20) == "short " * 20
    cut = bounded(f"row 7: {'x' * 1_000_000}: it is there twice")
    assert cut == f"row 7: {'x' * 200}… (999,801 characters more) it is there twice"
    assert len(bounded("word " * 1_000_000)) <= LONGEST
