"""Batch takes histories key by key: what that must not change, beside `test_parity`."""

from __future__ import annotations

import numpy as np
import pytest
from event_worlds import random_world

from features.batch import build
from features.compiling import compile_program
from features.definitions import Catalogue, F, Ring, ratio
from features.engine import Engine
from features.events import Payment, parse
from features.reference import Reference
from features.table import from_events
from features.touches import Touches

REFERENCE = Reference()


def payment(number: int, debtor: str, creditor: str, minute: int) -> Payment:
    return parse(
        Payment,
        {
            "event_id": f"p{number}",
            "time": f"2026-01-01T10:{minute:02}:00Z",
            "currency": "EUR",
            "amount": f"{number + 1}.00",
            "debtor_account": debtor,
            "creditor_account": creditor,
        },
    )


def joining_program() -> object:
    """Features that join what two keys' histories say, and one of those with an own column."""
    paid = Ring("paid", "payment", "debtor", value="amount_minor", windows=("1h",), keep="31d")
    got = Ring("got", "payment", "creditor", value="amount_minor", windows=("1h",), keep="31d")
    out = paid.read("payment", "debtor", value="amount_minor", includes_event=True)
    back = paid.read("payment", "creditor", value="amount_minor")
    inward = got.read("payment", "creditor", value="amount_minor", includes_event=True)
    expressions = [
        out.count("1h"),
        ratio(out.total("1h"), inward.total("1h")),
        ratio(ratio(out.count("1h"), inward.count("1h")), back.count("1h")),
        back.count("1h"),
    ]
    features = tuple(
        F(f"feature_{place}", one, "payments", "test", "{value}", "a test")
        for place, one in enumerate(expressions)
    )
    return compile_program({"payment": Catalogue("test", "payment", features)})


def test_what_joins_two_keys_is_what_one_event_at_a_time_gives() -> None:
    program = joining_program()
    pairs = [("a", "b"), ("b", "a"), ("a", "a"), ("c", "a"), ("a", "b"), ("b", "c"), ("a", "a")]
    payments = [payment(n, *pair, minute=n // 2) for n, pair in enumerate(pairs)]
    engine = Engine(REFERENCE, program)
    online = np.array([engine.step(one).features for one in payments])
    for threads in (1, 2):
        built = build(
            from_events("payment", payments),
            None,
            None,
            REFERENCE,
            program=program,
            wanted=("payment",),
            threads=threads,
        )
        np.testing.assert_array_equal(built.features["payment"], online)
    assert np.isfinite(online[:, 1]).all()


def test_a_payment_to_oneself_does_not_see_itself() -> None:
    program = joining_program()
    payments = [payment(0, "a", "a", 0), payment(1, "a", "a", 1)]
    built = build(
        from_events("payment", payments),
        None,
        None,
        REFERENCE,
        program=program,
        wanted=("payment",),
    )
    assert built.features["payment"][:, 3].tolist() == [0.0, 1.0]


@pytest.mark.parametrize("seed", range(3))
def test_where_stretches_end_changes_nothing(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = random_world(seed).tables

    def features() -> dict[str, np.ndarray]:
        return build(*tables, REFERENCE, threads=2).features

    whole = features()
    monkeypatch.setattr("features.batch._FEWEST", 1)
    monkeypatch.setattr("features.batch._MOST", 3)
    for stream, found in features().items():
        np.testing.assert_array_equal(found, whole[stream])


def test_stretches_hold_whole_keys_and_cut_what_has_none_anywhere() -> None:
    touches = Touches(np.arange(20), np.array([0, 7, 9, 15, 20]))
    assert touches.parts(3) == [(9, 15), (15, 20), (0, 3), (3, 6), (6, 9)]
    assert [touches.key_at(place) for place in (0, 6, 7, 8, 14, 15)] == [0, 0, 1, 1, 2, 3]
