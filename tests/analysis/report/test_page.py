"""The page as text: one object for HTML and JSON, escaped, within its size, the same every time."""

import json
import re
from html.parser import HTMLParser

import pytest

import negmine
from negmine.analysis.report import charts, documents
from negmine.analysis.report.render import html
from negmine.analysis.report.schema import Report
from negmine.analysis.report.sections import sample
from negmine.analysis.report.sections.short import Got
from tests.analysis.report.conftest import QUESTION, SCRIPT

LIMIT = 2_000_000  # bytes


class Tables(HTMLParser):
    """The cells of every table, by its label."""

    def __init__(self):
        super().__init__()
        self.found, self._label, self._cell = {}, None, None

    def handle_starttag(self, tag, attrs):
        if "aria-label" in dict(attrs):
            self._label = dict(attrs)["aria-label"]
        if tag == "tr":
            self.found.setdefault(self._label, []).append([])
        if tag in ("td", "th"):
            self._cell = ""

    def handle_data(self, data):
        if self._cell is not None:
            self._cell += data

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.found[self._label][-1].append(self._cell)
            self._cell = None


@pytest.fixture(scope="module")
def text(work, report):
    return (work.parent / "page.html").read_text(encoding="utf-8")


def test_the_json_is_the_report_and_the_page_is_made_of_it(work, report, text):
    told = json.loads((work.parent / "page.json").read_text(encoding="utf-8"))
    again = Report.model_validate(told)
    assert again == report
    assert html(again) == text


def test_the_numbers_of_the_page_are_those_of_the_json(report, text):
    tables = Tables()
    tables.feed(text)
    funnel = [[s.name, f"{s.removed:,}" if s.removed else "", f"{s.left:,}"] for s in report.funnel]
    assert tables.found["Funnel"][1:] == funnel
    recall = [[r.retriever, *(f"{a.recall:.3f}" for a in r.at)] for r in report.recall]
    assert [[row[0], *row[2:-1]] for row in tables.found["Recall"][1:]] == recall
    assert [row[1] for row in tables.found["Recall"]] == ["fit", *["yes"] * len(recall)]
    first = report.scorers[0].scores.stages[0].candidates
    row = next(row for row in tables.found["Scores"] if row[0] == "candidates, before any rule")
    assert row[1] == f"{first.count:,}"
    assert row[3] == f"{first.mean:.4g}"
    hub = report.hubs.most[0]
    assert tables.found["Documents used most"][1][0] == f"{hub.queries:,}"


def test_texts_are_escaped_and_the_policy_is_strict(text):
    assert text.count("<script>") == 1  # our own
    assert SCRIPT not in text
    assert QUESTION not in text
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text).group(1)
    assert "default-src &#39;none&#39;" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<[^>]*\sstyle=", text)
    assert not re.search(r'(src|href)="(?!#)', text)
    assert "://" not in text.split("<main")[0]


def test_it_is_the_same_page_every_time(work, text):
    negmine.report(work, html=work.parent / "again.html")
    assert (work.parent / "again.html").read_text(encoding="utf-8") == text


def test_the_work_directory_is_not_touched(work, report):
    before = {p: p.stat().st_mtime_ns for p in work.rglob("*")}
    negmine.report(work, leak=False)
    assert {p: p.stat().st_mtime_ns for p in work.rglob("*")} == before


def test_a_page_of_long_texts_and_many_scorers_stays_within_its_limit(report):
    """The most that may be shown: 60 random queries, nine scorers, long texts, ten rules."""
    one = report.sample.queries[0].positives[0]
    scorer = next(s for s in report.scorers if s.scores.positives)
    names = [f"scorer_number_{n}" for n in range(9)]
    stage = scorer.scores.stages[0]
    view = scorer.scores.model_copy(
        update={
            "stages": [stage.model_copy(update={"after": f"rule_number_{n}"}) for n in range(9)]
        }
    )
    scorers = [
        scorer.model_copy(update={"scorer": name, "scores": view, "differences": view})
        for name in names
    ]
    opinions = [o.model_copy(update={"scorer": n}) for n in names for o in one.opinions[:1]]
    per_query = documents.POSITIVES + documents.NEGATIVES + documents.REJECTED
    count = 60 + 4 * sample.EACH
    raw = "<\"&'>" * 200
    cut = documents.cut_for([raw] * (count * per_query), len(names))
    shown = one.model_copy(update={"text": raw[:cut], "opinions": opinions})
    query = report.sample.queries[0].model_copy(
        update={
            "positives": [shown] * documents.POSITIVES,
            "negatives": [shown] * documents.NEGATIVES,
            "rejected": [shown] * documents.REJECTED,
        }
    )
    shown = report.sample.model_copy(update={"queries": [query] * count})
    worst = report.model_copy(update={"scorers": scorers, "sample": shown})
    assert len(html(worst).encode()) < LIMIT


def test_many_numbers_of_negatives_are_drawn_in_ranges(report):
    by_got = [Got(got=n, queries=1) for n in range(100)]
    few = report.short.model_copy(update={"by_got": by_got})
    drawn = charts.short(few)
    assert "0 to 9 negatives" in drawn and "90 to 99 negatives" in drawn
    assert drawn.count(" negatives<") == 10
    assert "1 negative<" in charts.short(few.model_copy(update={"by_got": by_got[:3]}))


def test_the_tile_of_the_leak_says_what_it_rests_on(report, text):
    told = report.leak.rules[-1]
    rests = f"{told.leaked:,} of {told.selected:,} negatives of {report.leak.queries:,} queries"
    assert f"<small>{rests}" in text
    assert f"{report.leak.queries_left_out:,} queries not measured</small>" in text
    assert "at 95 % confidence" not in text
