"""The API's contract, `docs/openapi.json`: `make openapi` writes it, unless callers would break.

What breaks a caller is refused until it is meant: BREAKING=yes. A test holds the service to the
committed file, so that a change of the API shows in the diff, and a breaking one stops.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from serving.app import create_app
from serving.settings import Settings

CONTRACT = Path(__file__).parent / "openapi.json"
_METHODS = ("get", "put", "post", "delete", "patch")
Document = dict[str, Any]


def current() -> Document:
    """Return the document of the service as it is."""
    with TemporaryDirectory() as home:
        app = create_app(Settings(home=Path(home), console=False))
        app.state.service.database.close()
        document: Document = json.loads(json.dumps(app.openapi()))
        return document


def written(document: Document) -> str:
    """Return the committed form: keys in order, so that a diff shows what changed."""
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def breaking(old: Document, new: Document) -> list[str]:
    """Return what would break a caller that was written after `old`, one sentence each."""
    return list(dict.fromkeys(_Comparison(old, new).all()))


class _Comparison:
    def __init__(self, old: Document, new: Document) -> None:
        self._old, self._new = old, new
        self._seen: set[tuple[str, str, str]] = set()

    def all(self) -> Iterator[str]:
        for path, item in self._old["paths"].items():
            for method in (name for name in _METHODS if name in item):
                other = self._new["paths"].get(path, {}).get(method)
                where = f"{method.upper()} {path}"
                if other is None:
                    yield f"{where} is gone"
                else:
                    yield from self._operation(where, item[method], other)

    def _operation(self, where: str, old: Document, new: Document) -> Iterator[str]:
        if old.get("operationId") != new.get("operationId"):
            yield f"{where} has another operationId, which generated clients are named by"
        before, after = _parameters(old), _parameters(new)
        for name, one in before.items():
            if name not in after:
                yield f"{where} does not take {name} any more"
            else:
                schemas = one.get("schema", {}), after[name].get("schema", {})
                yield from self._schema(f"{where} {name}", *schemas, "sent")
        for name, one in after.items():
            if one.get("required") and not before.get(name, {}).get("required"):
                yield f"{where} now needs {name}"
        bodies = old.get("requestBody"), new.get("requestBody")
        if bodies[1] and bodies[1].get("required") and not (bodies[0] or {}).get("required"):
            yield f"{where} now needs a body"
        yield from self._contents(where, bodies[0] or {}, bodies[1] or {}, "sent")
        for status, answer in old["responses"].items():
            if status not in new["responses"]:
                yield f"{where} does not describe the answer {status} any more"
            else:
                other = new["responses"][status]
                yield from self._contents(f"{where} {status}", answer, other, "answered")

    def _contents(self, where: str, old: Document, new: Document, way: str) -> Iterator[str]:
        for kind, content in old.get("content", {}).items():
            if kind not in new.get("content", {}):
                yield f"{where}: {kind} is not {way} any more"
            else:
                schemas = content.get("schema", {}), new["content"][kind].get("schema", {})
                yield from self._schema(where, *schemas, way)

    def _schema(self, where: str, old: Document, new: Document, way: str) -> Iterator[str]:
        names = old.get("$ref", ""), new.get("$ref", "")
        if names[0] and names[1]:
            where = names[0].rpartition("/")[2]
            if (*names, way) in self._seen:
                return
            self._seen.add((*names, way))
        old, new = _resolved(self._old, old), _resolved(self._new, new)
        yield from self._kinds(where, old, new, way)
        yield from self._words(where, old, new, way)
        fields = old.get("properties", {}), new.get("properties", {})
        for name, one in fields[0].items():
            if name not in fields[1]:
                yield f"{where}.{name} is gone"
            else:
                yield from self._schema(f"{where}.{name}", one, fields[1][name], way)
        needed = set(old.get("required", ())), set(new.get("required", ()))
        if way == "sent":
            yield from (f"{where}.{name} is now needed" for name in sorted(needed[1] - needed[0]))
        else:
            lost = (needed[0] - needed[1]) & set(fields[1])
            yield from (f"{where}.{name} may now be missing" for name in sorted(lost))
        if "items" in old and "items" in new:
            yield from self._schema(f"{where}[]", old["items"], new["items"], way)

    def _kinds(self, where: str, old: Document, new: Document, way: str) -> Iterator[str]:
        before, after = _kinds(self._old, old), _kinds(self._new, new)
        if before and after:
            lost = before - after if way == "sent" else after - before
            if lost:
                said = "is not taken any more as" if way == "sent" else "may now be"
                yield f"{where} {said} {', '.join(sorted(lost))}"
        alternatives = _alternatives(self._old, old), _alternatives(self._new, new)
        if len(alternatives[0]) == len(alternatives[1]) == 1:
            yield from self._schema(where, alternatives[0][0], alternatives[1][0], way)

    def _words(self, where: str, old: Document, new: Document, way: str) -> Iterator[str]:
        before, after = _enumerated(old), _enumerated(new)
        if before is None or (after is None and way == "sent"):
            return
        lost = before if after is None else before - after
        yield from (f"{where} does not know {word!r} any more" for word in sorted(lost))


def _parameters(operation: Document) -> dict[str, Document]:
    return {f"{one['in']} {one['name']}": one for one in operation.get("parameters", ())}


def _resolved(document: Document, schema: Document) -> Document:
    while "$ref" in schema:
        part: Any = document
        for name in schema["$ref"].removeprefix("#/").split("/"):
            part = part[name]
        schema = part
    return schema


def _alternatives(document: Document, schema: Document) -> list[Document]:
    """The schemas of `anyOf` that are not null."""
    found = schema.get("anyOf", ())
    return [one for one in found if _resolved(document, one).get("type") != "null"]


def _kinds(document: Document, schema: Document) -> set[str]:
    if "anyOf" in schema:
        parts = [_kinds(document, _resolved(document, one)) for one in schema["anyOf"]]
        return set.union(*parts) if all(parts) else set()
    kind = schema.get("type")
    return {kind} if isinstance(kind, str) else set(kind or ())


def _enumerated(schema: Document) -> set[str] | None:
    if "const" in schema:
        return {str(schema["const"])}
    return set(map(str, schema["enum"])) if "enum" in schema else None


def main() -> None:
    """Write the contract, unless what it was would break."""
    new = current()
    if CONTRACT.exists():
        broken = breaking(json.loads(CONTRACT.read_text(encoding="utf-8")), new)
        if broken and os.environ.get("BREAKING") != "yes":
            print("These break callers; say BREAKING=yes if they must:", file=sys.stderr)
            print(*(f"  {one}" for one in broken), sep="\n", file=sys.stderr)
            sys.exit(1)
    CONTRACT.write_text(written(new), encoding="utf-8")


if __name__ == "__main__":
    main()
