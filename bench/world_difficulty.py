"""How hard the simulated world is: `crossflag bench world [FOLDER]`.

Three models learn from the labels known before the last 28 days and are judged on those days
against what really happened (truth.parquet). Logistic regression sees the raw columns of an event
only; boosted trees see the same, and then the features of the catalogue, which know history. A
useful world keeps the first far below the last, and the last below 1. The last row learns from the
truth instead of the labels: what lateness and errors of labels cost. "Caught" is the share of
criminal events that stand among as many best-scored events as there were criminal ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xgboost
from rich.table import Table
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from features.batch import build
from features.formats.readers import read_events
from features.reference import Reference

SAMPLE = Path(__file__).parent.parent / "data_samples"
WARM_UP, TEST, GAP = pd.Timedelta(days=21), pd.Timedelta(days=28), pd.Timedelta(days=7)
FILES = {"payment": "payments.parquet", "access": "access.parquet"}
CATEGORIES = {
    "payment": (
        "currency channel purpose payee_verification debtor_account_country "
        "creditor_account_country creditor_account_scheme debtor_country creditor_country"
    ),
    "access": "action outcome client_application mfa_method privilege resource user_agent",
}


def raw_columns(stream: str, events: pd.DataFrame, reference: Reference) -> Any:
    """Return one event's own columns as numbers: words as indicators, amounts as logarithms."""
    words = CATEGORIES[stream].split()
    frame = events[words].astype(object).where(events[words].notna(), "none")
    addresses = events["ip_address"].astype(object).where(events["ip_address"].notna(), None)
    frame["ip_country"] = [reference.ip_country(ip) if ip else "none" for ip in addresses]
    frame["hour"] = events["time"].dt.hour
    size = "amount" if stream == "payment" else "bytes"
    frame["size"] = np.log1p(pd.to_numeric(events[size]).fillna(0).astype(float))
    encode = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), [*words, "ip_country"]),
        (StandardScaler(), ["hour", "size"]),
    )
    return encode.fit_transform(frame)


def boosted() -> Any:
    """Return trees of moderate size; the same for every row of the table."""
    return xgboost.XGBClassifier(
        n_estimators=300,
        max_depth=4,
        learning_rate=0.05,
        subsample=0.7,
        colsample_bytree=0.4,
        min_child_weight=3,
        reg_lambda=3,
        n_jobs=2,
        random_state=0,
    )


def known_labels(labels: pd.DataFrame, stream: str, before: pd.Timestamp) -> pd.Series:
    """Return the latest verdict on each event that was known before an instant."""
    own = labels[(labels["stream"] == stream) & (labels["known_at"] < before)]
    return own.sort_values("known_at").groupby("event_id")["is_fraud"].last()


def measure(folder: Path) -> Table:
    """Return the table of figures for one folder of simulated files."""
    reference = Reference(folder / "ip_overlay.csv")
    given = {stream: read_events(folder / name, stream=stream) for stream, name in FILES.items()}
    label_table = read_events(folder / "labels.parquet", stream="label").table
    built = build(given["payment"].table, given["access"].table, label_table, reference)
    labels = pd.read_parquet(folder / "labels.parquet")
    truth = set(pd.read_parquet(folder / "truth.parquet")["event_id"])
    table = Table("Stream", "Model", "Average precision", "AUC ROC", "Caught")
    for stream, name in FILES.items():
        events = pd.read_parquet(folder / name)
        end = events["time"].max()
        learn = np.asarray(
            (events["time"] >= events["time"].min() + WARM_UP) & (events["time"] < end - TEST - GAP)
        )
        judge = np.asarray(events["time"] >= end - TEST)
        criminal = np.asarray(events["event_id"].isin(truth))
        verdict = events["event_id"].map(known_labels(labels, stream, end - TEST))
        known = np.asarray(verdict.eq(True))
        raw, history = raw_columns(stream, events, reference), built.features[stream]
        for title, columns, target, model in (
            ("logistic regression, raw columns", raw, known, LogisticRegression(max_iter=500)),
            ("boosted trees, raw columns", raw, known, boosted()),
            ("boosted trees, catalogue", history, known, boosted()),
            ("the same, learnt from the truth", history, criminal, boosted()),
        ):
            model.fit(columns[learn], target[learn])
            score = model.predict_proba(columns[judge])[:, 1]
            real = criminal[judge]
            best = np.argsort(-score, kind="stable")[: real.sum()]
            table.add_row(
                stream,
                title,
                f"{average_precision_score(real, score):.3f}",
                f"{roc_auc_score(real, score):.3f}",
                f"{real[best].sum() / real.sum():.2f}",
            )
    return table
