"""The API keeps its contract: nothing that a caller relies on goes away unnoticed."""

from __future__ import annotations

import copy
import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.serving.harness import ROOT


@pytest.fixture(scope="module")
def contract() -> ModuleType:
    path = ROOT / "docs" / "contract.py"
    spec = importlib.util.spec_from_file_location("docs_contract", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def committed(contract: ModuleType) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(contract.CONTRACT.read_text(encoding="utf-8"))
    return document


def test_no_caller_breaks_and_the_document_is_current(
    contract: ModuleType, committed: dict[str, Any]
) -> None:
    now = contract.current()
    assert contract.breaking(committed, now) == []
    assert committed == now, "docs/openapi.json is out of date: run `make openapi`"


def schema(document: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"][name]
    return found


Change = Callable[[dict[str, Any]], Any]
BREAKING: dict[str, Change] = {
    "POST /v1/labels is gone": lambda it: it["paths"]["/v1/labels"].pop("post"),
    "GET /v1/watch is gone": lambda it: it["paths"].pop("/v1/watch"),
    "AssessmentAnswer.advice is gone": lambda it: schema(it, "AssessmentAnswer")["properties"].pop(
        "advice"
    ),
    "ReasonAnswer.text is gone": lambda it: schema(it, "ReasonAnswer")["properties"].pop("text"),
    "Payment.remittance_text is gone": lambda it: schema(it, "Payment")["properties"].pop(
        "remittance_text"
    ),
    "Payment.channel is now needed": lambda it: schema(it, "Payment")["required"].append("channel"),
    "AssessmentAnswer.probability may now be missing": lambda it: schema(it, "AssessmentAnswer")[
        "required"
    ].remove("probability"),
    "AssessmentAnswer.late may now be string": lambda it: schema(it, "AssessmentAnswer")[
        "properties"
    ]["late"].update(type="string"),
    "LabelBatch.labels is not taken any more as array": lambda it: schema(it, "LabelBatch")[
        "properties"
    ]["labels"].update(type="object"),
    "GET /v1/cases does not take query cursor any more": lambda it: it["paths"]["/v1/cases"]["get"][
        "parameters"
    ].remove(
        next(p for p in it["paths"]["/v1/cases"]["get"]["parameters"] if p["name"] == "cursor")
    ),
    "GET /v1/cases now needs query member": lambda it: it["paths"]["/v1/cases"]["get"][
        "parameters"
    ].append({"in": "query", "name": "member", "required": True, "schema": {"type": "string"}}),
}


@pytest.mark.parametrize("said", sorted(BREAKING))
def test_what_breaks_a_caller_is_found(
    contract: ModuleType, committed: dict[str, Any], said: str
) -> None:
    changed = copy.deepcopy(committed)
    BREAKING[said](changed)
    assert said in contract.breaking(committed, changed)


def test_a_word_that_is_gone_is_found(contract: ModuleType, committed: dict[str, Any]) -> None:
    changed = copy.deepcopy(committed)
    for words in enumerations(changed):
        if "urgent" in words:
            words.remove("urgent")
    found = contract.breaking(committed, changed)
    assert any("does not know 'urgent' any more" in one for one in found)


def enumerations(part: Any) -> list[list[str]]:
    if isinstance(part, list):
        return [found for one in part for found in enumerations(one)]
    if not isinstance(part, dict):
        return []
    own = [part["enum"]] if isinstance(part.get("enum"), list) else []
    return own + [found for one in part.values() for found in enumerations(one)]


def test_what_is_added_breaks_nobody(contract: ModuleType, committed: dict[str, Any]) -> None:
    changed = copy.deepcopy(committed)
    changed["paths"]["/v1/new"] = copy.deepcopy(changed["paths"]["/v1/watch"])
    schema(changed, "Payment")["properties"]["mood"] = {"type": "string"}
    schema(changed, "AssessmentAnswer")["properties"]["mood"] = {"type": "string"}
    schema(changed, "AssessmentAnswer")["required"].append("mood")
    assert contract.breaking(committed, changed) == []


def test_every_reference_leads_somewhere(committed: dict[str, Any]) -> None:
    def references(part: Any) -> set[str]:
        if isinstance(part, dict):
            own = {part["$ref"]} if isinstance(part.get("$ref"), str) else set()
            return own.union(*map(references, part.values()))
        return set().union(*map(references, part)) if isinstance(part, list) else set()

    known = {f"#/components/schemas/{name}" for name in committed["components"]["schemas"]}
    assert references(committed) <= known


def test_the_contract_is_not_written_over_by_what_breaks(
    contract: ModuleType,
    committed: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    older = copy.deepcopy(committed)
    older["paths"]["/v1/older"] = older["paths"]["/v1/watch"]
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(older))
    monkeypatch.setattr(contract, "CONTRACT", path)
    monkeypatch.setattr(contract, "current", lambda: committed)
    with pytest.raises(SystemExit):
        contract.main()
    assert "GET /v1/older is gone" in capsys.readouterr().err
    assert json.loads(path.read_text()) == older
    monkeypatch.setenv("BREAKING", "yes")
    contract.main()
    assert json.loads(path.read_text()) == committed
