"""The keywords of the Python API are made from the settings tables, and CI fails where they are stale."""

import shutil
import subprocess
import sys
import typing
from pathlib import Path
from typing import Literal

import pytest

from negmine.analysis.lint.settings import LintSettings
from negmine.config.keywords import LintKeywords, SettingsKeywords
from negmine.config.settings import STAGES

ROOT = Path(__file__).parents[2]


def test_every_setting_is_a_keyword_in_the_order_of_the_tables():
    fields = [name for table in STAGES.values() for name in table.model_fields]
    assert list(typing.get_type_hints(SettingsKeywords)) == fields
    assert list(typing.get_type_hints(LintKeywords)) == list(LintSettings.model_fields)


@pytest.mark.parametrize(
    ("annotation", "keyword"),
    [
        (int, "int"),
        (bool, "bool"),
        (Path | None, "str | Path | None"),
        (tuple[str, ...], "str | Sequence[str]"),
        (tuple[int, ...], "int | Sequence[int]"),
        (Literal["a", "b"] | None, 'Literal["a", "b"] | None'),
        (float | Literal["auto"] | None, 'float | Literal["auto"] | None'),
    ],
)
def test_a_keyword_takes_what_the_setting_reads(monkeypatch, annotation, keyword):
    monkeypatch.syspath_prepend(ROOT / "docs")
    from keywords import keyword_type

    assert keyword_type(annotation) == keyword


def check(root):
    """Run the check of CI on a copy of the project."""
    return subprocess.run(
        [sys.executable, "docs/generate.py", "--check"],
        cwd=root,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(root), "PATH": ""},
    )


def test_a_setting_without_its_keyword_fails_the_check_until_the_keywords_are_made_again(tmp_path):
    for folder in ("negmine", "docs"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    settings = tmp_path / "negmine/analysis/lint/settings.py"
    line = '    findings: Path | None = _results("Parquet file to write all findings to.")\n'
    text = settings.read_text()
    assert line in text
    settings.write_text(
        text.replace(line, line + '    newest: int = _results("Its meaning.", 1)\n')
    )
    stale = check(tmp_path)
    assert stale.returncode == 1
    assert "negmine/config/keywords.py" in stale.stderr
    made = subprocess.run(
        [sys.executable, "docs/generate.py"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": ""},
    )
    assert made.returncode == 0
    assert "    newest: int\n" in (tmp_path / "negmine/config/keywords.py").read_text()
    assert check(tmp_path).returncode == 0
