"""One run: starts every contender, lets them take turns, and counts.

Every server stays on core 0 and the load on core 1 (of those that there are). Processor time is the
server's own, user and system, of all its processes, read from the kernel: the figure that a busy
machine disturbs least. Requests a second a core is its inverse. Throughput is the wall clock's.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.scoring import contenders, mlflow_server, servers, traffic
from bench.scoring.contenders import Contender, Met, Sizes
from bench.scoring.servers import Server
from features.errors import CrossflagError
from serving.settings import Settings
from serving.store.database import Database
from training.progress import Teller

_OTHERS = ("echo", "mlflow", "mlflow_signature")


def measure(
    home: Path, sizes: Sizes, postgresql: str | None, with_mlflow: bool, tell: Teller
) -> dict[str, Any]:
    """Return all figures as one JSON-able document; see `document`.

    `home` holds a promoted payment model, `postgresql` is the URL of an empty database. Raises
    CrossflagError when a server does not start, an answer is wrong, or an answered event is not in
    the store afterwards.
    """
    places = {"sqlite": None} | ({"postgresql": postgresql} if postgresql else {})
    with tempfile.TemporaryDirectory(prefix="crossflag-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        tell.say("making the load from the sample")
        made = traffic.make(home, folder, sizes.events, sizes.history, contenders.WARM)
        tell.say("starting an empty service")
        started: dict[str, dict[str, float]] = {"empty": _empty(folder)}
        met = {store: Met() for store in places}
        running: list[Contender] = []
        for store, url in places.items():
            tell.say(f"loading {len(made.past):,} earlier events on {store}")
            key = _fill(store, url, folder, made, sizes)
            server, started[store] = _start(store, url, folder, stack)
            running.append(contenders.crossflag(store, server, key, made, sizes, met[store]))
        port = servers.free_port()
        server = stack.enter_context(servers.running("echo", servers.echo(port), port))
        running.append(contenders.echo(server, made, sizes))
        for one in _OTHERS[1:] if with_mlflow else ():
            tell.say(f"starting {one.replace('_', ' with ')}")
            model = mlflow_server.save(made.bundle, made.rows, folder / one, one != "mlflow")
            port = servers.free_port()
            command = servers.mlflow(model, port)
            server = stack.enter_context(servers.running(one, command, port, ready="/ping"))
            running.append(contenders.mlflow(one, server, made, sizes))
        contenders.run_rounds(running, sizes, tell.say)
        for contender in running:
            told = started.setdefault(contender.name, {})
            told["loaded_memory_mb"] = _megabytes(contender.server)
        stack.close()
        for store, url in places.items():
            _check_kept(url or _home(folder, store) / "crossflag.db", met[store].events)
        return document(running, sizes, started, met)


def document(
    measured: Sequence[Contender],
    sizes: Sizes,
    started: dict[str, dict[str, float]],
    met: dict[str, Met],
) -> dict[str, Any]:
    """Return what was measured.

    A ratio, by store, is the service's requests a second a core over the other one's: their
    processor time for a request over ours. `throughput_ratio_...` compares what the wall clock saw.
    `..._batch` is of batches. `met` counts the events that were flagged or met the list.
    """
    found = {
        one.name: {kind: figures.document() for kind, figures in one.figures.items()}
        for one in measured
    }
    ratios: dict[str, dict[str, float]] = {}
    for other in _OTHERS:
        for kind in contenders.KINDS if other in found else ():
            suffix = "" if kind == "single" else f"_{kind}"
            for prefix, figure in (
                ("", "requests_per_second_per_core"),
                ("throughput_", "requests_per_second"),
            ):
                ratios[f"{prefix}ratio_to_{other}{suffix}"] = {
                    store: round(found[store][kind][figure] / found[other][kind][figure], 3)
                    for store in met
                }
    return {
        **ratios,
        "figures": found,
        "servers": started,
        "met": {store: vars(one) for store, one in met.items()},
        "sizes": vars(sizes),
    }


def _empty(folder: Path) -> dict[str, float]:
    """Start a service on nothing but its models, twice: the first start may compile."""
    home, found = _home(folder, "empty"), {}
    for _ in range(2):
        port = servers.free_port()
        with servers.running("crossflag", servers.crossflag(home, port), port) as server:
            found = {"ready_seconds": round(server.ready_after, 3), "memory_mb": _megabytes(server)}
    return found


def _fill(store: str, url: str | None, folder: Path, made: traffic.Traffic, sizes: Sizes) -> str:
    settings = Settings(home=_home(folder, store), database_url=url)
    return traffic.prepare(settings, made.past, sizes.records)


def _start(
    store: str, url: str | None, folder: Path, stack: ExitStack
) -> tuple[Server, dict[str, float]]:
    """Start the service from the log alone, then again from the snapshot that its end leaves."""
    home = _home(folder, store)
    environment = {"CROSSFLAG_DATABASE_URL": url} if url else {}
    port = servers.free_port()
    command = servers.crossflag(home, port)
    with servers.running(store, command, port, environment=environment) as server:
        told = {"ready_from_log_seconds": round(server.ready_after, 3)}
    port = servers.free_port()
    command = servers.crossflag(home, port)
    server = stack.enter_context(servers.running(store, command, port, environment=environment))
    return server, told | {"ready_from_snapshot_seconds": round(server.ready_after, 3)}


def _home(folder: Path, name: str) -> Path:
    home = folder / name
    if not home.exists():
        home.mkdir()
        (home / "models").symlink_to(folder / "models")
    return home


def _check_kept(place: Path | str, answered: int) -> None:
    database = Database(place)
    try:
        kept = database.read(
            lambda connection: connection.exec_driver_sql(
                "SELECT count(*) FROM assessments JOIN events USING (sequence)"
            ).scalar_one()
        )
    finally:
        database.close()
    if kept != answered:
        raise CrossflagError(f"{answered:,} events were answered, and {kept:,} are in the store")


def _megabytes(server: Server) -> float:
    return round(server.memory() / 2**20, 1)
