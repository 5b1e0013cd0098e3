"""A key is cut out of every text, whole, in pieces, broken, or encoded; ordinary words stay."""

import base64
import html
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negmine.config.secrets import INSTEAD, VARIABLES, has_secret, redacted, shown_url

KEY = 'sk-proj-4fJ9+/x&Zq<71>LmW0_aT8c"Vb'
WAYS = {
    "plain": lambda key: key,
    "bearer": lambda key: f"Bearer {key}",
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "base64 of a header": lambda key: base64.b64encode(f"user:{key}".encode()).decode(),
    "base64 for URLs": lambda key: base64.urlsafe_b64encode(f"a{key}b".encode()).decode(),
    "hexadecimal": lambda key: key.encode().hex(),
    "HEXADECIMAL": lambda key: key.encode().hex().upper(),
    "URL": lambda key: quote(key, safe=""),
    "HTML": html.escape,
    "JSON": lambda key: json.dumps({"key": key}),
    "a newline in it": lambda key: f"{key[:15]}\n  {key[15:]}",
    "letters apart": lambda key: " ".join(key),
    "first half": lambda key: key[: len(key) // 2],
    "second half": lambda key: key[len(key) // 2 :],
    "the middle": lambda key: key[10:22],
}


def pieces(key, least):
    """Return every piece of a key with so many characters."""
    return {key[place : place + least] for place in range(len(key) - least + 1)}


@pytest.mark.parametrize("variable", VARIABLES)
@pytest.mark.parametrize("way", WAYS)
def test_no_piece_of_a_key_is_left(monkeypatch, variable, way):
    for other in VARIABLES:
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(variable, f" {KEY} ")
    text = f"401: the key {WAYS[way](KEY)} is wrong; ask your administrator."
    told = redacted(text)
    assert INSTEAD in told
    assert told.startswith("401: ")
    assert told.endswith("ask your administrator.")
    compact = "".join(told.split())
    assert not [piece for piece in pieces(KEY, 11) if piece in compact]
    assert redacted(told) == told
    assert has_secret(text)


def test_texts_without_a_key_are_not_touched(monkeypatch):
    monkeypatch.setenv("NEGMINE_JUDGE_KEY", KEY)
    for text in ("", "sk-proj", "the judge said sk-proj- and no more", "x" * 5000):
        assert redacted(text) == text


def test_short_values_are_no_secrets(monkeypatch):
    monkeypatch.setenv("NEGMINE_JUDGE_KEY", "EMPTY")
    assert redacted("EMPTY shelves") == "EMPTY shelves"


@given(
    st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=8, max_size=60),
    st.text(max_size=40),
    st.text(max_size=40),
)
def test_whatever_stands_around_it_a_key_is_cut_out(key, before, after):
    with pytest.MonkeyPatch.context() as patch:
        for other in VARIABLES:
            patch.delenv(other, raising=False)
        patch.setenv("NEGMINE_JUDGE_KEY", key)
        told = redacted(before + key + after)
        assert key not in told.replace(INSTEAD, "\n")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:pw@host/v1?key=1#x", "https://host/v1"),
        ("http://host:8000/v1", "http://host:8000/v1"),
        ("https://host/a@b", "https://host/a@b"),
        ("//tok@en@host", "//en@host"),
    ],
)
def test_a_url_is_shown_without_user_and_query(url, shown):
    assert shown_url(url) == shown


@pytest.mark.parametrize(
    "name", ["AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_SAS_TOKEN", "AZURE_CLIENT_SECRET"]
)
def test_keys_of_azure_are_cut_out(name, monkeypatch):
    monkeypatch.setenv(name, "an-azure-secret-0123")
    assert redacted("403: an-azure-secret-0123 is no key") == "403: [secret] is no key"
