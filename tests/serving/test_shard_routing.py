"""A request that reaches the wrong process is told which one takes the member's events."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx

from tests.serving.harness import PATHS, make_key, running
from tests.serving.test_ownership import wait_until
from tests.serving.worlds import START, payment


def test_the_wrong_shard_says_where_to_go(new_home: Callable[..., Path], postgresql: str) -> None:
    home = new_home()
    key = make_key(home, "bank-b", database_url=postgresql)
    first = {"members": ("bank-a",), "address": "https://one.example.org:8000"}
    second = {"members": ("bank-b",), "address": "https://two.example.org:8000"}
    common = {"database_url": postgresql, "console": False, "ready": False}

    def ask(client: httpx.Client, number: int, path: str = PATHS["payment"]) -> httpx.Response:
        fields = payment(number, 1, START)
        return client.post(path, json={"events": [fields]} if "batch" in path else fields)

    with running(home, **first, **common) as one:
        at_first = one.client_of(key)
        # Nobody has it yet: there is nowhere to go, and so the answer is to wait.
        wait_until(lambda: "not among CROSSFLAG_MEMBERS" in ask(at_first, 1).text)
        assert ask(at_first, 1).status_code == 503
        with running(home, **second, **common) as two:
            at_second = two.client_of(key)
            wait_until(lambda: ask(at_second, 1).status_code == 200)
            for path in (PATHS["payment"], PATHS["payment"] + "-batch"):
                answer = ask(at_first, 2, path)
                assert answer.status_code == 421
                assert answer.headers["crossflag-owner"] == second["address"]
                document = answer.json()
                assert document["owner"] == second["address"]
                assert document["type"] == "urn:crossflag:problem:misdirected"
        assert ask(at_first, 3).status_code == 503
