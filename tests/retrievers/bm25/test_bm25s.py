"""What negmine takes from inside bm25s: the first test to fail where a new version is different."""

import inspect
import math
import os
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement

PYPROJECT = Path(__file__).parents[3] / "pyproject.toml"
VARIANTS = ("robertson", "lucene", "atire", "bm25l", "bm25+")
TFC_ARGUMENTS = ["tf_array", "l_d", "l_avg", "k1", "b", "delta"]
WHAT_TO_DO = (
    f"bm25s {version('bm25s')} is not what negmine was tested with. Either keep the old version (the range of "
    "bm25s in pyproject.toml), or change negmine/retrievers/bm25/formula.py until all of "
    "tests/retrievers/bm25 pass, and raise the revision of the artifact 1-index/bm25 if scores changed. Found: "
)


def expect(true, found):
    assert true, WHAT_TO_DO + found


def scoring(name):
    import bm25s.scoring

    expect(hasattr(bm25s.scoring, name), f"bm25s.scoring has no {name}.")
    return getattr(bm25s.scoring, name)


def test_the_installed_version_is_one_that_was_tested():
    wanted = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]["dependencies"]
    asked = next(Requirement(text) for text in wanted if text.startswith("bm25s"))
    expect(asked.specifier.contains(version("bm25s")), f"pyproject.toml asks for {asked}.")
    expect("<" in str(asked.specifier), f"pyproject.toml sets no upper end: {asked}.")


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_private_functions_are_there_and_take_the_same_arguments(variant):
    idf = scoring("_select_idf_scorer")(variant)
    found = list(inspect.signature(idf).parameters)
    expect(found[:2] == ["df", "N"], f"the idf of {variant} takes {found}.")
    component = scoring("_select_tfc_scorer")(variant)
    found = list(inspect.signature(component).parameters)
    expect(found == TFC_ARGUMENTS, f"the term frequency of {variant} takes {found}.")


def test_the_private_functions_give_the_same_numbers():
    """Eleven documents, the token in 3; once and 4 times, in documents of 5 and 20 tokens; mean 10."""
    n, df, k1, b, delta = 11, 3, 1.2, 0.6, 0.7
    counts, lengths = np.array([1.0, 4.0], np.float32), np.array([5, 20])
    norm = 1 - b + b * lengths / 10
    plain = counts / (counts + k1 * norm)
    idf = {
        "robertson": math.log((n - df + 0.5) / (df + 0.5)),
        "lucene": math.log(1 + (n - df + 0.5) / (df + 0.5)),
        "atire": math.log(n / df),
        "bm25l": math.log((n + 1) / (df + 0.5)),
        "bm25+": math.log((n + 1) / df),
    }
    component = {
        "robertson": plain,
        "lucene": plain,
        "atire": (k1 + 1) * plain,
        "bm25l": (k1 + 1) * (counts / norm + delta) / (k1 + counts / norm + delta),
        "bm25+": (k1 + 1) * plain + delta,
    }
    arguments = dict(
        zip(TFC_ARGUMENTS, (counts, lengths, lengths.mean() * 0.8, k1, b, delta), strict=True)
    )
    for variant in VARIANTS:
        found = scoring("_select_idf_scorer")(variant)(df, N=n)
        expect(math.isclose(found, idf[variant]), f"the idf of {variant} is {found}.")
        found = scoring("_select_tfc_scorer")(variant)(**arguments)
        right = np.allclose(found, component[variant], rtol=1e-6)
        expect(right, f"the term frequency of {variant} is {found}.")


def test_robertsons_idf_is_never_below_zero():
    found = scoring("_select_idf_scorer")("robertson")(9, N=11)
    expect(found == 0, f"the idf of a token in 9 of 11 documents is {found}, not 0.")


def test_bm25s_gets_no_jax(tmp_path):
    """It would run a product with it on import, for which JAX reserves most of a GPU's memory."""
    (tmp_path / "jax").mkdir()
    (tmp_path / "jax" / "__init__.py").write_text("")
    (tmp_path / "jax" / "lax.py").write_text("raise SystemExit('JAX was imported')")
    code = (
        "from negmine.retrievers.bm25.formula import Formula; import numpy as np, sys\n"
        "print(Formula('lucene', 1.2, 0.75, 0.5).idf(np.array([1, 2]), 3)); assert 'jax' not in sys.modules"
    )
    paths = f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
