"""The docs cannot lie: every command, flag, reason, schema column, error and exit code is in them."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

from negmine import errors
from negmine.analysis.lint.rules import RULES
from negmine.cli.app import app
from negmine.config.naming import flag
from negmine.config.settings import STAGES
from negmine.data.schemas import (
    BATCHES,
    CANDIDATES,
    CORPUS,
    FEATURES,
    QRELS,
    QUERIES,
    RUN,
    SHORT,
    VERDICTS,
)
from negmine.stages.filter.risk import signals
from negmine.stages.filter.rules import REASONS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def text(page):
    return (DOCS / page).read_text(encoding="utf-8")


def test_paths_in_contributing_exist():
    named = re.findall(r"`((?:negmine|tests|docs)/[^`<>\s]*)`", text("contributing.md"))
    assert len(named) > 20
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_generated_pages_are_fresh():
    done = subprocess.run(
        [sys.executable, str(DOCS / "generate.py"), "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_every_command_has_a_section():
    for command in app.registered_commands:
        name = command.name or command.callback.__name__
        assert f"## `negmine {name} " in text("reference/commands.md")


def test_every_flag_has_a_row():
    page = text("reference/settings.md")
    for table in STAGES.values():
        for name, field in table.model_fields.items():
            assert f"`{flag(name)}`" in page
            assert field.description, name


def test_every_reason_has_a_section_in_the_order_of_the_rules():
    found = re.findall(r"^## `(\w+)`", text("reference/reasons.md"), re.MULTILINE)
    assert found == list(REASONS)


def test_every_rule_of_lint_has_a_section():
    found = re.findall(r"^### `(\w+)`", text("reference/lint.md"), re.MULTILINE)
    assert found == list(RULES)


def test_every_column_is_described():
    page = text("reference/tables.md")
    for schema in (CORPUS, QUERIES, QRELS, RUN, CANDIDATES, FEATURES, VERDICTS, SHORT, BATCHES):
        for field in schema:
            assert f"| `{field.name}` |" in page


def test_every_signal_is_described():
    page = text("reference/signals.md")
    for name in signals.limited(signals.Evidence(["bm25", "dense"], True, ["bm25"])):
        generic = name.replace("bm25_", "<name>_").replace("dense_", "<name>_")
        assert f"`{name}`" in page or f"`{generic}`" in page


def test_every_error_and_exit_code_is_described():
    page = text("reference/errors.md")
    for name, value in inspect.getmembers(errors, inspect.isclass):
        if issubclass(value, errors.NegmineError):
            assert f"`{name}`" in page
    for code in (0, 1, 2, 3, 130):
        assert re.search(rf"\b{code}\b", text("reference/exit-codes.md"))


def test_every_parameter_of_mine_hard_negatives_is_mapped():
    from sentence_transformers.util import mine_hard_negatives

    page = text("how-to/coming-from-sentence-transformers.md")
    missing = [
        name
        for name in inspect.signature(mine_hard_negatives).parameters
        if f"`{name}`" not in page
    ]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_flag_in_the_docs_exists(page):
    known = {"--version", "--help", "--check", "--install-completion", "--show-completion"}
    for command in app.registered_commands:
        known |= {flag(name) for name in inspect.signature(command.callback).parameters}
    for table in STAGES.values():
        for name in table.model_fields:
            known |= {flag(name), flag(f"no_{name}")}
    blocks = re.findall(r"negmine [^`\n]*", page.read_text(encoding="utf-8"))
    used = {word for block in blocks for word in re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", block)}
    assert used <= known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_line_in_the_docs_has_only_flags_that_the_command_takes(page):
    from typer.main import get_command

    commands = get_command(app).commands
    joined = page.read_text(encoding="utf-8").replace("\\\n", " ")
    for name, rest in re.findall(r"negmine ([a-z-]+)\b([^`\n|#&;]*)", joined):
        if name in commands:
            taken = {o for p in commands[name].params for o in (*p.opts, *p.secondary_opts)}
            own = re.sub(r"'[^']*'", "", rest)  # flags of a recipe are another command's
            used = set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", own))
            assert used <= taken | {"--help"}, f"negmine {name}{rest}"


def lint_options():
    """Return the flags of `negmine lint`, as Typer knows them."""
    from typer.main import get_command

    return get_command(app).commands["lint"].params


def test_every_flag_of_lint_is_in_its_page():
    page = text("reference/lint.md")
    missing = [
        o.opts[0]
        for o in lint_options()
        if o.opts[0].startswith("--") and f"`{o.opts[0]}" not in page
    ]
    assert set(missing) <= {"--help", "--help-all"}


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


def test_the_counts_of_attacks_are_those_of_now():
    from tests.torture.counts import PAGE, rendered

    assert PAGE.read_text(encoding="utf-8") == rendered(), "run: python -m tests.torture.counts"
