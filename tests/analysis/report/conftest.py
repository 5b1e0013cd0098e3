"""A finished run whose texts are hostile, its report, and a browser that looks at it."""

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

import negmine
from tests.conftest import DOCUMENTS, QRELS, QUERIES, write_beir, write_vectors

SCRIPT = "<script>window.pwned = 1</script>"
HOSTILE = {
    "evil-1": (
        SCRIPT,
        f'Green tea </script></textarea></details>{SCRIPT} <img src=x onerror="pwned=1">',
    ),
    'evil-2"><b onclick=x>': (
        "",
        "Cats sleep ' onmouseover=pwned=1 \u2028\u2029 ]]> <!-- {{ 7 * 7 }} $x_1$ &lt;b&gt;",
    ),
    "evil-3": (
        "",
        '<svg onload="window.pwned=1"><a href="javascript:pwned=1">sort a list</a></svg>',
    ),
    "evil-4": (
        "",
        "<link rel=stylesheet href=http://example.org/x.css><iframe src=http://example.org>",
    ),
}
QUESTION = f'largest snake {SCRIPT}"><img src=http://example.org/x.png onerror=pwned=1>'
FLAGS = {"relative_margin": 0.05, "no_risk": True, "num_negatives": 3, "k": 8}
BROWSER = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --hide-scrollbars"
)


def mined(folder, **flags):
    """Mine the tiny collection with hostile documents and one hostile query; return the work directory."""
    documents = DOCUMENTS | HOSTILE
    queries = QUERIES | {"q8": QUESTION}
    data = write_beir(folder / "data", documents, queries, [*QRELS, ("q8", "evil-3", 1)])
    vectors = write_vectors(data, documents, queries)
    return negmine.mine(folder / "w", data=data, **FLAGS | vectors | flags).work


@pytest.fixture(scope="session")
def work(tmp_path_factory):
    return mined(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="session")
def report(work):
    return negmine.report(work, html=work.parent / "page.html", json=work.parent / "page.json")


@pytest.fixture
def page(work, report):
    return work.parent / "page.html"


@contextmanager
def started():
    """Start Chromium with an empty profile, headless; skip where the machine has none."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    places = shutil.which("chromium"), shutil.which("chromedriver")
    if None in places:
        pytest.skip(
            "chromium and chromedriver are not installed (Debian: chromium, chromium-driver)"
        )
    options = webdriver.ChromeOptions()
    options.binary_location = places[0]
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for flag in (*BROWSER.split(), f"--user-data-dir={profile}"):
            options.add_argument(flag)
        driver = webdriver.Chrome(options, webdriver.ChromeService(places[1]))
        try:
            yield driver
        finally:
            driver.quit()


@pytest.fixture(scope="session")
def chromium():
    """Chromium, driven."""
    with started() as driver:
        yield driver


class Window:
    """One page in the browser, at some size, in the dark or not."""

    def __init__(self, driver):
        self.driver = driver

    def open(self, page, width=1200, height=900, dark=False):
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        for log in ("browser", "performance"):
            self.driver.get_log(log)
        self.driver.get(Path(page).resolve().as_uri())
        return self

    def run(self, script):
        return self.driver.execute_script(f"return {script}")

    def press(self, *keys):
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)


@pytest.fixture
def window(chromium):
    return Window(chromium)
