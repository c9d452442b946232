"""The validation pack: what a second reader of a model needs, as one ZIP of plain documents.

Its order follows the headings of the revised interagency guidance on model risk management of
17 April 2026 (Federal Reserve SR 26-2, OCC Bulletin 2026-13): development and use, validation and
monitoring, governance and controls; and what the European Banking Authority asks to be documented
of automated models (EBA/GL/2020/06, section 4.3.4), which is about credit and is followed by
analogy. It collects evidence. The judgement is the validator's, and its places are left open.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from features.definitions import Catalogue
    from models.bundle import Bundle
    from training.pipeline import TrainingResult

NAME = "validation_pack.zip"
OPEN = "_To be said by the validator._"
NOT_SAID = "_Not said in the recipe's [card]._"
# The least time that a ZIP can hold: the same run gives the same bytes.
_TIME = (1980, 1, 1, 0, 0, 0)


def path_of(bundle: Path) -> Path:
    """Return where the validation pack of a trained bundle lies."""
    return bundle.parent / f"{bundle.name}.{NAME}"


def write(bundle: Bundle, result: TrainingResult, catalogue: Catalogue) -> Path:
    """Write a trained bundle's validation pack beside it, in one step, and return its path."""
    from models.card import card

    path = path_of(result.bundle)
    incoming = path.with_suffix(".incoming")
    documents = {
        "00_index.md": _index(bundle),
        "01_purpose_and_use.md": _purpose(bundle),
        "02_data.md": _data(bundle, result),
        "03_development.md": _development(bundle, result, catalogue),
        "04_outcomes.md": _outcomes(bundle, result),
        "05_implementation.md": _implementation(bundle),
        "06_monitoring.md": _monitoring(bundle),
        "07_governance.md": _governance(bundle),
        "model_card.md": card(bundle, catalogue),
        "figures.json": _json(
            {
                "metrics": result.metrics,
                "baselines": result.baselines,
                "decision": bundle.training.get("decision"),
                "recall_by_typology": bundle.training.get("recall_by_typology"),
            }
        ),
        "recipe.json": _json(bundle.training["recipe"]),
    }
    with zipfile.ZipFile(incoming, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, text in documents.items():
            _add(pack, name, text.encode())
        if result.report is not None:
            _add(pack, "report.html", result.report.read_bytes())
        for plot in result.plots:
            _add(pack, f"plots/{plot.name}", plot.read_bytes())
    incoming.replace(path)
    return path


def _index(bundle: Bundle) -> str:
    rows = [
        (
            "Model development and use: purpose, design, theory",
            "01, 03",
            "whether the design suits",
        ),
        ("Model development and use: data", "02", "whether the data stand for what will come"),
        ("Model development and use: testing", "03, 04", "tests of their own"),
        ("Model development and use: reliance and limits", "01, 04, card", "the use that is made"),
        ("Validation: conceptual soundness", "03", "the judgement"),
        ("Validation: outcomes analysis", "04, report", "later outcomes"),
        ("Monitoring", "06", "limits and who is told"),
        ("Governance and controls: roles, inventory, record", "07", "materiality, approval"),
        ("Third-party products", "05", "whether the code is trusted"),
        ("EBA: method, assumptions, inputs, bias, input quality", "02, 03, 04", "the judgement"),
        ("EBA: use of outputs, overrides, escalation", "01, 07", "the procedures around it"),
        ("EBA: traceability, robustness, back-testing", "04, 05, 06", "later outcomes"),
    ]
    return _page(
        f"Validation pack of {bundle.name} {bundle.version}",
        "It gathers what the training run knows. It does not validate: an independent person does, "
        "with access to data and code, and signs in 07.",
        "Guidance on model risk management is not the same everywhere. The order here follows "
        "SR 26-2 (Federal Reserve, with OCC Bulletin 2026-13; 17 April 2026), which superseded "
        "SR 11-7 and SR 21-8, sets no enforceable standard, and speaks first to banks of more than "
        "30 billion dollars. The EBA's guidelines on loan origination and monitoring "
        "(EBA/GL/2020/06, sections 4.3.3 and 4.3.4) are about credit; what they ask of automated "
        "models is followed by analogy. No supervisor has looked at this pack.",
        _table(("what is asked for", "where it is", "what the validator adds"), rows),
    )


def _purpose(bundle: Bundle) -> str:
    said, limits = bundle.training["recipe"].get("card", {}), bundle.thresholds
    return _page(
        "Purpose and use",
        "## Owner\n\n" + (said.get("owner") or NOT_SAID),
        "## Intended use\n\n" + (said.get("intended_use") or NOT_SAID),
        "## How it is used\n\nThe model advises people: `clear`, `review` or `urgent`. It blocks "
        "nothing, and a flag is no finding. A person decides with the reasons in view, and the "
        f"decision is recorded as a label. Review begins at {limits.review:.6f}, urgent at "
        f"{limits.urgent:.6f}, set for {limits.reviews_per_day:g} reviews a day. People may decide "
        "against the advice at any time; rules and watchlists may raise it.",
        "## Known limits\n\n" + (said.get("limits") or NOT_SAID),
        f"## Materiality and tier\n\n{OPEN}",
    )


def _data(bundle: Bundle, result: TrainingResult) -> str:
    training = bundle.training
    slices = [
        (name, count["span"], f"{count['events']:,}", f"{count['frauds']:,}")
        for name, count in training["slices"].items()
    ]
    evidence = [
        (name, ", ".join(f"{key} {value}" for key, value in one.items()))
        for name, one in training.get("evidence", {}).items()
    ]
    return _page(
        "Data",
        "## Files\n\n" + _table(("role", "SHA-256"), sorted(training["files"].items())),
        f"All together: `{training['data_hash']}`. Licence or ground: "
        + (training["recipe"].get("card", {}).get("data_licence") or NOT_SAID),
        "## Slices in time\n\n" + _table(("slice", "days", "events", "fraud"), slices),
        "Slices follow in time; each trains only with what was known of its events when the gap "
        "after it ended. A feature sees what had arrived before its event, and never its label.",
        "## What the labels rest on\n\n" + (_table(("slice", "labels"), evidence) or "Not told."),
        f"## Features left out for want of inputs\n\n{', '.join(result.absent) or 'None.'}",
        f"## Representativeness\n\n{OPEN}",
    )


def _development(bundle: Bundle, result: TrainingResult, catalogue: Catalogue) -> str:
    served = bundle.served(catalogue)
    features = [
        (name, str(version), served.feature(name).family, served.feature(name).why)
        for name, version in bundle.features
    ]
    beside = {"this model": result.metrics, **result.baselines}
    shown = ("average_precision", "roc_auc", "precision_at_capacity", "recall_at_capacity")
    rows = [(key, *(_number(figures.get(key)) for figures in beside.values())) for key in shown]
    return _page(
        "Development",
        f"Gradient-boosted trees ({result.trees} trees, {len(bundle.features)} features), "
        f"calibration {bundle.calibrator.kind}. The recipe, in recipe.json, holds every setting; "
        "early stopping, calibration and thresholds come from slices before the test slice.",
        "## Beside simpler models\n\n" + _table(("figure", *beside), rows),
        "## Features and why each is looked at\n\nNo nationality, ethnicity, religion or gender is "
        "among them; countries of accounts are, and 04 tells what they weigh.\n\n"
        + _table(("feature", "version", "family", "why"), features),
        f"## Conceptual soundness\n\n{OPEN}",
    )


def _outcomes(bundle: Bundle, result: TrainingResult) -> str:
    figures = [(name, _number(value)) for name, value in result.metrics.items()]
    recall = [
        (name, str(one.subject_days), str(one.found_subject_days), f"{one.recall:.2f}")
        for name, one in result.recall_by_typology.items()
    ]
    return _page(
        "Outcomes on held-back time",
        _table(("figure", "value"), figures),
        "## By typology, at the review threshold\n\n"
        + (_table(("typology", "subject days", "found", "recall"), recall) or "None is named."),
        "Intervals, figures by corridor, channel and segment, sensitivity to the threshold and "
        "examples of hits and misses stand in report.html; `figures.json` holds the numbers.",
        f"## Weaknesses found, and what follows\n\n{OPEN}",
    )


def _implementation(bundle: Bundle) -> str:
    training = bundle.training
    rows = [
        ("bundle", bundle.version),
        ("SHA-256 of its contents", bundle.content_hash),
        ("feature set", training["feature_set"]),
        ("git revision of the code", training["git_revision"]),
        ("SHA-256 of the requirements lock", training["lock_hash"]),
    ]
    return _page(
        "Implementation",
        _table(("what", "value"), rows),
        "The scoring kernel's margins were compared with the trained library's, bit for bit, when "
        "the bundle was written; loading refuses a changed file, and a feature that the program "
        "computes differently. The same recipe, seed, data and code give the same bundle:\n\n"
        "```sh\ncrossflag train --recipe recipe.toml\n```",
        "Third-party parts are pinned with hashes in the requirements lock; each direct one has "
        "its reason in the project's decision 2. XGBoost grows the trees.",
    )


def _monitoring(bundle: Bundle) -> str:
    return _page(
        "Monitoring",
        f"The bundle holds the spread of its {len(bundle.profile)} features in training, to "
        "compare with what is served. What can be watched, and how:",
        _table(
            ("what", "how"),
            [
                ("served features equal the computed ones", "`crossflag features verify`"),
                ("the model beside another on live events", "`crossflag compare`"),
                ("the model on later events", "`crossflag evaluate`"),
                ("advice a day, late events, faults", "the service's `/metrics`"),
                ("people's decisions", "`crossflag labels export`"),
            ],
        ),
        f"## Limits, frequency and who is told\n\n{OPEN}",
    )


def _governance(bundle: Bundle) -> str:
    gates = bundle.training["recipe"].get("gates", {})
    return _page(
        "Governance and controls",
        "## Gates to promotion\n\n"
        + _table(("setting", "bound"), [(name, str(value)) for name, value in gates.items()]),
        "Results of the gates are in the promotion record, with the bundle's hash, who proposed, "
        "who approved, when and why: `crossflag promotions`. In production mode two people are "
        "needed. `crossflag rollback` returns to the model before.",
        "## Sign-off\n\n"
        + _table(
            ("role", "name", "date", "outcome and conditions"),
            [(role, "", "", "") for role in ("owner", "developer", "validator", "approver")],
        ),
    )


def _page(title: str, *parts: str) -> str:
    return "\n\n".join([f"# {title}", *parts]) + "\n"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    lines = [list(head), ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, default=str) + "\n"


def _add(pack: zipfile.ZipFile, name: str, body: bytes) -> None:
    entry = zipfile.ZipInfo(name, _TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    pack.writestr(entry, body)
