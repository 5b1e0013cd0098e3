"""A planted breach of each import contract is found; `make lint` holds the code itself to them."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import negmine

PACKAGE = Path(negmine.__file__).parent
PLANTED = {
    "Imports run down the layers": ("data/texts.py", "negmine.stages.plan"),
    "Analyses do not import each other": ("analysis/diff/diff.py", "negmine.analysis.lint.run"),
    "Sections of the report do not import each other": (
        "analysis/report/sections/hubs.py", "negmine.analysis.report.sections.short",
    ),
    "Retrievers do not import each other": ("retrievers/own.py", "negmine.retrievers.bm25"),
    "Scorers do not import each other": ("scorers/guide.py", "negmine.scorers.judge"),
    "What a stage computes knows no disk, no engine and no console": (
        "stages/filter/compute.py", "negmine.storage.files",
    ),
    "rich lives in cli": ("api/looking.py", "rich"),
}  # fmt: skip


CONFIG = PACKAGE.parent / "pyproject.toml"
ALONE = {  # folder of the contract's modules, and what is no such module
    "Retrievers do not import each other": (
        "retrievers",
        {
            "base",
            "encoding",
            "faiss_index",
            "postings",
            "ranking",
            "recall",
            "registry",
            "runs",
            "scope",
            "search",
            "shards",
        },
    ),
    "Scorers do not import each other": ("scorers", {"base", "registry", "remembered"}),
}


def contracts():
    """Return the contracts of pyproject.toml by name."""
    settings = tomllib.loads(CONFIG.read_text(encoding="utf-8"))["tool"]["importlinter"]
    return {contract["name"]: contract for contract in settings["contracts"]}


@pytest.mark.parametrize("name", ALONE)
def test_a_new_module_is_in_its_contract(name):
    folder, others = ALONE[name]
    modules = {path.stem for path in (PACKAGE / folder).iterdir()} - others
    modules = {module for module in modules if not module.startswith("_")}
    listed = {module.rsplit(".", 1)[1] for module in contracts()[name]["modules"]}
    assert listed == modules, f"pyproject.toml, contract {name!r}"


def test_a_breach_of_each_contract_is_found(tmp_path):
    shutil.copytree(PACKAGE, tmp_path / "negmine", ignore=shutil.ignore_patterns("__pycache__"))
    assert contracts().keys() == PLANTED.keys()
    for file, module in PLANTED.values():
        path = tmp_path / "negmine" / file
        path.write_text(path.read_text(encoding="utf-8") + f"\nimport {module}\n", encoding="utf-8")
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--config", CONFIG, "--no-cache"],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    for name in PLANTED:
        assert f"{name} BROKEN" in done.stdout, done.stdout
