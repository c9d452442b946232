"""Write the pages that derive from the code: `make docs`. A test fails when one is out of date."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import sys
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from features.catalog import CATALOGUES
from features.definitions import F
from features.events import MODELS, Stream
from serving import settings
from serving.app import create_app
from serving.metrics import Metrics
from training.coverage import matrix, measure
from training.coverage.page import page as coverage
from training.recipe import (
    Boosting,
    Calibration,
    Card,
    Data,
    Figures,
    Gates,
    Labels,
    Latest,
    Recipe,
    Review,
    Search,
    Weeks,
)
from training.simulate.crimes import CRIMES

DOCS = Path(__file__).parent
NOTE = "<!-- Written by `make docs` from the code; change it there. -->\n"
STREAMS = {"payment": "Payments", "access": "Access events"}
UNITS = {"EUR": "euro", "share": "share of 1", "flag": "yes or no"}


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    cells = ([cell.replace("|", "\\|").replace("\n", " ") for cell in line] for line in lines)
    return "".join(f"| {' | '.join(line)} |\n" for line in cells)


def choices(annotation: Any) -> tuple[str, ...]:
    """Return the words that a field may hold, none when it is free."""
    if get_origin(annotation) is Literal:
        return tuple(str(choice) for choice in get_args(annotation))
    return next((found for part in get_args(annotation) if (found := choices(part))), ())


def describe(model: type[BaseModel], name: str) -> str:
    """Return what a field means and which words it may hold."""
    field = model.model_fields[name]
    words = choices(field.annotation)
    meaning = " ".join((field.description or "").split())
    if not words:
        return meaning
    return f"{meaning} One of: {', '.join(f'`{word}`' for word in words)}.".strip()


def fields_page() -> str:
    """Return the page of the event schema's fields."""
    parts = [
        NOTE,
        "# Fields\n\nEvery field of the records that Crossflag reads. **Required** fields "
        "must be there; leave out any other that you do not have. What feeds on an absent field "
        "is left out of the model, and named.\n",
    ]
    for model in MODELS.values():
        title = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", model.__name__).capitalize()
        rows = [
            (f"`{name}`" + (" **required**" if field.is_required() else ""), describe(model, name))
            for name, field in model.model_fields.items()
        ]
        summary = (model.__doc__ or "").strip().split("\n\n")[0]
        parts.append(f"\n## {title}\n\n{summary}\n\n{table(('Field', 'Meaning'), rows)}")
    return "".join(parts)


def feature_row(feature: F, stream: Stream) -> tuple[str, ...]:
    """Return one feature's row of the page."""
    example = feature.reason.format(value="…", usual="…")
    example += f" (else: {feature.otherwise})" if feature.otherwise else ""
    inputs = ", ".join(f"`{name}`" for name in feature.inputs(stream))
    unit = UNITS.get(feature.unit, feature.unit)
    return f"`{feature.name}`", str(feature.version), unit, example, feature.why, inputs


def features_page() -> str:
    """Return the page of both catalogues."""
    parts = [
        NOTE,
        "# Features\n\nA feature's name is its column, and its text is the reason that a reviewer "
        "reads. Each is computed by one kernel, the same for a file, for the service and after a "
        "crash, from what had arrived before the event. `crossflag features` prints this list.\n",
    ]
    for stream, catalogue in CATALOGUES.items():
        parts.append(
            f"\n## {STREAMS[stream]}\n\n{len(catalogue.features)} features, "
            f"catalogue `{catalogue.version}`.\n"
        )
        for family in dict.fromkeys(feature.family for feature in catalogue.features):
            rows = [
                feature_row(feature, stream)
                for feature in catalogue.features
                if feature.family == family
            ]
            header = ("Feature", "Version", "Unit", "Reason", "Why it matters", "Needs")
            parts.append(f"\n### {family.capitalize()}\n\n{table(header, rows)}")
    return "".join(parts)


def recipe_page() -> str:
    """Return the page of a recipe's fields."""
    parts = [
        NOTE,
        "# Recipe fields\n\nA recipe is a TOML file; see [training](training.md). Every field "
        "has a default, so a recipe says only what differs.\n",
    ]
    sections: tuple[tuple[str, type[BaseModel]], ...] = (
        ("At the top", Recipe),
        ("[data]", Data),
        ("[labels]", Labels),
        ('[split], protocol = "latest"', Latest),
        ('[split], protocol = "weeks"', Weeks),
        ("[boosting]", Boosting),
        ("[calibration]", Calibration),
        ("[search]", Search),
        ("[review]", Review),
        ("[figures]", Figures),
        ("[gates]", Gates),
        ("[card]", Card),
    )
    for title, model in sections:
        rows = []
        for name, field in model.model_fields.items():
            if isinstance(field.default, BaseModel) or name == "protocol":
                continue
            default = "" if field.default in (None, "") else f"`{field.default}`"
            if field.is_required():
                default = "required"
            rows.append((f"`{name}`", default, describe(model, name)))
        summary = " ".join((model.__doc__ or "").split("\n\n")[0].split())
        parts.append(f"\n## {title}\n\n{summary}\n\n")
        parts.append(table(("Field", "Default", "Meaning"), rows))
    return "".join(parts)


def typologies_page() -> str:
    """Return the page of the simulated crimes, each as its own file tells it."""
    parts = [
        NOTE,
        "# Typologies\n\nThe crimes that `crossflag simulate` commits, how each shows in the "
        "data, and the source of its marks. Some incidents are careful and some are clumsy; "
        "labels of them come late, are partly missing and partly wrong. They are far more "
        "frequent than in life, so that a small sample holds enough to learn from.\n\n"
        "The honest people of that world are no easier: they travel, buy new telephones, study "
        "abroad, pay suppliers in risky corridors, send wages home, and keep their own feasts.\n",
    ]
    for crime in CRIMES.values():
        title, _, text = crime.text.strip().partition("\n\n")
        parts.append(f"\n## {title.rstrip('.')}\n\n`{crime.name}`. {text.strip()}\n")
        parts.append(
            f"\nHow often: about {crime.per_thousand:g} incidents for a thousand customers "
            "in a hundred days.\n"
        )
    return "".join(parts)


def coverage_page() -> str:
    """Return the page of red flags, of what sees them, and of how much is found."""
    names = {stream: catalogue.names for stream, catalogue in CATALOGUES.items()}
    return NOTE + coverage(matrix.load(), measure.read(), names)


def settings_rows() -> list[tuple[str, ...]]:
    """Return every setting of the service; the text below a field is its meaning."""
    body = next(
        node
        for node in ast.parse(inspect.getsource(settings)).body
        if isinstance(node, ast.ClassDef) and node.name == "Settings"
    ).body
    meanings = {
        field.target.id: str(text.value.value)
        for field, text in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
    }
    return [
        (
            f"`{settings.PREFIX}{field.name.upper()}`",
            "" if field.default in (None, ()) else f"`{field.default}`",
            meanings[field.name],
        )
        for field in dataclasses.fields(settings.Settings)
    ]


def service_page() -> str:
    """Return the page of the service's routes, settings and metrics."""
    with TemporaryDirectory() as home:
        paths = create_app(settings.Settings(home=Path(home))).openapi()["paths"]
    routes = [
        (f"`{method.upper()} {path}`", operation["description"].split("\n\n")[0])
        for path, methods in paths.items()
        for method, operation in methods.items()
    ]
    metrics = [
        (
            f"`{metric.name}{'_total' if metric.type == 'counter' else ''}`",
            metric.type,
            metric.documentation,
        )
        for metric in Metrics().registry.collect()
    ]
    return (
        f"{NOTE}# Service reference\n\n## Routes\n\nSee [API](api.md) for what holds for all "
        f"of them.\n\n{table(('Route', 'What it does'), routes)}\n## Settings\n\nRead from the "
        "environment; options of `crossflag serve` go first.\n\n"
        f"{table(('Variable', 'Default', 'Meaning'), settings_rows())}\n## Metrics\n\n"
        "`GET /metrics`, in Prometheus' form. None names a person, an account or an event.\n\n"
        f"{table(('Metric', 'Kind', 'Meaning'), metrics)}"
    )


PAGES = {
    "service.md": service_page,
    "fields.md": fields_page,
    "features.md": features_page,
    "recipe.md": recipe_page,
    "typologies.md": typologies_page,
    "coverage.md": coverage_page,
}


def main() -> None:
    """Write every page that has changed and say which."""
    for name, page in PAGES.items():
        path, text = DOCS / name, page()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"docs: wrote {path.name}", file=sys.stderr)


if __name__ == "__main__":
    main()
