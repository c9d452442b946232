from __future__ import annotations

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
