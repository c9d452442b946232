from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import pytest
from httpx import AsyncClient

from serving.cases import CountryNote
from serving.ui import words
from serving.ui.http import STATIC
from tests.serving.ui import fakes as make

CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; script-src 'self'; "
    "connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
PAGES = ("/console/queue", "/console/cases/C-1", "/console/models", "/console/nowhere")


def test_the_front_leads_to_the_queue_by_way_of_sign_in(reader) -> None:
    assert reader.get("/").headers["location"] == "/console"
    assert reader.get("/console").headers["location"] == "/console/queue"
    assert reader.get("/console/queue").headers["location"] == "/console/sign-in"


@pytest.mark.parametrize("page", [*PAGES, "/console/sign-in", "/console/cases/C-404"])
def test_every_page_carries_the_security_headers(ana, page) -> None:
    headers = ana.get(page).headers
    assert headers["content-security-policy"] == CSP
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


def scripts(text: str) -> list[str]:
    """Return the scripts of a page that are not files of the console's own."""
    own = r'<script defer src="/console/static/[a-z_]+\.js\?v=\w+"></script>'
    return re.findall(r"<script[^>]*>", re.sub(own, "", text))


def test_redirects_and_refusals_carry_the_policy_too(reader) -> None:
    for answer in (reader.get("/console/queue"), reader.post("/console/sign-in", {})):
        assert answer.headers["content-security-policy"] == CSP


def test_no_page_holds_inline_style_or_script_or_foreign_address(ana, service) -> None:
    service.cases.case = replace(service.cases.case, timeline_cut=True)
    for page in PAGES:
        text = ana.get(page).text
        assert not re.search(r"<[^>]*\s(style|on\w+)=", text), page
        assert scripts(text) == [] and "<style" not in text
        assert not re.search(r'(href|src|action)="(https?:)?//', text), page


def test_the_style_sheet_keeps_and_is_named_by_its_content(ana) -> None:
    address = re.search(r'href="(/console/static/console\.css\?v=\w+)"', ana.get(PAGES[0]).text)
    assert address
    answer = ana.get(address[1])
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-security-policy"] == CSP


def test_keys_are_listed_and_each_has_something_to_act_on(ana) -> None:
    text = ana.get("/console/queue").text + ana.get("/console/cases/C-1").text
    script = (STATIC / "console.js").read_text()
    for keys, does in words.KEYS:
        assert does in text
        one = keys[-1]
        assert (
            f'data-key="{one}"' in text
            or f'data-go="{one}"' in text
            or re.search(rf"^ *\"?{re.escape(one)}\"?: \(\) =>", script, re.M)
            or one == "Enter"
        ), one


def test_the_queue_shows_cases_by_name_reason_and_corridor(ana) -> None:
    text = ana.get("/console/queue").text
    assert "1 case:" in text
    assert "Lucia Ejemplo" in text
    assert "4 payments to new payees in 24 hours" in text
    assert 'title="Romania"' in text
    assert "7,812 EUR" in text


def test_an_empty_queue_teaches(ana, service) -> None:
    service.cases.queued = []
    text = ana.get("/console/queue").text
    assert "Nothing waits for you" in text
    assert "/v1/payments/score" in text


def queued(count: int):
    return [
        make.summary(
            f"C-{number}",
            subject=f"cust-{number}",
            subject_name=f"Person {number}",
            advice="urgent" if number % 2 else "review",
            streams=("access",) if number % 3 == 0 else ("payment",),
        )
        for number in range(1, count + 1)
    ]


def numbers(text: str) -> list[int]:
    return [int(found) for found in re.findall(r"/console/cases/C-(\d+)", text)]


def test_pages_of_the_queue_follow_each_other_without_gap_or_repeat(ana, service) -> None:
    service.cases.queued = queued(120)
    seen, address = [], "/console/queue"
    for _ in range(3):
        text = ana.get(address).text
        seen += numbers(text)
        following = re.search(r'rel="next" href="([^"]*)"', text)
        address = "/console/queue" + following[1].replace("&amp;", "&") if following else ""
    assert seen == list(range(1, 121))
    assert address == ""


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("advice=urgent&stream=access", {"advice": "urgent", "stream": "access"}),
        ("text=+person+117+", {"text": "person 117"}),
        ("corridor=es+-+ro", {"debtor_country": "ES", "creditor_country": "RO"}),
        ("corridor=>RO", {"debtor_country": None, "creditor_country": "RO"}),
        ("corridor=nowhere", {"debtor_country": None, "creditor_country": None}),
        ("age=3d%2B", {"older_than": 3 * 86_400_000_000, "younger_than": None}),
        ("age=1d", {"older_than": None, "younger_than": 86_400_000_000}),
        ("amount_from=1,000&amount_to=x", {"amount_from": 100_000, "amount_to": None}),
        ("state=mine", {"states": ("open", "claimed"), "claimed_by": "ana"}),
        ("state=late&found_by=novelty", {"late": True, "novel": True}),
        ("typology=mule_chain&suspicion=fan-in", {"typology": "mule_chain"}),
        ("state=nonsense&advice=nonsense&age=9", {"states": ("open", "claimed"), "advice": None}),
    ],
)
def test_the_address_says_what_the_queue_is_asked_for(ana, service, asked, wanted) -> None:
    assert ana.get(f"/console/queue?{asked}").status_code == 200
    asked_for = vars(service.cases.asked[-1])
    assert {name: asked_for[name] for name in wanted} == wanted


def test_the_queue_says_until_when_a_case_is_due_and_who_looks_at_it(ana, service) -> None:
    far, near = make.NOW.replace(year=2099), make.NOW
    service.cases.queued = [make.summary("C-1", due_at=far), make.summary("C-2", due_at=near)]
    service.cases.presence.look("local", "C-2", "marta")
    service.cases.presence.look("local", "C-2", "ana")
    text = ana.get("/console/queue").text
    assert re.search(r'class="badge due"[^>]*>due in', text)
    assert re.search(r'class="badge late"[^>]*>late by', text)
    assert re.findall(r"◉ ([^<]*)<", text) == ["marta"]


def test_a_search_that_fits_nothing_says_how_to_search(ana, service) -> None:
    service.cases.queued = []
    text = ana.get("/console/queue?text=nobody").text
    assert "No case fits this selection" in text
    assert 'value="nobody"' in text


def test_the_case_page_has_everything_on_it(ana) -> None:
    text = ana.get("/console/cases/C-1?window=all").text
    for part in (
        "Lucia Ejemplo paid 8,400 EUR in 2 payments",
        "Why it was flagged",
        "Payments and access together",
        "Login failed",
        "ES91 2100 0418 4502 0005 1332",
        "Spain to Romania",
        "invoice 12",
        "payments 0a1b2c3d4e5f",
        "Claim this case",
    ):
        assert part in text, part
    assert text.count('class="flagged"') == 2


def test_the_case_says_whose_history_a_flag_rests_on(ana, service) -> None:
    assert "It rests on this member's own history" in ana.get("/console/cases/C-1").text
    pooled = make.assessment("p-1", pool="agreement:PSI-1")
    flagged = make.payment("p-1", make.NOW, assessment=pooled)
    service.cases.case = make.detail(timeline=(flagged,))
    text = ana.get("/console/cases/C-1").text
    assert "history shared under agreement <code>PSI-1</code>" in text
    assert "own history" not in text


def test_many_flags_and_added_events_fold_together(ana, service) -> None:
    payments = [make.payment(f"p-{place}", make.NOW) for place in range(9)]
    added = [make.HistoryEntry(make.NOW, "crossflag", "event_added", f"p-{n}") for n in range(8)]
    opened = make.HistoryEntry(make.NOW, "crossflag", "opened", "p-0")
    service.cases.case = make.detail(timeline=tuple(payments), history=(opened, *added))
    text = ana.get("/console/cases/C-1").text
    assert "6 more flagged events" in text
    assert "8 events added" in text
    assert text.count("<details open>") == 1
    assert text.count('<ol class="reasons">') == 9


def test_hostile_names_and_texts_stay_text(ana, service) -> None:
    hostile = make.HOSTILE
    event = {"creditor_name": hostile, "remittance_text": hostile, "creditor_account": hostile}
    access = {"user_agent": hostile, "device_id": hostile, "resource": hostile}
    summary = make.summary(subject_name=hostile, subject=hostile, first_reason=hostile)
    note = make.HistoryEntry(make.NOW, hostile, "noted", hostile)
    service.cases.queued = [summary]
    service.cases.case = make.detail(
        summary=summary,
        timeline=(
            make.payment("p-1", make.NOW, event=event),
            make.access("l-1", make.NOW, event=access),
        ),
        parties=(make.Party(hostile, None, "creditor", hostile, "RO", hostile, 1, 1),),
        notes=(note,),
        history=(note,),
    )
    for page in ("/console/queue", "/console/cases/C-1", "/console/queue?text=<script>"):
        text = ana.get(page).text
        assert scripts(text) == []
        assert "&lt;script&gt;" in text


def test_a_case_that_is_not_there_is_a_page_that_helps(ana) -> None:
    answer = ana.get("/console/cases/C-404")
    assert answer.status_code == 404
    assert "There is no case C-404." in answer.text
    assert 'href="/console/queue"' in answer.text


def test_a_broken_page_tells_nothing_of_the_inside(ana, service, caplog) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError(" ".join(["secret", "detail"]))

    service.cases.detail = broken
    answer = ana.get("/console/cases/C-1")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert "RuntimeError" in caplog.text
    assert "secret detail" not in caplog.text


def test_the_models_page_names_what_is_missing(ana) -> None:
    text = ana.get("/console/models").text
    assert "No champion for payment: run crossflag train --promote." in text


def test_the_models_page_shows_version_thresholds_and_promotions(ana, service) -> None:
    service.champions.bundles["payment"] = SimpleNamespace(
        name="payments",
        version="0a1b2c3d4e5f",
        thresholds=SimpleNamespace(review=0.12, urgent=0.55, reviews_per_day=40),
        features=[("amount", 1)],
        metrics={"average_precision": 0.7123},
    )
    room = service.champions.models_dir / "payment"
    room.mkdir()
    record = (
        '{"stream": "payment", "name": "payments", "version": "0a1b2c3d4e5f", "previous": null,'
        ' "action": "promote", "by": "sam", "why": "<first>", "at": "2026-05-01T08:00:00+00:00"}\n'
    )
    (room / "promotions.jsonl").write_text(record)
    text = ana.get("/console/models").text
    for part in ("0a1b2c3d4e5f", "12 %", "55 %", "0.712", "Average precision", "&lt;first&gt;"):
        assert part in text, part


def test_the_console_takes_forms_only(ana) -> None:
    body = {"content": b"{}", "headers": {"content-type": "application/json"}}
    assert isinstance(ana.http, AsyncClient)
    assert ana.post("/console/cases/C-1/claim", {}, **body).status_code == 400
    answer = ana.act("note", text="x" * 70_000)
    assert answer.status_code == 413


def test_the_case_tells_how_the_fatf_lists_its_countries(ana, service) -> None:
    assert "Financial Action Task Force" not in ana.get("/console/cases/C-1").text
    note = CountryNote("RO", date(2026, 3, 1), "increased_monitoring", "a <statement>")
    service.cases.case = replace(service.cases.case, countries=(note,))
    text = " ".join(ana.get("/console/cases/C-1").text.split())
    assert "Romania was under increased monitoring by the Financial Action Task Force" in text
    assert "on 2026-03-01." in text
    assert "Source: a &lt;statement&gt;." in text
