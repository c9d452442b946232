"""The OpenAPI document: what FastAPI derives, and the bodies that routes read themselves."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from features.events import MODELS
from serving.api.schemas import ProblemDetails, problems

_BATCHES = {
    "PaymentBatch": ("events", "Payment"),
    "AccessEventBatch": ("events", "AccessEvent"),
    "LabelBatch": ("labels", "Label"),
    "PaymentStatusBatch": ("statuses", "PaymentStatus"),
}


def install(app: FastAPI, batch_limit: int) -> None:
    """Let `/openapi.json` name every body, with the schemas that events are checked by."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app, batch_limit)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _document(app: FastAPI, batch_limit: int) -> dict[str, Any]:
    made = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    _, schemas = models_json_schema(
        [(model, "validation") for model in (*MODELS.values(), ProblemDetails)],
        ref_template="#/components/schemas/{model}",
    )
    components = made.setdefault("components", {}).setdefault("schemas", {})
    components.update(schemas["$defs"])
    for name, (field, one) in _BATCHES.items():
        items = {"$ref": f"#/components/schemas/{one}"}
        components[name] = {
            "title": name,
            "type": "object",
            "required": [field],
            "additionalProperties": False,
            "properties": {field: {"type": "array", "items": items, "maxItems": batch_limit}},
        }
    for item in made["paths"].values():
        for operation in item.values():
            answers = operation["responses"]
            # What FastAPI would say of wrong parameters; ours are problem documents, as all errors.
            if "HTTPValidationError" in str(answers.get("422")):
                answers["422"] = problems(422)[422]
    for unused in ("HTTPValidationError", "ValidationError"):
        components.pop(unused, None)
    return made
