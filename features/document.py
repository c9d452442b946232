"""The catalogues as documentation: `python -m features.document` writes docs/features.md."""

from __future__ import annotations

from pathlib import Path

from features.catalog import CATALOGUES
from features.definitions import Catalogue

_HEAD = """# Features

Made from the catalogues by `python -m features.document`; do not edit by hand. Each feature is
declared once and computed by one kernel, in training and in the service alike. Units: EUR is held
in integer cents, seconds as seconds, shares from 0 to 1, flags as 0 or 1.
"""


def as_markdown() -> str:
    """Return the page that lists every feature of every catalogue."""
    return _HEAD + "".join(_section(catalogue) for catalogue in CATALOGUES.values())


def _section(catalogue: Catalogue) -> str:
    lines = [
        f"\n## {catalogue.name.capitalize()}: {len(catalogue.features)} features\n",
        f"Version `{catalogue.version}`.\n",
        "| feature | unit | what a reviewer reads | why | when missing | inputs |",
        "|---|---|---|---|---|---|",
    ]
    for family in dict.fromkeys(feature.family for feature in catalogue.features):
        for feature in catalogue.features:
            if feature.family == family:
                inputs = ", ".join(feature.inputs(catalogue.stream))
                lines.append(
                    f"| `{feature.name}` v{feature.version} ({family}) | {feature.unit} | "
                    f"{feature.reason} | {feature.why} | {feature.missing} | {inputs} |"
                )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    Path("docs/features.md").write_text(as_markdown())
