from __future__ import annotations

from dataclasses import replace

import pytest
from fastapi import FastAPI

from tests.serving.ui import fakes as make

ACTS = ("claim", "release", "note", "decide")


def cookie(answer, name: str) -> str:
    found = [one for one in answer.headers.get_list("set-cookie") if one.startswith(f"{name}=")]
    assert len(found) == 1, answer.headers
    return found[0]


def test_signing_in_sets_a_strict_cookie_and_goes_to_the_queue(reader) -> None:
    answer = reader.sign_in()
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/queue")
    kept = cookie(answer, "crossflag_session")
    assert "HttpOnly" in kept and "SameSite=strict" in kept and "Path=/console" in kept
    assert "Secure" not in kept


def test_cookies_are_secure_over_https_or_when_set(app: FastAPI, service) -> None:
    over_tls = make.Reader(app, "https://testserver").sign_in()
    assert "Secure" in cookie(over_tls, "crossflag_session")
    service.settings = replace(service.settings, secure_cookies=True)
    answer = make.Reader(app).get("/console/sign-in")
    assert "Secure" in cookie(answer, "crossflag_sign_in")


def test_a_wrong_password_says_so_and_keeps_the_name(reader) -> None:
    token = reader.token("/console/sign-in")
    form = {"user_name": "an<a", "password": "wrong", "csrf_token": token}
    answer = reader.post("/console/sign-in", form)
    assert answer.status_code == 401
    assert "User name or password is wrong." in answer.text
    assert 'value="an&lt;a"' in answer.text
    assert "wrong" not in answer.headers.get("set-cookie", "")


def test_sign_in_without_its_token_is_refused(reader, service) -> None:
    form = {"user_name": "ana", "password": "correct horse"}
    assert reader.post("/console/sign-in", form).status_code == 403
    reader.get("/console/sign-in")
    assert reader.post("/console/sign-in", {**form, "csrf_token": "x"}).status_code == 403
    assert not service.users.sessions


@pytest.mark.parametrize("act", ACTS)
def test_an_act_without_the_sessions_token_is_refused(ana, service, act) -> None:
    before = service.cases.case
    form = {"text": "x", "disposition": "fraud_confirmed", "reason": "x"}
    for token in ({}, {"csrf_token": ""}, {"csrf_token": "csrf-of-session-9"}):
        answer = ana.post(f"/console/cases/C-1/{act}", {**form, **token})
        assert answer.status_code == 403
        assert "reload the page" in answer.text
    assert service.cases.case == before


def test_another_sessions_token_is_refused(ana, app: FastAPI) -> None:
    other = make.Reader(app)
    other.sign_in()
    token = other.token("/console/cases/C-1")
    assert ana.post("/console/cases/C-1/claim", {"csrf_token": token}).status_code == 403


@pytest.mark.parametrize("act", ACTS)
def test_an_act_without_a_session_leads_to_sign_in(reader, service, act) -> None:
    before = service.cases.case
    answer = reader.post(f"/console/cases/C-1/{act}", {"csrf_token": "csrf-of-session-0"})
    assert answer.headers["location"] == "/console/sign-in"
    assert service.cases.case == before


def test_a_deep_link_comes_back_after_sign_in(reader) -> None:
    answer = reader.get("/console/cases/C-1?window=all")
    assert answer.headers["location"] == (
        "/console/sign-in?next=%2Fconsole%2Fcases%2FC-1%3Fwindow%3Dall"
    )
    wanted = "/console/cases/C-1?window=all"
    assert reader.sign_in(wanted).headers["location"] == wanted


@pytest.mark.parametrize(
    "foreign", ["https://evil.test/", "//evil.test", "/\\evil.test", "/v1/cases", "console/queue"]
)
def test_sign_in_never_leads_out_of_the_console(reader, foreign) -> None:
    assert reader.sign_in(foreign).headers["location"] == "/console/queue"


def test_sign_out_ends_the_session(ana, service) -> None:
    token = ana.token("/console/queue")
    answer = ana.post("/console/sign-out", {"csrf_token": token})
    assert answer.headers["location"] == "/console/sign-in"
    assert not service.users.sessions
    assert ana.get("/console/queue").status_code == 303


def test_claim_note_decide_and_the_form_names_what_is_missing(ana, service) -> None:
    assert ana.act("claim").headers["location"] == "/console/cases/C-1?done=claimed"
    page = ana.get("/console/cases/C-1?done=claimed").text
    assert "You hold this case now." in page and "Decide and label 2 events" in page

    assert ana.act("note", text="called <b>her</b>").status_code == 303
    assert "called &lt;b&gt;her&lt;/b&gt;" in ana.get("/console/cases/C-1").text

    refused = ana.act("decide", disposition="", reason="", typology="mule_chain")
    assert refused.status_code == 422
    assert 'id="disposition-problem"' in refused.text and 'id="reason-problem"' in refused.text
    assert '<option value="mule_chain" selected>' in refused.text
    assert not service.cases.decided

    answer = ana.act(
        "decide", disposition="fraud_confirmed", reason="known mule", typology="", subject_role=""
    )
    assert answer.headers["location"] == "/console/cases/C-1?done=decided"
    assert service.cases.decided == [
        {
            "disposition": "fraud_confirmed",
            "reason": "known mule",
            "typology": None,
            "subject_role": None,
            "said": {},
            "harm": None,
            "seconds": 0,
        }
    ]
    decided = ana.get("/console/cases/C-1").text
    assert "Fraud confirmed" in decided and "known mule" in decided
    assert "/decide" not in decided


def test_a_case_that_another_holds_is_said_and_cannot_be_claimed(ana, service) -> None:
    service.cases.case = make.detail(summary=make.summary(state="claimed", claimed_by="marta"))
    page = ana.get("/console/cases/C-1").text
    assert "marta holds this case" in page and "/decide" not in page
    answer = ana.act("claim")
    assert answer.status_code == 409
    assert "marta holds this case." in answer.text


def test_who_may_only_read_sees_no_act(ana, service) -> None:
    session = service.users.sessions["session-0"]
    reader_only = replace(session.principal, scopes=frozenset({"read"}))
    service.users.sessions["session-0"] = replace(session, principal=reader_only)
    page = ana.get("/console/cases/C-1").text
    assert "/claim" not in page and "/note" not in page
    assert "needs the reviewer&#39;s role" in page or "needs the reviewer's role" in page
