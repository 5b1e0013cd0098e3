"""The page in a real browser: no script but its own, no request, keys, search, light and dark, 360 px."""

import json
import shutil
import time

import pytest

import negmine
from negmine.storage.labels import read_labels
from negmine.storage.workdir import Workdir
from tests.analysis.report.conftest import QUESTION

VISIBLE = "[...document.querySelectorAll('.query')].filter((q) => !q.hidden)"


def requests(driver):
    """Return the addresses that the page asked for."""
    sent = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    return [
        one["params"]["request"]["url"]
        for one in sent
        if one["method"] == "Network.requestWillBeSent"
    ]


def test_it_opens_from_disk_without_a_request_or_a_complaint(window, page):
    driver = window.open(page).driver
    assert driver.title == "negmine report: w"
    assert requests(driver) == [page.resolve().as_uri()]
    assert driver.get_log("browser") == []


def test_no_markup_or_script_of_a_text_runs(window, page, report):
    window.open(page)
    assert window.run("typeof window.pwned") == "undefined"
    inside = "document.querySelectorAll('main script, main img, main iframe, main a, main b[onclick]').length"
    assert window.run(inside) == 0
    shown = window.run("[...document.querySelectorAll('.query summary')].map((s) => s.textContent)")
    assert any(text.startswith(QUESTION) for text in shown)
    texts = window.run("[...document.querySelectorAll('.docs .text')].map((t) => t.textContent)")
    told = [one.text for query in report.sample.queries for one in query.positives]
    assert any("</script></textarea></details><script>" in text for text in texts)
    assert set(told) <= set(texts)
    assert any("{{ 7 * 7 }} $x_1$ &lt;b&gt;" in text for text in texts)


def test_the_policy_stops_what_is_put_in_later(window, page):
    window.open(page)
    add = (
        "document.body.append(Object.assign(document.createElement('script'), {text: 'pwned = 1'}))"
    )
    window.run(add)
    window.run("document.body.insertAdjacentHTML('beforeend', '<p id=x style=\"color:red\">x</p>')")
    assert window.run("typeof window.pwned") == "undefined"
    assert window.run("getComputedStyle(document.getElementById('x')).color") != "rgb(255, 0, 0)"
    assert requests(window.driver) == [page.resolve().as_uri()]
    assert all("Content Security Policy" in e["message"] for e in window.driver.get_log("browser"))


def test_the_sample_is_browsed_by_keyboard(window, page):
    from selenium.webdriver.common.keys import Keys

    window.open(page)
    focused = "document.activeElement.closest('.query')?.querySelector('code').textContent"
    ids = window.run(f"{VISIBLE}.map((q) => q.querySelector('code').textContent)")
    window.press("j")
    assert window.run(focused) == ids[0]
    window.press("j", "j", "k")
    assert window.run(focused) == ids[1]
    window.press(Keys.ENTER)
    assert window.run("document.activeElement.closest('.query').open") is True
    window.press(Keys.TAB)  # the first document's box
    assert window.run("document.activeElement.dataset.query") == ids[1]
    window.press(Keys.SPACE)
    rows = window.run("document.getElementById('rows').value").splitlines()
    assert rows[0] == "query-id\tcorpus-id\tscore"
    assert rows[1].split("\t")[0] == ids[1]
    window.press("/")
    assert window.run("document.activeElement.id") == "search"
    window.press("x.png")
    assert window.run(f"{VISIBLE}.map((q) => q.querySelector('code').textContent)") == ["q8"]
    assert window.run("document.getElementById('found').textContent").startswith("1 of ")
    window.press(Keys.ESCAPE)
    assert window.run(f"{VISIBLE}.length") == len(ids)


def test_tab_reaches_the_report_first(window, page):
    from selenium.webdriver.common.keys import Keys

    window.open(page).press(Keys.TAB)
    assert window.run("document.activeElement.textContent") == "Skip to the report"


@pytest.mark.parametrize("dark", [False, True])
def test_light_and_dark_as_the_system_says_and_as_the_switch_says(window, page, dark):
    window.open(page, dark=dark)
    shade = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g)[0] < 128"
    ink = "getComputedStyle(document.querySelector('svg text')).fill.match(/\\d+/g)[0] > 128"
    assert (window.run(shade), window.run(ink)) == (dark, dark)
    other = "light" if dark else "dark"
    choose = f"document.querySelector('#theme option[value={other}]')"
    window.driver.execute_script(
        f"{choose}.selected = true; theme.dispatchEvent(new Event('change'))"
    )
    assert (window.run(shade), window.run(ink)) == (not dark, not dark)
    window.driver.refresh()
    assert window.run(shade) is not dark  # it is remembered
    window.driver.execute_script("localStorage.clear()")


@pytest.mark.parametrize("width", [360, 768, 1400])
def test_nothing_is_wider_than_the_window(window, page, width):
    window.open(page, width=width)
    window.driver.execute_script(
        "document.querySelectorAll('details').forEach((d) => { d.open = true; })"
    )
    assert window.run("document.documentElement.scrollWidth") <= width
    wide = (
        "[...document.querySelectorAll('main *, header *')].filter((e) => !e.closest('.scroll') && "
        f"e.getBoundingClientRect().right > {width} + 0.5).map((e) => e.outerHTML.slice(0, 80))"
    )
    assert window.run(wide) == []
    sizes = (
        "[...document.querySelectorAll('svg')].map((s) => s.clientWidth / s.viewBox.baseVal.width)"
    )
    small = f"Math.min(...{sizes})"
    assert window.run(small) > 0.9  # chart texts are not shrunk out of sight


@pytest.mark.parametrize("width", [360, 1000, 1400])
def test_the_fit_of_a_retriever_is_seen_and_no_word_is_broken(window, page, width):
    window.open(page, width=width)
    cell = "document.querySelector('#recall tbody td')"
    assert window.run(f"{cell}.textContent") == "yes"
    assert window.run(f"{cell}.getBoundingClientRect().right") <= width
    window.driver.execute_script("document.querySelector('#recall .scroll').style.width = '6rem'")
    lines = (
        f"(() => {{ const r = document.createRange(); r.selectNodeContents({cell}); "
        "return r.getClientRects().length; })()"
    )
    assert window.run(lines) == 1


def test_every_chart_is_named_and_no_id_is_there_twice(window, page):
    window.open(page)
    assert window.run(
        "[...document.querySelectorAll('svg')].every((s) => s.ariaLabel && s.role === 'img')"
    )
    ids = window.run("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))
    missing = (
        "[...document.querySelectorAll('use')].map((u) => u.getAttribute('href').slice(1))"
        ".filter((id) => !document.getElementById(id)).length"
    )
    assert window.run(missing) == 0


def test_without_script_everything_can_still_be_read(window, page):
    window.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        window.open(page)
        texts = window.driver.find_elements("css selector", ".query summary")
        assert texts and all(text.is_displayed() for text in texts)
        assert not window.driver.find_element("id", "search").is_displayed()
    finally:
        window.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_what_a_person_disagrees_with_is_saved_and_label_takes_it(window, page, work, tmp_path):
    window.driver.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    window.open(page)
    box = "document.querySelector('.docs .negative input')"
    window.run(f"{box}.closest('.query').open = true")
    window.run(f"{box}.click()")
    query, document = window.run(f"[{box}.dataset.query, {box}.dataset.doc]")
    window.run("document.getElementById('save').click()")
    file = tmp_path / "labels.tsv"
    for _ in range(100):
        if file.exists():
            break
        time.sleep(0.1)
    copy = shutil.copytree(work, tmp_path / "w")
    negmine.trust(copy)
    assert negmine.label(copy, file)["relevant"] == 1
    assert read_labels(Workdir(copy)).select("query_id", "doc_id").rows() == [(query, document)]
