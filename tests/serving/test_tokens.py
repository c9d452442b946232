"""Signed tokens, verified against real key sets made here: what is let in, and what is not."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from serving import issuers, tokens
from serving.auth import Principal
from serving.errors import Invalid, Unauthorized, Unavailable
from serving.tokens import Tokens
from tests.serving.harness import PATHS, running
from tests.serving.worlds import START, payment

ISSUER = "https://id.bank-a.example"


@pytest.fixture(scope="module")
def keys() -> KeySet:
    ours = RSAKey.generate_key(2048, {"kid": "r1", "use": "sig"}, private=True)
    return KeySet([ours, ECKey.generate_key("P-256", {"kid": "e1"}, private=True)])


def entry(**more: Any) -> str:
    given = {
        "issuer": ISSUER,
        "audience": "crossflag",
        "keys": "keys.json",
        "scopes": ["score", "read"],
    } | more
    members = given.pop("members", {"bank-a": "BE"})
    lines = [f"{name} = {json.dumps(value)}" for name, value in given.items()]
    table = ", ".join(f'"{name}" = "{country}"' for name, country in members.items())
    return "[[issuer]]\n" + "\n".join(lines) + f"\nmembers = {{ {table} }}\n"


@pytest.fixture
def folder(tmp_path: Path, keys: KeySet) -> Path:
    (tmp_path / "keys.json").write_text(json.dumps(keys.as_dict(private=False)))
    (tmp_path / "issuers.toml").write_text(entry())
    return tmp_path


@pytest.fixture
def known(folder: Path) -> Tokens:
    return Tokens(issuers.read(folder / "issuers.toml"))


def token(keys: KeySet, kid: str = "r1", alg: str = "RS256", **claims: Any) -> str:
    now = int(time.time())
    given = {
        "iss": ISSUER,
        "aud": "crossflag",
        "sub": "core-banking",
        "exp": now + 300,
        "iat": now,
        "scope": "openid score review",
    } | claims
    given = {name: value for name, value in given.items() if value is not None}
    return jwt.encode({"alg": alg, "kid": kid}, given, keys.get_by_kid(kid))


def ask(known: Tokens, presented: str) -> Principal:
    return asyncio.run(known.principal(presented))


def test_a_token_says_who_and_its_issuer_bounds_what(known: Tokens, keys: KeySet) -> None:
    for presented in (token(keys), token(keys, "e1", "ES256"), token(keys, aud=["x", "crossflag"])):
        caller = ask(known, presented)
        assert (caller.kind, caller.name) == ("token", "core-banking")
        assert (caller.member, caller.country) == ("bank-a", "BE")
        # review is asked for, and not the issuer's to give.
        assert caller.scopes == {"score"}
    assert ask(known, token(keys, scope=None)).scopes == frozenset()


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"exp": int(time.time()) - 3600}, "ExpiredToken"),
        ({"exp": None}, "MissingClaim"),
        ({"exp": "soon"}, "InvalidClaim"),
        ({"nbf": int(time.time()) + 3600}, "InvalidToken|InvalidClaim"),
        ({"aud": "another"}, "InvalidClaim"),
        ({"aud": None}, "MissingClaim"),
        ({"iss": "https://id.elsewhere.example"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"sub": None}, "subject"),
        ({"sub": "a\x00b"}, "subject"),
    ],
)
def test_what_is_not_for_us_or_not_now_is_refused(
    known: Tokens, keys: KeySet, claims: dict[str, Any], said: str
) -> None:
    with pytest.raises(Unauthorized, match=said):
        ask(known, token(keys, **claims))


def encoded(part: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def hmac_signed(head: Any, claims: Any, secret: bytes) -> str:
    signed = f"{encoded(head)}.{encoded(claims)}"
    digest = hmac.digest(secret, signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def test_no_confusion_of_algorithms_lets_a_forger_in(known: Tokens, keys: KeySet) -> None:
    good = token(keys)
    head, body, signature = good.split(".")
    public = keys.get_by_kid("r1").as_pem(private=False)
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    forged = [
        # Signed with the public key as if it were a shared secret.
        hmac_signed({"alg": "HS256", "kid": "r1"}, claims, public),
        f"{encoded({'alg': 'none', 'kid': 'r1'})}.{body}.",
        f"{encoded({'alg': 'ES256', 'kid': 'r1'})}.{body}.{signature}",
        f"{encoded({'alg': 'RS256', 'kid': 'e1'})}.{body}.{signature}",
        f"{head}.{encoded(claims | {'scope': 'admin'})}.{signature}",
        f"{head}.{body}.{signature[:-8]}AAAAAAAA",
        f"{head}.{body}.",
        f"{encoded({'alg': 'RS256', 'kid': 'r1', 'jwk': public.decode()})}.{body}.{signature}",
        f"{encoded({'alg': 'RS256', 'kid': 'r1', 'crit': ['x'], 'x': 1})}.{body}.{signature}",
        "a.b.c",
        "..",
        f"{head}.{body}.{signature}" + "A" * 9000,
    ]
    assert ask(known, good)
    for presented in forged:
        with pytest.raises(Unauthorized):
            ask(known, presented)
    stranger = KeySet([RSAKey.generate_key(2048, {"kid": "r1"}, private=True)])
    with pytest.raises(Unauthorized, match="BadSignature"):
        ask(known, token(stranger))


def test_an_unknown_key_is_looked_for_and_a_rotated_one_is_found(
    folder: Path, known: Tokens, keys: KeySet, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = RSAKey.generate_key(2048, {"kid": "r2"}, private=True)
    both = KeySet([*keys.keys, fresh])
    assert ask(known, token(keys))
    (folder / "keys.json").write_text(json.dumps(both.as_dict(private=False)))
    # Asked for a moment ago: whoever sends unknown names cannot make us ask without end.
    with pytest.raises(Unauthorized, match="not among"):
        ask(known, token(both, "r2"))
    monkeypatch.setattr(tokens, "_ASK_AGAIN", 0.0)
    assert ask(known, token(both, "r2")).name == "core-banking"


def test_a_shared_secret_in_a_key_set_is_passed_over(folder: Path, keys: KeySet) -> None:
    secret = OctKey.generate_key(256, {"kid": "s1"})
    (folder / "keys.json").write_text(json.dumps({"keys": [secret.as_dict(private=True)]}))
    known = Tokens(issuers.read(folder / "issuers.toml"))
    with pytest.raises((Unauthorized, Unavailable)):
        ask(known, token(keys))


@pytest.fixture
def served(keys: KeySet) -> Iterator[tuple[str, dict[str, Any]]]:
    """A key set at an address, and what is answered there."""
    state: dict[str, Any] = {"asked": 0, "answer": json.dumps(keys.as_dict(private=False))}

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state["asked"] += 1
            body = state["answer"].encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/jwks", state
    server.shutdown()
    thread.join()
    server.server_close()


def test_keys_are_fetched_once_and_outlast_a_failure(
    folder: Path, keys: KeySet, served: tuple[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, state = served
    (folder / "issuers.toml").write_text(entry(keys=address))
    known = Tokens(issuers.read(folder / "issuers.toml"))
    for number in range(5):
        assert ask(known, token(keys, sub=f"user-{number}"))
    assert state["asked"] == 1
    state["answer"] = "no keys"
    monkeypatch.setattr(tokens, "_KEEP_KEYS", 0.0)
    assert ask(known, token(keys, sub="later"))
    assert state["asked"] == 2
    fresh = Tokens(issuers.read(folder / "issuers.toml"))
    with pytest.raises(Unavailable):
        ask(fresh, token(keys))


def test_an_issuer_of_several_members_names_one(folder: Path, keys: KeySet) -> None:
    several = {"bank-a": "BE", "bank-b": "NL"}
    (folder / "issuers.toml").write_text(entry(members=several, member_claim="org"))
    known = Tokens(issuers.read(folder / "issuers.toml"))
    caller = ask(known, token(keys, org="bank-b"))
    assert (caller.member, caller.country) == ("bank-b", "NL")
    for org in ("bank-c", None, ["bank-a"]):
        with pytest.raises(Unauthorized, match="no member"):
            ask(known, token(keys, org=org))


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"keys": "http://id.example/jwks"}, "https"),
        ({"algorithms": ["HS256"]}, "HS256"),
        ({"algorithms": ["none"]}, "none"),
        ({"members": {"a": "BE", "b": "NL"}}, "member_claim"),
        ({"members": {"a": "XX"}}, "alpha-2"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"scopes": []}, "scopes"),
        ({"secret": "x"}, "secret"),
    ],
)
def test_a_wrong_entry_is_refused(folder: Path, more: dict[str, Any], field: str) -> None:
    path = folder / "issuers.toml"
    path.write_text(entry(**more))
    with pytest.raises(Invalid) as refusal:
        issuers.read(path)
    assert field in str(refusal.value.document())


def test_a_file_that_is_none_is_refused(folder: Path) -> None:
    path = folder / "issuers.toml"
    for text in ("[[", "", "issuer = 1", entry() + entry()):
        path.write_text(text)
        with pytest.raises(Invalid):
            issuers.read(path)
    with pytest.raises(Invalid):
        issuers.read(folder / "gone.toml")


def test_the_service_takes_a_token_like_a_key(
    new_home: Callable[..., Path], folder: Path, keys: KeySet
) -> None:
    with running(new_home(), console=False, issuers=folder / "issuers.toml") as service:
        headers = {"Authorization": f"Bearer {token(keys)}"}
        with httpx.Client(base_url=service.url, headers=headers, timeout=30) as client:
            scored = client.post(PATHS["payment"], json=payment(1, 1, START))
            assert scored.status_code == 200
            assert client.post("/v1/labels", json={"labels": []}).status_code == 403
            name = scored.json()["assessment_id"]
            assert service.client.get(f"/v1/assessments/{name}").status_code == 200
            late = {"Authorization": f"Bearer {token(keys, exp=1)}"}
            assert client.get("/v1/cases", headers=late).status_code == 401
