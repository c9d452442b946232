"""The figures for people: what each server took, the ratios, how soon a service is ready."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

_COLUMNS = {
    "processor_us_per_request": "processor a request (µs)",
    "requests_per_second_per_core": "requests a second a core",
    "requests_per_second": "requests a second",
    "p50_ms": "p50 (ms)",
    "p99_ms": "p99 (ms)",
}


def show(measured: dict[str, Any]) -> None:
    """Print everything that `measuring.document` returns."""
    console = Console()
    sizes = measured["sizes"]
    for kind, title in (
        ("single", f"One event a request, {sizes['senders']} connections"),
        ("batch", f"{sizes['batch']} events a request, 2 connections"),
    ):
        table = Table(title=title)
        table.add_column("server")
        for text in _COLUMNS.values():
            table.add_column(text, justify="right")
        for name, figures in measured["figures"].items():
            row = figures[kind]
            table.add_row(_words(name), *(f"{row[column]:,.6g}" for column in _COLUMNS))
        console.print(table)
    table = Table(title="How many times the other's requests a second")
    table.add_column("beside")
    stores = list(measured["met"])
    for store in stores:
        table.add_column(f"{store}, a core", justify="right")
        table.add_column(f"{store}, wall clock", justify="right")
    for name in ("echo", "mlflow", "mlflow_signature"):
        for suffix in ("", "_batch"):
            core = measured.get(f"ratio_to_{name}{suffix}")
            if core is None:
                continue
            wall = measured[f"throughput_ratio_to_{name}{suffix}"]
            cells = [f"{part[store]:.2f}" for store in stores for part in (core, wall)]
            table.add_row(_words(name) + (", batches" if suffix else ""), *cells)
    console.print(table)
    for name, told in measured["servers"].items():
        said = ", ".join(f"{_words(key)} {value:,.6g}" for key, value in told.items())
        console.print(f"{_words(name)}: {said}", highlight=False)
    for store, met in measured["met"].items():
        console.print(
            f"{store}: {met['events']:,} events answered and kept, {met['flagged']:,} flagged and "
            f"explained, {met['listed']:,} met the list",
            highlight=False,
        )


def _words(name: str) -> str:
    return name.replace("_", " ")
