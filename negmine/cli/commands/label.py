"""`negmine label`: judgements of people, and which pairs to ask them about."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from negmine.cli.console import answering
from negmine.cli.options import Json, Work
from negmine.cli.progress import TerminalProgress
from negmine.errors import SettingsError

Labels = Annotated[
    Path | None,
    typer.Argument(
        metavar="[FILE]",
        help="Judgements: query_id, doc_id, relevance, as any qrels. Rows without a relevance say nothing.",
    ),
]
By = Annotated[
    str | None, typer.Option("--by", metavar="NAME", help="Who judged. Default: your user name.")
]
Suggest = Annotated[
    int | None,
    typer.Option(
        "--suggest",
        metavar="COUNT",
        min=1,
        help="Write so many questions, about the most doubtful negatives.",
    ),
]
Out = Annotated[
    Path, typer.Option("--out", metavar="FILE", help="--suggest: the file of questions, a tsv.")
]
Forget = Annotated[bool, typer.Option("--forget", help="Remove all labels of WORK.")]


def label(
    work: Work,
    labels: Labels = None,
    by: By = None,
    suggest: Suggest = None,
    out: Out = Path("labels.tsv"),
    forget: Forget = False,
    json: Json = False,
) -> None:
    """Add judgements of people to WORK: they win over the qrels.

    --suggest writes questions to answer. After new labels, `negmine mine WORK` makes anew what depends on them.

    Example: negmine label work labels.tsv
    """
    with answering("label", json, TerminalProgress(quiet=True)) as answer:
        from negmine import api
        from negmine.cli.render import label as views

        given = [labels is not None, suggest is not None, forget]
        if sum(given) != 1:
            raise SettingsError("Give one of: a FILE of labels, --suggest COUNT, --forget.")
        if suggest is not None:
            answer.data = asked = api.suggest_labels(work, suggest, out)
            answer.show = lambda console: console.print(
                views.questions(asked), markup=False, soft_wrap=True
            )
        else:
            answer.data = kept = api.label(work, labels, who=by or user_name(), forget=forget)
            answer.show = lambda console: console.print(
                views.labels(kept), markup=False, soft_wrap=True
            )


def user_name() -> str:
    """Return the name of who runs the command; empty where the system knows none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
