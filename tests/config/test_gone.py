"""Settings that negmine once had: refused where they are given, with a sentence that says so."""

import json

import pytest

from negmine.config.file import read_toml
from negmine.config.gone import GONE_SETTINGS, without_gone
from negmine.config.settings import STAGES
from negmine.errors import SettingsError
from tests import warm
from tests.configs import resolve

GONE = "--risk-learner is gone: .*Leave it out"


def test_no_setting_is_gone_and_there():
    for stage, fields in GONE_SETTINGS.items():
        assert not fields.keys() & STAGES[stage].model_fields.keys()


def test_a_keyword_that_is_gone_is_refused():
    with pytest.raises(SettingsError, match=GONE):
        resolve({"risk_learner": "booster"})


def test_a_toml_key_that_is_gone_is_refused(tmp_path):
    path = tmp_path / "negmine.toml"
    path.write_text('[filter]\nrisk-learner = "linear"\n')
    with pytest.raises(SettingsError, match=rf"negmine\.toml, \[filter\]: {GONE}"):
        read_toml(path)


def test_a_flag_that_is_gone_is_refused(tmp_path):
    done = warm.negmine("filter", tmp_path, "--risk-learner", "booster", "--json")
    assert done.returncode == 2
    message = json.loads(done.stdout)["errors"][0]["message"]
    assert message.startswith("--risk-learner is gone: ")


def test_what_is_remembered_of_them_is_dropped_and_nothing_else():
    kept, notes = without_gone({"filter": {"risk_learner": "booster", "max_risk": 0.1}, "x": 1})
    assert kept == {"filter": {"max_risk": 0.1}, "x": 1}
    assert len(notes) == 1
    assert notes[0].startswith("--risk-learner booster, which this work directory remembers")
    assert without_gone(None) == (None, [])
    assert without_gone({"filter": None}) == ({"filter": None}, [])
