"""The same model as MLflow keeps and serves one, with or without a signature."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import orjson

from models.bundle import MODEL, Bundle


def save(bundle: Bundle, rows: npt.NDArray[np.float32], folder: Path, signature: bool) -> Path:
    """Write the bundle's trees as an MLflow model in a folder that is not there yet."""
    import mlflow.xgboost
    import pandas as pd
    import xgboost
    from mlflow.models import infer_signature

    booster = xgboost.Booster()
    booster.load_model(bundle.directory / MODEL)
    columns = [name for name, _ in bundle.features]
    booster.feature_names = columns
    given = pd.DataFrame(rows[:50].astype(np.float64), columns=columns)
    signed = infer_signature(given, np.zeros(len(given), np.float32)) if signature else None
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    mlflow.xgboost.save_model(
        booster, folder, signature=signed, model_format="json", pip_requirements=["xgboost-cpu"]
    )
    return folder


def body(columns: Sequence[str], rows: npt.NDArray[np.float32]) -> bytes:
    """Return rows of features as a request to MLflow's server; none is missing."""
    return orjson.dumps(
        {"dataframe_split": {"columns": columns, "data": rows.astype(np.float64).tolist()}}
    )
