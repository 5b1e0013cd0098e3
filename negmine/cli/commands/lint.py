"""The window that audits files of triplets, whoever made them: `negmine lint`. It changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from negmine.cli.console import answering
from negmine.cli.options import Json
from negmine.cli.progress import TerminalProgress

READ, KNOWN, RULES, GUIDES = "What is read", "What is known beside it", "Rules", "Guides"
MOST_WIDTH = 120


def _flag(name: str, help: str, panel: str, metavar: str | None = None) -> Any:
    return typer.Option(name, help=help, metavar=metavar, rich_help_panel=panel)


def lint(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            show_default=False,
            help="Parquet, jsonl, csv or tsv; folders of them.",
        ),
    ],
    query_column: Annotated[
        str | None, _flag("--query-column", "The column of queries.", READ)
    ] = None,
    positive_column: Annotated[
        str | None, _flag("--positive-column", "The column of positives (or documents).", READ)
    ] = None,
    negative_column: Annotated[
        list[str] | None, _flag("--negative-column", "A column of negatives. Repeatable.", READ)
    ] = None,
    label_threshold: Annotated[
        float | None,
        _flag("--label-threshold", "A label or score from here on is a positive.", READ, "NUMBER"),
    ] = None,
    on_error: Annotated[
        Literal["stop", "skip"],
        _flag("--on-error", "What becomes of rows that cannot be read; skip counts them.", READ),
    ] = "stop",
    corpus: Annotated[
        Path | None, _flag("--corpus", "The documents: are these texts among them?", KNOWN)
    ] = None,
    queries: Annotated[
        Path | None, _flag("--queries", "The queries, to find the ids of qrels by text.", KNOWN)
    ] = None,
    qrels: Annotated[
        Path | None, _flag("--qrels", "Judgements: is a negative relevant after all?", KNOWN)
    ] = None,
    min_relevance: Annotated[
        int, _flag("--min-relevance", "Relevance from which on a document is relevant.", KNOWN)
    ] = 1,
    near_duplicate: Annotated[
        float, _flag("--near-duplicate", "Jaccard of word 3-grams of near-duplicates.", RULES)
    ] = 0.8,
    hub_share: Annotated[
        float, _flag("--hub-share", "Share of the queries that a hub serves at least.", RULES)
    ] = 0.01,
    length_auc: Annotated[
        float, _flag("--length-auc", "AUC of length from which on it tells the label.", RULES)
    ] = 0.7,
    guide_model: Annotated[
        list[str] | None, _flag("--guide-model", "Another bi-encoder. Repeatable.", GUIDES)
    ] = None,
    guide_query_prompt: Annotated[
        list[str] | None,
        _flag("--guide-query-prompt", "Text before every query for the guide.", GUIDES),
    ] = None,
    guide_document_prompt: Annotated[
        list[str] | None,
        _flag("--guide-document-prompt", "Text before every document for the guide.", GUIDES),
    ] = None,
    device: Annotated[
        Literal["auto", "cpu", "cuda"], _flag("--device", "Where guides run.", GUIDES)
    ] = "auto",
    vector_store: Annotated[
        Path | None, _flag("--vector-store", "Folder that keeps guides' vectors.", GUIDES)
    ] = None,
    train_batch_size: Annotated[
        int | None,
        _flag("--train-batch-size", "Look for conflicts in batches of this size.", GUIDES),
    ] = None,
    fail_on: Annotated[
        list[str] | None,
        _flag(
            "--fail-on",
            "Exit with 3 above a count (0) or a share (0.01, 1%) of a rule, or of `fault`. Repeatable.",
            "Result",
            "RULE=LIMIT",
        ),
    ] = None,
    rows: Annotated[
        int,
        typer.Option(
            "--rows", help="Row numbers to give for a rule.", min=1, rich_help_panel="Result"
        ),
    ] = 20,
    findings: Annotated[
        Path | None,
        _flag("--findings", "Write all findings to this Parquet file.", "Result"),
    ] = None,
    json: Json = False,
) -> None:
    """Audit files of triplets, whoever made them: what is wrong, in which rows, how often.

    Reads negmine's, sentence-transformers' and FlagEmbedding's formats. Changes nothing.

    Example: negmine lint work/5-write/triplet mined.jsonl --fail-on fault=0
    """
    talk = TerminalProgress(quiet=json)
    with answering("lint", json, talk) as answer:
        from negmine import api
        from negmine.analysis.lint.options import check_gates, read_gates
        from negmine.cli.render import lint as view

        gates = read_gates(fail_on or [])
        answer.data = found = api.lint(
            files,
            query_column=query_column,
            positive_column=positive_column,
            negative_column=negative_column or (),
            label_threshold=label_threshold,
            on_error=on_error,
            corpus=corpus,
            queries=queries,
            qrels=qrels,
            min_relevance=min_relevance,
            near_duplicate=near_duplicate,
            hub_share=hub_share,
            length_auc=length_auc,
            guide_model=guide_model or (),
            guide_query_prompt=guide_query_prompt or (),
            guide_document_prompt=guide_document_prompt or (),
            device=device,
            vector_store=vector_store,
            train_batch_size=train_batch_size,
            rows=rows,
            findings=findings,
            progress=talk,
        )
        for note in found["notes"]:
            talk.note(note)
        answer.show = lambda console: view.show(found, console, min(console.width, MOST_WIDTH))
        check_gates(found["rules"], gates)
