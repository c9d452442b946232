"""The console as people meet it: the real service, a real store, a headless Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

import orjson
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from serving import users
from serving.store.database import Database
from tests.serving.harness import Running, running
from tests.serving.worlds import START, history, theft

pytestmark = pytest.mark.browser
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
PASSWORD = "correct horse battery"
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"
WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation",
  (event) => window.violations.push(event.violatedDirective + " " + event.blockedURI));
"""


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def world(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A running service in which two customers were robbed, one of whom has a hostile name."""
    home = tmp_path_factory.mktemp("console")
    copytree(trained / "models", home / "models")
    database = Database(home / "crossflag.db")
    for name in ("ana", "marta"):
        users.create(
            database,
            user_name=name,
            password=PASSWORD,
            role="reviewer",
            member="bank-a",
            country="BE",
            display_name=name.capitalize(),
        )
    database.close()
    with running(home) as service:
        play(service)
        yield service


def play(service: Running) -> None:
    noon = START + timedelta(days=4, hours=12)
    hostile = {"debtor_name": HOSTILE, "creditor_name": HOSTILE, "remittance_text": HOSTILE}
    events = [
        *history(days=4),
        *(
            (stream, fields | (hostile if stream == "payment" else {"user_agent": HOSTILE}), fraud)
            for stream, fields, fraud in theft(9_000, 3, noon)
        ),
        *theft(9_500, 5, noon + timedelta(hours=1)),
    ]
    for stream, fields, _ in events:
        service.score(stream, fields)


class Visitor:
    """A signed-in page that remembers everything a browser complained about."""

    def __init__(self, page: Page, url: str, name: str) -> None:
        self.page = page
        self.url = url
        self.complaints: list[str] = []
        page.add_init_script(WATCH)
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", self._dialog)
        page.on("requestfinished", self._request)
        self.go("/console")
        page.get_by_label("User name").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page).to_have_title("Queue · Crossflag")

    def go(self, path: str) -> None:
        self.page.goto(self.url + path)

    def check(self) -> None:
        """Fail when the browser complained, on this page or an earlier one."""
        self.complaints += self.page.evaluate("window.violations")
        assert self.complaints == []

    def _dialog(self, dialog: Any) -> None:
        self.complaints.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Any) -> None:
        if not request.url.startswith(self.url):
            self.complaints.append(f"request to {request.url}")


@pytest.fixture
def ana(browser: Browser, world: Running) -> Iterator[Visitor]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    visitor = Visitor(context.new_page(), world.url, "ana")
    yield visitor
    context.close()


def hostile_case(visitor: Visitor) -> str:
    """Go to the case of the hostile name and return its path."""
    visitor.go("/console/queue?state=all")
    visitor.page.get_by_role("link", name=HOSTILE).click()
    expect(visitor.page.get_by_role("heading", level=1)).to_contain_text(HOSTILE)
    return visitor.page.url.removeprefix(visitor.url).partition("?")[0]


def test_from_sign_in_to_a_label(ana: Visitor, world: Running) -> None:
    page = ana.page
    expect(page.get_by_role("table")).to_contain_text("Customer 5")
    path = hostile_case(ana)
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text("paid 17,400 EUR in 6 payments to 6 accounts in Lithuania")
    assert page.locator("h1 img, h1 script, td img, td script").count() == 0
    for part in ("Why it was flagged", "Payments and access together", "Parties and corridors"):
        expect(page.get_by_role("heading", name=part)).to_be_visible()
    assert page.locator(".reasons .say").count() >= 1
    assert page.locator(".picture svg .svg-flagged").count() >= 6

    page.get_by_role("button", name="Claim this case").click()
    expect(page.get_by_role("status")).to_contain_text("You hold this case now")
    page.get_by_label("Add a note").fill("Called the customer.\n" + HOSTILE)
    page.get_by_role("button", name="Save note").click()
    expect(page.locator(".note")).to_contain_text(HOSTILE)

    page.get_by_role("button", name="Decide and label").click()
    assert page.url.endswith("?done=noted"), "the browser asks for the disposition first"
    page.get_by_label("Fraud confirmed").check()
    page.locator("#reason").fill("The customer did not make these payments.")
    page.get_by_label("Kind", exact=True).select_option("account_takeover")
    page.get_by_label("The subject was").select_option("victim")
    page.get_by_role("button", name="Decide and label").click()
    expect(page.get_by_role("status")).to_contain_text("Decided.")
    expect(page.get_by_role("heading", name="Decision").locator("..")).to_contain_text(
        "The customer did not make these payments."
    )
    ana.check()

    case = world.client.get(path.replace("/console", "/v1")).json()
    flagged = [one for one in case["timeline"] if one["in_case"]]
    exported = world.client.get("/v1/labels").text.splitlines()
    labels = [orjson.loads(line) for line in exported]
    assert {(one["stream"], one["event_id"]) for one in labels} == {
        (one["stream"], one["event_id"]) for one in flagged
    }
    for label in labels:
        assert label["is_fraud"] is True
        assert label["typology"] == "account_takeover"
        assert label["subject_role"] == "victim"
        assert label["source"] == "reviewer"
    ana.go("/console/queue")
    expect(page.get_by_role("table")).not_to_contain_text(HOSTILE)


def test_two_reviewers_cannot_hold_one_case(ana: Visitor, browser: Browser, world: Running) -> None:
    context = browser.new_context()
    marta = Visitor(context.new_page(), world.url, "marta")
    for visitor in (ana, marta):
        visitor.page.get_by_role("link", name="Customer 5").click()
    ana.page.get_by_role("button", name="Claim this case").click()
    marta.page.get_by_role("button", name="Claim this case").click()
    expect(marta.page.get_by_role("alert")).to_contain_text("is held by ana")
    ana.page.get_by_role("button", name="Release it").click()
    expect(ana.page.get_by_role("status")).to_contain_text("back in the queue")
    ana.check()
    context.close()


def test_the_keyboard_reaches_the_content_first(ana: Visitor) -> None:
    ana.page.keyboard.press("Tab")
    skip = ana.page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    ana.page.keyboard.press("Enter")
    expect(ana.page.get_by_role("main")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 820, 390])
def test_no_page_is_wider_than_the_window(ana: Visitor, width: int, scheme: str) -> None:
    page = ana.page
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 900})
    for path in ("/console/queue", hostile_case(ana) + "?window=all", "/console/models"):
        ana.go(path)
        beyond = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert beyond <= 0, f"{path} is {beyond} px wider than {width}"
    ana.check()


def test_the_models_page_shows_the_champions(ana: Visitor) -> None:
    ana.page.get_by_role("link", name="Models").click()
    expect(ana.page.get_by_role("main")).to_contain_text("tiny-payment")
    expect(ana.page.get_by_role("main")).to_contain_text("a tiny model for tests")
    ana.check()


def test_an_open_page_hears_what_changes_and_who_looks(
    ana: Visitor, browser: Browser, world: Running
) -> None:
    """By server-sent events: the queue offers news, and each of two readers sees the other."""
    context = browser.new_context()
    marta = Visitor(context.new_page(), world.url, "marta")
    ana.go("/console/queue?state=all")
    address = ana.page.get_by_role("link", name="Customer 5").get_attribute("href")
    marta.go(str(address))
    expect(ana.page.locator("[data-looking]", has_text="marta")).to_be_visible()
    marta.page.get_by_label("Add a note").fill("Looked at the logins.")
    marta.page.get_by_role("button", name="Save note").click()
    expect(ana.page.locator("#news")).to_contain_text("1 changed meanwhile")
    ana.page.locator("#news").get_by_role("link", name="Show").click()
    ana.go(str(address))
    expect(marta.page.locator("#looking")).to_contain_text("ana looks at it too")
    ana.check()
    marta.check()
    context.close()


def test_keys_take_the_reader_through_and_can_be_switched_off(ana: Visitor) -> None:
    page = ana.page
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator("a.subject").first).to_be_focused()
    page.keyboard.press("x")
    expect(page.locator("input[name=case]").first).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Decision")).to_be_visible()
    page.keyboard.press("l")
    expect(page.get_by_role("heading", name="Links to other cases")).to_be_focused()
    page.keyboard.press("u")
    expect(page).to_have_title("Queue · Crossflag")
    page.get_by_role("button", name="Keys").click()
    page.get_by_label("Keys are on in this browser").uncheck()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).not_to_be_focused()
    ana.check()


def test_take_next_then_several_with_undo(ana: Visitor) -> None:
    page = ana.page
    page.get_by_role("button", name="Take next").click()
    expect(page.get_by_role("status")).to_contain_text("You hold this case now")
    page.get_by_role("button", name="Release it").click()
    ana.go("/console/queue")
    boxes = page.locator("input[name=case]")
    count = boxes.count()
    for box in boxes.all():
        box.check()
    page.get_by_role("button", name="Claim …").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"Claim {count} case")
    page.get_by_role("button", name="Claim", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text(f"Claimed {count} case")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status")).to_contain_text(f"Released {count} case")
    ana.check()


def test_a_case_reads_without_a_script_and_prints_whole(browser: Browser, world: Running) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(world.url + "/console")
    page.get_by_label("User name").fill("ana")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.locator("a.subject").first.click()
    for part in ("Why it was flagged", "Parties and corridors", "Links to other cases"):
        expect(page.get_by_role("heading", name=part)).to_be_visible()
    expect(page.locator("svg.map")).to_be_visible()
    expect(page.locator("[data-opens-keys], .tools, button.copy:visible")).to_have_count(1)
    page.emulate_media(media="print")
    expect(page.locator(".bar")).to_be_hidden()
    expect(page.get_by_role("heading", name="Links to other cases")).to_be_visible()
    context.close()
