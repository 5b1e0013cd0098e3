"""Take the screenshots of docs/how-to/read-the-report.md: `make screenshots`, after `make demo`.

Needs chromium and chromedriver (Debian: chromium, chromium-driver). Shows the demo alone, whose data may be
shown.
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path
from typing import Any

import negmine

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
sys.path.insert(0, str(ROOT))

OPEN = (
    "kind.value = 'closest'; kind.dispatchEvent(new Event('change')); "
    "document.querySelector('.query:not([hidden])').open = true;"
)
SHOTS: tuple[tuple[str, int, int, bool, str, str], ...] = (
    ("report-wide-light", 1100, 820, False, "body", ""),
    ("report-example-dark", 1100, 900, True, ".query:not([hidden])", OPEN),
    ("report-scores-light", 1100, 900, False, "#scores", ""),
    ("report-narrow-light", 360, 740, False, "#funnel", ""),
)
"""Name, width, height, dark, what to scroll to, what to do first."""


def main() -> None:
    """Make the demo's report, and a picture of each of its parts."""
    from tests.analysis.report.conftest import Window, started

    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "demo-report.html"
        negmine.report(ROOT / "demo", html=page)
        with started() as driver:
            for name, width, height, dark, place, script in SHOTS:
                Window(driver).open(page, width, height, dark)
                top = f"document.querySelector('{place}').getBoundingClientRect().top - 56"
                driver.execute_script(f"{script} window.scrollTo(0, scrollY + {top});")
                save(driver.get_screenshot_as_png(), IMAGES / f"{name}.png")


def save(png: bytes, path: Path) -> None:
    """Write a small PNG: 128 colours are enough for text and flat charts."""
    from PIL import Image

    picture: Any = Image.open(io.BytesIO(png)).convert("RGB")
    picture = picture.quantize(128, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    picture.save(path, optimize=True)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
