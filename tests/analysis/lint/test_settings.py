"""The settings of lint: one table for flags and keywords."""

import inspect
import re

import pytest

import negmine
from negmine.analysis.lint.settings import LintSettings, lint_settings
from negmine.cli.app import app
from negmine.errors import SettingsError
from tests.analysis.lint.command import invoke


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--near-duplicate", "0"], "--near-duplicate 0.0: give a number above 0 and at most 1."),
        (["--length-auc", "0.4"], "--length-auc"),
        (["--hub-share", "2"], "--hub-share"),
        (["--train-batch-size", "8"], "--train-batch-size needs a guide. Give --guide-model"),
        (
            ["--guide-model", "m", "--train-batch-size", "1"],
            "--train-batch-size 1: give a whole number, 2 or more",
        ),
        (["--vector-store", "v"], "--vector-store needs a guide. Give --guide-model"),
        (["--guide-query-prompt", "a"], "--guide-query-prompt needs a guide"),
        (["--queries", "q.jsonl"], "Give --qrels FILE too"),
        (
            ["--guide-model", "m", "--guide-query-prompt", "a", "--guide-query-prompt", "b"],
            "one prompt",
        ),
        (["--on-error", "never"], "--on-error"),
        (["--rows", "0"], "--rows 0: give a whole number, 1 or more"),
        (["--rows", "many"], "--rows"),
    ],
)
def test_flags_that_cannot_work(arguments, message):
    done = invoke("absent.jsonl", *arguments)
    assert done.exit_code == 2
    assert message in " ".join(re.sub(r"[│╭╮╰╯─]", " ", done.stderr).split())


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"near_duplicat": 0.5}, "Did you mean 'near_duplicate'"),
        ({"near_duplicate": True}, "--near-duplicate True: a number is wanted"),
        ({"near_duplicate": float("nan")}, "a finite number is wanted"),
        ({"rows": "5"}, "a number is wanted, not a text"),
        ({"on_error": "never"}, "--on-error 'never'"),
    ],
)
def test_keywords_that_cannot_work(keywords, message):
    with pytest.raises(SettingsError) as error:
        negmine.lint("absent.jsonl", **keywords)
    assert message in str(error.value)


def test_every_setting_is_a_flag_of_the_command():
    command = next(c for c in app.registered_commands if c.name == "lint")
    flags = set(inspect.signature(command.callback).parameters)
    assert set(LintSettings.model_fields) <= flags


def test_one_value_needs_no_list_and_none_is_the_default():
    given = {"guide_model": "m", "negative_column": ["a", "b"], "corpus": "c.jsonl"}
    settings = lint_settings(given | {"label_threshold": "none", "rows": None})
    assert (settings.guide_model, settings.negative_column) == (("m",), ("a", "b"))
    assert (settings.label_threshold, settings.rows) == (None, 20)
    assert str(settings.corpus) == "c.jsonl"
