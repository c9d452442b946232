"""Scripts of names and texts, and what a user agent gives away."""

from __future__ import annotations

from datetime import date

import pytest

from features.columns import clients, texts
from features.columns.access import ACCESS_COLUMNS, MAIL_RULE_WORDS
from features.columns.kinds import Mapped
from features.reference import Reference

CYRILLIC = "\u0410\u043d\u043d\u0430 \u041b\u0438\u043c\u0430"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/{}.0 Safari/537.36"
SAFARI = "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1 Version/18.4 Safari/605.1"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ana Lima", "Latin letters"),
        ("Łukasz Müller", "Latin letters"),
        ("Ana Lima 1º", "Latin letters"),
        (CYRILLIC, "another script"),
        ("田中 さくら", "another script"),
        (f"{CYRILLIC} Lima", "several scripts"),
        # A Cyrillic letter before Latin letters, and a full-width letter among plain ones.
        ("\u0410na Lima", "scripts mixed in one word"),
        ("Ana \uff2cima", "scripts mixed in one word"),
        ("Ana 田中", "several scripts"),
    ],
)
def test_scripts_of_a_name(reference: Reference, text: str, words: str) -> None:
    code = texts.script(reference, text)
    assert code is not None and texts.SCRIPT_WORDS[code] == words


@pytest.mark.parametrize("text", [None, "", "1234-56", "№ 12"])
def test_without_a_letter_there_is_no_script(reference: Reference, text: str | None) -> None:
    assert texts.script(reference, text) is None


def test_names_are_equal_but_for_case_accents_and_order(reference: Reference) -> None:
    same = [texts.name(reference, name) for name in ("Ana Lima", "LIMA, Ána", "lima ana")]
    assert len(set(same)) == 1
    assert texts.name(reference, "Ana Lim") != same[0]


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (CHROME.format(136), "a browser"),
        (SAFARI, "a browser"),
        (CHROME.format(136).replace("Chrome", "HeadlessChrome"), "a browser without a screen"),
        ("curl/8.9.1", "a script or library"),
        ("python-requests/2.32.3", "a script or library"),
        ("BAV2ROPC", "a script or library"),
        ("CrossbankMobile/8.4.1 (iOS 18.3; iPhone15,4)", "an app"),
        ("AnyDesk/8.0.9", "remote-access software"),
        ("TeamViewer 15", "remote-access software"),
        ("Outlook-Desktop/16", "something else"),
    ],
)
def test_kinds_of_client(reference: Reference, user_agent: str, words: str) -> None:
    code = clients.kind(reference, user_agent)
    assert code is not None and clients.CLIENT_WORDS[code] == words


@pytest.mark.parametrize(
    ("application", "user_agent", "expected"),
    [
        ("web_bank", CHROME.format(136), 0),
        ("mobile_app", "CrossbankMobile/8.4.1 (iOS 18.3; iPhone15,4)", 0),
        ("mobile_app", CHROME.format(136), 1),
        ("web_bank", "python-requests/2.32.3", 1),
        (None, "Mozilla/5.0 (Windows NT 10.0) Version/18.4 Safari/605.1", 1),
        (None, "Mozilla/5.0 (iPhone; Windows NT 10.0) Safari/605.1", 1),
        ("mail", "Outlook-Desktop/16", 0),
        ("mail", None, None),
    ],
)
def test_a_client_that_contradicts_itself(
    reference: Reference, application: str | None, user_agent: str | None, expected: int | None
) -> None:
    assert clients.mismatch(reference, application, user_agent) == expected


@pytest.mark.parametrize(
    ("application", "user_agent", "expected"),
    [
        ("AnyDesk", None, 1),
        ("remote_access", None, 1),
        ("Any Desk 8", CHROME.format(136), 1),
        ("web_bank", "RustDesk/1.3", 1),
        ("web_bank", CHROME.format(136), 0),
        ("mail", None, 0),
        (None, None, 0),
        # Words that only hold such a name.
        ("convnced", "Mobile/1", 0),
    ],
)
def test_remote_access_software(
    reference: Reference, application: str | None, user_agent: str | None, expected: int
) -> None:
    assert clients.is_remote_access(reference, application, user_agent) == expected


def test_the_age_of_a_browser_counts_from_its_release(reference: Reference) -> None:
    released = clients.released(reference, CHROME.format(90))
    assert released == (date(2021, 4, 14) - date(1970, 1, 1)).days
    noon = (date(2021, 4, 24) - date(1970, 1, 1)).days * 86_400_000_000 + 43_200_000_000
    assert clients.age_in_days(noon, released) == 10
    assert clients.age_in_days(0, released) == 0
    assert clients.released(reference, "curl/8.9.1") is None


@pytest.mark.parametrize(
    ("action", "resource", "words"),
    [
        ("mail_rule", "forward to colleague", "a rule that forwards mail"),
        ("mail_rule", "redirect: x@example.org", "a rule that forwards mail"),
        ("mail_rule", "move to RSS feeds", "a rule that hides or deletes mail"),
        ("mail_rule", "delete", "a rule that hides or deletes mail"),
        ("mail_rule", "move to folder", "a plain mail rule"),
        ("mail_rule", None, "a plain mail rule"),
        ("download", "delete", "no mail rule"),
    ],
)
def test_kinds_of_mail_rule(
    reference: Reference, action: str, resource: str | None, words: str
) -> None:
    (column,) = [one for one in ACCESS_COLUMNS if one.name == "mail_rule"]
    assert isinstance(column, Mapped)
    code = column.function(reference, action, resource)
    assert code is not None and MAIL_RULE_WORDS[code] == words
