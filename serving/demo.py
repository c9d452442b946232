"""`crossflag demo`: the whole loop on the sample data, from training to the first flag."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from bisect import bisect_left
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

import httpx
import orjson

from features.errors import CrossflagError
from features.events import Label
from serving import demo_review, history, keys, users
from serving.cli.history import read_arrivals
from serving.settings import Settings
from serving.store.database import Database

SAMPLE = Path(__file__).parents[1] / "data_samples"
MEMBER, COUNTRY, USER = "Demo Bank", "BE", "reviewer"
DAYS_PLAYED = 3
_PATHS = {
    "payment": "/v1/payments/score-batch",
    "access": "/v1/access-events/score-batch",
    "label": "/v1/labels",
}
_PER_REQUEST = 100
_DAY = 86_400_000_000
_PATIENCE = 120.0
_MARK = "demo.txt"
_OWN_STORE = ("CROSSFLAG_DATABASE_URL", "CROSSFLAG_MEMBERS")
_STARTED = time.monotonic()


def run(home: Path, host: str, port: int, once: bool, as_json: bool) -> None:
    """Train both models, start the service, play the sample's last days, and show a flag.

    `home` is made anew, but only if a demo made it. With `once` it stops by itself, else it serves
    until it is interrupted.
    Raises CrossflagError when the sample is missing, the port is taken, `home` holds anything
    else, or a step fails.
    """
    _check(host, port)
    _make_anew(home)
    _say("training both models on the sample's first months; loading them as history beside it")
    with ThreadPoolExecutor() as threads, ExitStack() as stack:
        training = threads.submit(_train, home)
        past, last_days = _sample()
        key, password = _prepare(home, past)
        address = stack.enter_context(_service(home, host, port))
        models = training.result()
        _wait(address, home / "service.log")
        _say(f"service ready; playing the last {DAYS_PLAYED} days through the HTTP API")
        with httpx.Client(
            base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=_PATIENCE
        ) as client:
            played = _play(client, last_days)
            cases = _count_cases(client)
            worked = demo_review.work(client, demo_review.truths(_labels(past, last_days)))
            told = ", ".join(f"{count} {state}" for state, count in sorted(worked.items()))
            _say(f"reviewers worked on some of the cases: {told}")
        summary = {
            "payments_scored": played.scored["payment"],
            "access_events_scored": played.scored["access"],
            "labels_posted": played.labels,
            "flagged": played.flagged,
            "cases": cases,
            "worked_on": dict(worked),
            "models": models,
            "first_flag": played.first_flag,
            "strongest_flag": played.strongest_flag,
            "seconds": round(time.monotonic() - _STARTED, 1),
        }
        if as_json:
            print(orjson.dumps(summary, option=orjson.OPT_INDENT_2).decode(), flush=True)
        else:
            _show(summary)
        if not once:
            print(
                f"\n  console   {address}/\n  sign in   {USER} / {password}\n"
                f"  API       {address}/openapi.json\n  MLflow    mlflow ui --backend-store-uri "
                f"sqlite:///{home}/mlflow.db\n\nStop with Ctrl-C.",
                file=sys.stderr if as_json else sys.stdout,
                flush=True,
            )
            with contextlib.suppress(KeyboardInterrupt):
                while True:
                    time.sleep(3600)


@dataclass
class _Played:
    scored: dict[str, int]
    labels: int = 0
    flagged: int = 0
    first_flag: dict[str, Any] | None = None
    strongest_flag: dict[str, Any] | None = None


def _check(host: str, port: int) -> None:
    if not (SAMPLE / "payments.parquet").exists():
        raise CrossflagError(f"there is no sample in {SAMPLE}; run the demo from a checkout")
    with socket.socket() as probe:
        if probe.connect_ex((host, port)) == 0:
            raise CrossflagError(f"port {port} is taken; stop what runs there, or give --port")


def _make_anew(home: Path) -> None:
    mark = home / _MARK
    if home.exists() and any(home.iterdir()) and not mark.exists():
        raise CrossflagError(
            f"--home {str(home)!r} holds something that is not a demo's and would be lost; "
            f"give a new folder"
        )
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    mark.write_text("Made by crossflag demo, which makes this folder anew each time.\n")


def _crossflag(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "crossflag", *arguments]


def _train(home: Path) -> list[dict[str, Any]]:
    options = ("--promote", "--json", "--no-baselines", "--home", str(home))
    command = _crossflag("train", "--model", "all", *options)
    done = subprocess.run(command, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        raise CrossflagError(f"training failed: {done.stderr.strip()[-500:]}")
    models = []
    for report in orjson.loads(done.stdout)["models"]:
        model = {
            "name": f"crossflag-{report['stream']}",
            "version": report["version"],
            "average_precision": report["average_precision"],
        }
        models.append(model)
        figure = f"average precision {model['average_precision']:.3f} on held-back time"
        _say(f"{model['name']} {model['version']}: {figure}")
    return models


def _sample() -> tuple[list[history.Arrival], list[history.Arrival]]:
    """Return the sample's arrivals before its last days, and those of its last days."""
    payments, access, labels = (
        SAMPLE / f"{name}.parquet" for name in ("payments", "access", "labels")
    )
    arrivals = list(read_arrivals(payments, access, labels))
    newest = max(event.time_us for _, event in arrivals if not isinstance(event, Label))
    first_played = (newest // _DAY - DAYS_PLAYED + 1) * _DAY
    cut = bisect_left(arrivals, first_played, key=itemgetter(0))
    return arrivals[:cut], arrivals[cut:]


def _prepare(home: Path, past: list[history.Arrival]) -> tuple[str, str]:
    """Load history and make a key and a user; return the key and the user's password."""
    password = secrets.token_urlsafe(12)
    database = Database(home / "crossflag.db", exclusive=True)
    try:
        loaded = history.load(database, MEMBER, past)
        _say(
            f"{loaded.payments:,} payments, {loaded.access_events:,} access events, "
            f"{loaded.labels:,} labels"
        )
        key = keys.create(
            database,
            Settings(home=home).pepper,
            name="demo",
            member=MEMBER,
            country=COUNTRY,
            scopes=["score", "read", "review", "labels"],
            days=30,
        )
        users.create(
            database,
            user_name=USER,
            password=password,
            role="supervisor",
            member=MEMBER,
            country=COUNTRY,
            display_name="Demo reviewer",
        )
    finally:
        database.close()
    return key, password


@contextlib.contextmanager
def _service(home: Path, host: str, port: int) -> Iterator[str]:
    command = _crossflag(
        *("serve", "--home", str(home), "--host", host, "--port", str(port)),
        *("--ip-overlay", str(SAMPLE / "ip_overlay.csv")),
    )
    # The demo's store is its own, whatever the environment sets for the real service.
    environment = {name: value for name, value in os.environ.items() if name not in _OWN_STORE}
    # Two demos show the same cases.
    environment["CROSSFLAG_RANDOM_REVIEW_SHARE"] = "0"
    # Its one reviewer has nobody to ask.
    environment["CROSSFLAG_FOUR_EYES"] = "false"
    log = (home / "service.log").open("w")
    process = subprocess.Popen(  # noqa: S603
        command, stdout=log, stderr=subprocess.STDOUT, env=environment
    )
    address = f"http://{host}:{port}"
    try:
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)
        log.close()


def _wait(address: str, log: Path) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{address}/readyz").status_code == 200:
                return
        time.sleep(0.1)
    raise CrossflagError(f"the service did not become ready; its log: {log.read_text()[-500:]}")


def _play(client: httpx.Client, arrivals: list[history.Arrival]) -> _Played:
    played = _Played({"payment": 0, "access": 0})
    stream, waiting = "", list[Any]()
    for _, event in arrivals:
        kind = "label" if isinstance(event, Label) else event.stream
        if waiting and (kind != stream or len(waiting) == _PER_REQUEST):
            _send(client, stream, waiting, played)
            waiting = []
        stream = kind
        waiting.append(orjson.Fragment(event.canonical()))
    if waiting:
        _send(client, stream, waiting, played)
    return played


def _send(client: httpx.Client, stream: str, events: list[Any], played: _Played) -> None:
    content = orjson.dumps({"labels" if stream == "label" else "events": events})
    headers = {"Content-Type": "application/json"}
    end = time.monotonic() + _PATIENCE
    while True:
        answer = client.post(_PATHS[stream], content=content, headers=headers)
        if answer.status_code != 503 or time.monotonic() > end:
            break
        time.sleep(float(answer.headers.get("Retry-After", 1)))
    if answer.status_code >= 400:
        raise CrossflagError(f"the service refused the sample: {answer.text[:500]}")
    items = answer.json()["items"]
    if stream == "label":
        played.labels += sum(item["status"] < 400 for item in items)
        return
    for item in (item["assessment"] for item in items):
        played.scored[stream] += 1
        if item["advice"] != "clear":
            played.flagged += 1
            flag = {
                **{name: item[name] for name in ("event_id", "advice", "probability", "case_id")},
                "reasons": [reason["text"] for reason in item["reasons"]],
            }
            played.first_flag = played.first_flag or flag
            strongest = played.strongest_flag
            if strongest is None or flag["probability"] > strongest["probability"]:
                played.strongest_flag = flag


def _labels(*parts: list[history.Arrival]) -> list[Label]:
    return [event for part in parts for _, event in part if isinstance(event, Label)]


def _count_cases(client: httpx.Client) -> int:
    count, cursor = 0, None
    while True:
        page = client.get("/v1/cases", params={"cursor": cursor} if cursor else {}).json()
        count += len(page["cases"])
        cursor = page.get("next_cursor")
        if not cursor:
            return count


def _show(summary: dict[str, Any]) -> None:
    print(
        f"\n{summary['payments_scored']:,} payments and {summary['access_events_scored']:,} access "
        f"events scored, {summary['flagged']} flagged, {summary['cases']} cases, "
        f"in {summary['seconds']} s"
    )
    for title in ("first_flag", "strongest_flag"):
        if flag := summary[title]:
            print(
                f"\n{title.replace('_', ' ').capitalize()}: {flag['event_id']}, "
                f"advice {flag['advice']}, probability {flag['probability']:.3f}, "
                f"case {flag['case_id']}"
            )
            for reason in flag["reasons"]:
                print(f"  - {reason}")


def _say(text: str) -> None:
    print(f"demo [{time.monotonic() - _STARTED:5.1f} s] {text}", file=sys.stderr, flush=True)
