from __future__ import annotations

from dataclasses import replace

import pytest

from features.definitions import Catalogue
from models.card import card
from models.errors import FeatureMismatch


def test_the_card_says_what_a_reader_must_know(bundle, catalogue):
    text = card(bundle, catalogue)
    assert text.startswith(f"# crossflag-payment {bundle.version}\n")
    for words in ("average_precision | 0.7100", "50 reviews a day", "does not block", "ab" * 32):
        assert words in text
    for name, version in bundle.features:
        assert f"| {name} | {version} |" in text
    assert "| why |" in text
    assert "| why |" not in card(bundle)


def test_a_card_on_another_catalogue_is_refused(bundle):
    with pytest.raises(FeatureMismatch):
        card(bundle, Catalogue("tests", "payment", ()))


INTERVAL = {"value": 0.5, "low": 0.25, "high": 0.75}
GROUP = {
    "name": "FR→DE",
    "events": 1200,
    "frauds": 7,
    "average_precision": INTERVAL,
    "recall": {"value": 1.0, "low": 0.6, "high": 1.0},
    "false_flags_per_1000": {"value": 3.25, "low": None, "high": None},
}
REVIEWED = {
    "alerts_per_day": 17.4,
    "precision": INTERVAL,
    "recall": INTERVAL,
    "value_detection": {"value": None, "low": None, "high": None},
    "false_per_true": INTERVAL,
    "net_value": {"value": 12345.6, "low": -10.0, "high": 20000.0},
}
DECISION = {
    "average_precision": INTERVAL,
    "roc_auc": INTERVAL,
    "brier": INTERVAL,
    "reliability": {"expected_calibration_error": 0.0031},
    "without_countries": {"average_precision": INTERVAL, "difference": INTERVAL},
    "disparity": {"group": "IE→IE", "ratio": {"value": 2.1, "low": 1.2, "high": 4.0}},
    "at_threshold": REVIEWED,
    # As JSON sorts them.
    "at_capacity": {"10": REVIEWED, "100": REVIEWED, "50": REVIEWED},
    "sensitivity": [
        {"threshold": 0.05, "alerts_per_day": 9.5, "precision": 0.3, "recall": 0.8},
    ],
    "by": {"corridor": [GROUP]},
    "by_typology": {"mule_chain": {"recall": INTERVAL}},
    "time_to_detect_by_typology": {"mule_chain": {"median_hours": 2.5}},
}
TRAINING = {
    "data_hash": "ab" * 32,
    "span": "2026-01-01 to 2026-02-01",
    "absent": ["network_kind"],
    "slices": {"test": {"span": "2026-03-01 to 2026-03-21", "events": 1200, "frauds": 7}},
    "recall_by_typology": {
        "mule_chain": {"found_subject_days": 1, "subject_days": 2, "recall": 0.5},
    },
    "evidence": {
        "test": {
            "positives": {"police": 7},
            "reviewed_negatives": {"reviewer": 3},
            "unreviewed_negatives": 1190,
            "unbiased_share": 0.25,
        }
    },
    "decision": DECISION,
    "recipe": {
        "card": {
            "owner": "Team North",
            "intended_use": "Transfers of private customers.",
            "data_licence": "Own data, Article 6(1)(f) GDPR",
            "limits": "Weak on cheques.",
        }
    },
}


def test_a_bundle_with_figures_has_them_with_intervals_and_by_segment(bundle, catalogue):
    text = card(replace(bundle, training=TRAINING), catalogue)
    for line in (
        "| average precision | 0.5000 (0.2500 to 0.7500) |",
        "| expected calibration error | 0.0031 |",
        "| false flags in IE→IE by the rate of all | 2.1 (1.2 to 4.0) |",
        "| 0.050000 | 9.5 | 0.30 | 0.80 |",
        "| corridor: FR→DE | 1,200 | 7 | 0.50 (0.25 to 0.75) | 1.00 (0.60 to 1.00) | 3.2 |",
        "| mule chain | 1 | 2 | 0.50 (0.25 to 0.75) | 2.5 |",
        "| test | 2026-03-01 to 2026-03-21 | 1,200 | 7 |",
        "| police | fraud | 7 |",
        "25 % were reviewed with a known chance",
        "Transfers of private customers.",
        "Who answers for it: Team North",
        "- Weak on cheques.",
        "rest on 7 frauds of 2026-03-01 to 2026-03-21",
        "had no inputs for them: network_kind",
        "No day of the test slice lies in Ramadan.",
        "Data: Own data, Article 6(1)(f) GDPR",
    ):
        assert line in text, line
    places = [text.index(f"| {count} | 17.4 |") for count in ("10", "50", "100")]
    assert places == sorted(places)
    assert "not known | 0.5 (0.2 to 0.8) | 12,346 (-10 to 20,000) |" in text
    # What has a table of its own is not told again as JSON.
    assert '"at_capacity"' not in text


def test_what_nobody_said_is_called_unsaid(bundle):
    text = card(bundle)
    assert text.count("not said (the recipe's [card] says it)") == 3
