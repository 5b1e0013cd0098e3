"""Which stemmer a language has, however it is named."""

import pytest
import Stemmer

from negmine.data import languages
from negmine.data.languages import stemmer_of


@pytest.mark.parametrize(
    ("names", "stemmer"),
    [
        ("de deu ger German GERMAN de-AT de_CH deu_Latn".split(), "german"),
        ("en en-US eng_Latn english".split(), "english"),
        ("nb nn no".split(), "norwegian"),
        ("pt-BR por".split(), "portuguese"),
    ],
)
def test_a_language_is_named_by_codes_and_by_its_name(names, stemmer):
    assert {name: stemmer_of(name) for name in names} == dict.fromkeys(names, stemmer)


@pytest.mark.parametrize("name", ["ja", "zh-CN", "tlh", "", "-", "porter", "engl", "42"])
def test_a_language_without_a_stemmer_has_none(name):
    assert stemmer_of(name) is None


def test_every_stemmer_of_snowball_that_is_one_of_a_language_has_codes():
    variants = {"porter", "dutch_porter"}
    assert set(Stemmer.algorithms()) - variants <= set(languages._CODES)


def test_no_code_means_two_languages():
    codes = [code for codes in languages._CODES.values() for code in codes.split()]
    assert len(codes) == len(set(codes))
