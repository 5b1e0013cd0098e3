"""A factory string that ends FAISS' process, or never ends, is refused before the real work."""

import numpy as np
import pytest

from negmine.engine.progress import Silent
from negmine.errors import SettingsError
from negmine.retrievers.faiss_index import build, trial
from negmine.retrievers.faiss_index.trial import Wanted
from tests.retrievers.dense.test_exact import unit


@pytest.mark.parametrize("factory", ["HNSW0", "HNSW1", "PQ4x0", "IVF4(HNSW0),Flat"])
def test_a_string_that_ends_the_process_is_refused_before_the_width_is_known(factory):
    with pytest.raises(SettingsError, match="it ends the process, SIG") as error:
        trial.check(Wanted(factory), {})
    assert "Use flat, binary, or a factory string such as" in str(error.value)


def test_a_string_that_fails_only_in_a_search_is_refused_before_the_work():
    with pytest.raises(SettingsError, match="IVF0,Flat: FAISS cannot make such an index"):
        trial.check_width(Wanted("IVF0,Flat"), 16, 100)


def test_a_trial_that_takes_too_long_is_stopped(monkeypatch):
    monkeypatch.setattr(trial, "SECONDS", 3)
    with pytest.raises(SettingsError, match="it takes more than 3 s for 1,000 vectors"):
        trial.check_width(Wanted("NSG0"), 48, 100_000)


def test_many_cells_are_few_in_a_trial():
    trial.check_width(Wanted("IVF65536_HNSW32,PQ8x10"), 64, 10**7)


def test_where_no_trial_is_possible_the_string_is_left_to_the_real_work(monkeypatch):
    monkeypatch.setattr(trial.sys, "executable", "/bin/false")
    trial.check_width(Wanted("HNSW0"), 17, 100)


@pytest.mark.parametrize("factory", ["PQ8", "OPQ8,IVF4,PQ8", "RQ2x6"])
def test_quantizers_work(tmp_path, factory):
    vectors = unit(np.random.default_rng(1), 400, 16)
    assert build.build(vectors, Wanted(factory), tmp_path, Silent())["trained_on"] == 400
