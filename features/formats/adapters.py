"""One field of the schema checked alone, by the schema's own rules."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any

from pydantic import AllowInfNan, TypeAdapter

from features.events import MODELS
from features.fields import Identifier, Time

Adapter = TypeAdapter[Any]


@lru_cache(maxsize=512)
def adapter(stream: str, name: str) -> Adapter:
    """Return the check of one field of a stream, or of a column of the batch form."""
    fields = MODELS[stream].model_fields
    if name in fields:
        field = fields[name]
        kind: Any = field.annotation
        return TypeAdapter(Annotated[kind, *field.metadata] if field.metadata else kind)
    if name == "received_at":
        return TypeAdapter(Time)
    if name == "member":
        return TypeAdapter(Identifier)
    return TypeAdapter(Annotated[float, AllowInfNan(False)])


def as_given(name: str, text: str) -> str | list[str]:
    """Return a file's text as the schema takes it: agents as a list, all else unchanged."""
    if name == "intermediary_agents":
        return text.replace(",", " ").replace(";", " ").split()
    return text
