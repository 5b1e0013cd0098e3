"""A format is asked for by name: on the command line, in negmine.toml and in Python."""

import re
import subprocess
import sys

import pytest

import negmine
from negmine.config.formats import check_formats
from negmine.errors import SettingsError
from negmine.stages.write.formats.registry import FORMATS
from tests.test_cli import invoke


def test_a_name_that_is_near_a_format_is_offered():
    with pytest.raises(SettingsError, match=r"--format triplets: .* Did you mean 'triplet'\?"):
        check_formats(["triplets"], list(FORMATS), [])


def test_an_unknown_format_is_refused_in_python_before_anything_is_made(tmp_path, beir):
    with pytest.raises(SettingsError, match="There are: triplet, n-tuple"):
        negmine.mine(tmp_path / "work", data=beir, retriever="bm25", format="tsv")
    assert not list((tmp_path / "work").glob("1-index"))


def test_the_command_line_knows_every_format(tmp_path):
    done = invoke("write", tmp_path / "work", "--format", "tsv")
    assert done.exit_code == 2
    offered = done.output.partition("is not one of")[2]
    assert re.findall(r"'([a-z-]+)'", offered) == list(FORMATS)


def test_the_names_alone_load_no_data_frames():
    code = (
        "import sys, negmine.stages.write.formats.registry as registry; list(registry.FORMATS); "
        "sys.exit('polars' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_the_help_names_every_format_and_those_of_packages(tmp_path):
    shown = " ".join(invoke("write", "--help-all").output.split())
    assert f"Any of: {', '.join(FORMATS)}, or package.module:FORMAT." in shown.replace("- ", "-")
    assert "One of: ." not in shown
