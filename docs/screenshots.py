"""Take the pictures of the console that the documentation shows.

Run it against a service that has cases, for example the one that `make demo` leaves running:

    python docs/screenshots.py http://127.0.0.1:8000 reviewer PASSWORD

It signs in, takes the queue and its first case at 1440 pixels, and writes them to docs/images/.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

IMAGES = Path(__file__).parent / "images"
SIZES = {"console-queue": (1440, 900), "console-case": (1440, 1200)}
LARGEST = 250_000
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


def main() -> None:
    """Take every picture; a picture over the limit is refused."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url", help="address of a running service")
    parser.add_argument("user", help="name of a reviewer")
    parser.add_argument("password", help="the reviewer's password")
    parser.add_argument("--case", help="case to show, such as C-17 [the queue's first]")
    parser.add_argument("--chromium", default=shutil.which("chromium"), help="browser to use")
    given = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=given.chromium, args=FLAGS)
        page = browser.new_page(color_scheme="light")
        page.goto(f"{given.url}/console")
        page.get_by_label("User name").fill(given.user)
        page.get_by_label("Password").fill(given.password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/console/queue")
        picture(page, "console-queue")
        first = page.locator("a.subject").first.get_attribute("href")
        page.goto(given.url + (f"/console/cases/{given.case}" if given.case else str(first)))
        picture(page, "console-case")
        browser.close()


def picture(page: Page, name: str) -> None:
    """Save what the window shows."""
    width, height = SIZES[name]
    page.set_viewport_size({"width": width, "height": height})
    path = IMAGES / f"{name}.png"
    page.screenshot(path=path)
    size = path.stat().st_size
    if size > LARGEST:
        sys.exit(f"{path.name} has {size:,} bytes, more than {LARGEST:,}: show less")
    print(f"{path.name}: {size:,} bytes")


if __name__ == "__main__":
    main()
