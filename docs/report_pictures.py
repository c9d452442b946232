"""Take the pictures of the training report that the documentation shows.

    python docs/report_pictures.py REPORT.html

It opens the file at 1440 pixels, light and dark, and writes docs/images/report-*.png.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import Literal

from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).parent / "images"
PICTURES: dict[str, tuple[Literal["light", "dark"], str, int]] = {
    "report-top": ("light", "header", 1180),
    "report-groups": ("dark", "#groups", 900),
    "report-examples": ("light", "#examples", 820),
}
LARGEST = 250_000
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


def main() -> None:
    """Take every picture; one over the limit is refused."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("report", type=Path, help="a report that crossflag train wrote")
    parser.add_argument("--chromium", default=shutil.which("chromium"), help="browser to use")
    given = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=given.chromium, args=FLAGS)
        for name, (scheme, part, height) in PICTURES.items():
            page = browser.new_page(color_scheme=scheme, viewport={"width": 1440, "height": height})
            page.goto(given.report.resolve().as_uri())
            page.locator(part).evaluate("one => window.scrollTo(0, one.offsetTop - 12)")
            path = IMAGES / f"{name}.png"
            page.screenshot(path=path, clip={"x": 140, "y": 0, "width": 1160, "height": height})
            size = path.stat().st_size
            if size > LARGEST:
                sys.exit(f"{path.name} has {size:,} bytes, more than {LARGEST:,}: show less")
            print(f"{path.name}: {size:,} bytes")
        browser.close()


if __name__ == "__main__":
    main()
