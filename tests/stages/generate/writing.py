"""What the tests of stage generate share: a scripted model, and the tables of a run."""

import json
import re

import negmine
from negmine.storage.workdir import Workdir
from tests.scorers.judge.server import answer

ONE = {"generate_kind": ["query-only"], "generate_retries": 0}


def asked(request):
    """Return the query and the document (or None) of a prompt."""
    text = request["messages"][-1]["content"]
    query = json.loads(re.search(r"^Query: (.*)$", text, re.MULTILINE)[1])
    document = re.search(r"^Document, .*?: (.*)$", text, re.MULTILINE)
    return query, document and json.loads(document[1])


def writes(text_of):
    """Return a script that answers with JSON. text_of(query, document) gives the text."""

    def script(request, number):
        return 200, answer(json.dumps({"text": text_of(*asked(request))}))

    return script


def of_query(query, document):
    return f"A page about something else than {query}"


def mined(work, beir, **flags):
    negmine.mine(work, data=beir, **({"retriever": ["bm25"]} | flags))
    return work


def generate(work, server, **flags):
    return negmine.generate(work, generate_url=server.url, generate_model="m", **(ONE | flags))


def rows(work, name):
    return Workdir(work).scan(name).collect()


def documents(work):
    return rows(work, "2-generate/documents")


def verdicts(work):
    return rows(work, "4-filter/verdicts")
