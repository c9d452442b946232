"""A bundle: everything one model needs to score, in one directory that is never changed.

`bundle.json` holds the model's name and stream, its features (name, version, in order), the raw
ones among them with their categories, the calibrator, the thresholds, metrics, the reference
profile and where the training data came from; `model.json` the trees in XGBoost's format;
`novelty.json`, where there is one, the detector of what no label has seen yet, and `baseline.json`
what drift is measured against. No file is ever unpickled. The version is the first 12 hexadecimal
digits of a SHA-256 over all of it but `version` and `created_at`, so that one seed and one data set
give one version, and a bundle that was changed does not load.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from features.definitions import Catalogue
from models.attributes import NO_RAW, RawFeatures
from models.calibrate import Calibrator
from models.decision import Thresholds
from models.drift import Baseline
from models.errors import BadBundle, FeatureMismatch, ModelError
from models.forest import Float32, Float64, Forest
from models.novelty import Novelty

MANIFEST = "bundle.json"
MODEL = "model.json"
NOVELTY = "novelty.json"
BASELINE = "baseline.json"
_FORMAT = 1
QUANTILES = tuple(step / 20 for step in range(21))


@dataclass(frozen=True)
class FeatureProfile:
    """How one feature was spread over the reference rows.

    `quantiles` are its values at `QUANTILES` (0, 0.05 … 1) among the rows where it was present,
    empty when it never was; `missing` is the share of rows without it.
    """

    quantiles: tuple[float, ...]
    missing: float


@dataclass(frozen=True, eq=False)
class Bundle:
    """One model, ready to score; see the module's text for the parts.

    `training` says what it learnt from (`data_hash`, `span` …), `metrics` how it did on held-back
    time, `files` the SHA-256 of each file beside the manifest.
    """

    directory: Path
    name: str
    stream: str
    version: str
    created_at: str
    features: tuple[tuple[str, int], ...]
    thresholds: Thresholds
    calibrator: Calibrator
    metrics: dict[str, float]
    profile: dict[str, FeatureProfile]
    training: dict[str, Any]
    files: dict[str, str]
    forest: Forest
    novelty: Novelty | None = None
    baseline: Baseline | None = None
    raw: RawFeatures = field(default_factory=RawFeatures)

    @classmethod
    def write(
        cls,
        directory: Path,
        *,
        name: str,
        stream: str,
        features: Sequence[tuple[str, int]],
        model: bytes,
        calibrator: Calibrator,
        thresholds: Thresholds,
        metrics: Mapping[str, float],
        profile: Mapping[str, FeatureProfile],
        training: Mapping[str, Any],
        parity_rows: Float32,
        parity_margins: Float32,
        raw: RawFeatures = NO_RAW,
        created_at: datetime | None = None,
        novelty: Novelty | None = None,
        parity_novelty: Float64 | None = None,
        baseline: Baseline | None = None,
    ) -> Bundle:
        """Write a bundle to `directory` (absent or empty) and return it as loaded from there.

        `model` is the XGBoost JSON (`Booster.save_raw("json")`), already sliced to the best
        iteration. `parity_rows` are float32 rows in the order of `features`, `parity_margins` what
        the trained model itself predicts for them, `parity_novelty` the novelty scores that
        training found for them.

        Raises:
            UnsupportedModel: the forest kernel does not compute such a model.
            ParityBroken: a kernel computes other margins or novelty than training did.
            BadBundle: `directory` is in use, or the parts do not fit together.
        """
        forest = Forest.from_json(model)
        forest.check_parity(parity_rows, parity_margins)
        blobs = {MODEL: model}
        if novelty is not None:
            if parity_novelty is not None:
                novelty.check_parity(parity_rows, parity_novelty)
            blobs[NOVELTY] = novelty.to_json()
        if baseline is not None:
            blobs[BASELINE] = baseline.to_json()
        body = {
            "format": _FORMAT,
            "name": name,
            "stream": stream,
            "features": [[feature, int(version)] for feature, version in features],
            "thresholds": thresholds.to_dict(),
            "calibrator": calibrator.to_dict(),
            "metrics": {key: float(value) for key, value in metrics.items()},
            "profile": {
                key: {"quantiles": list(value.quantiles), "missing": value.missing}
                for key, value in profile.items()
            },
            "training": dict(training),
            "files": {key: hashlib.sha256(blob).hexdigest() for key, blob in blobs.items()},
        }
        if len(raw):
            body["raw"] = raw.to_list()
        try:
            body["version"] = _version(body)
        except (TypeError, ValueError) as error:
            raise BadBundle(
                f"bundle {name} cannot be written as JSON ({error}); leave out what is not finite "
                f"or not a plain value"
            ) from error
        body["created_at"] = (created_at or datetime.now(UTC)).astimezone(UTC).isoformat()
        directory.parent.mkdir(parents=True, exist_ok=True)
        if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
            raise BadBundle(f"{directory} is in use; give an empty or new directory for the bundle")
        incoming = Path(tempfile.mkdtemp(prefix=".incoming-", dir=directory.parent))
        try:
            for key, blob in blobs.items():
                (incoming / key).write_bytes(blob)
            (incoming / MANIFEST).write_text(json.dumps(body, indent=1, sort_keys=True) + "\n")
            written = cls.load(incoming)
            incoming.chmod(0o755)
            incoming.replace(directory)
        finally:
            shutil.rmtree(incoming, ignore_errors=True)
        return replace(written, directory=directory)

    @classmethod
    def load(cls, directory: Path, catalogue: Catalogue | None = None) -> Bundle:
        """Read the bundle in `directory`.

        Raises:
            BadBundle: it is incomplete, unreadable or changed since it was written.
            FeatureMismatch: `catalogue`, if given, cannot serve its features.
        """
        try:
            body = json.loads((directory / MANIFEST).read_bytes())
            blobs = {name: (directory / name).read_bytes() for name in body["files"]}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadBundle(
                f"{directory} holds no complete bundle ({error}); copy or train it again"
            ) from error
        _refuse_changes(directory, body, blobs)
        try:
            bundle = cls(
                directory=directory,
                name=body["name"],
                stream=body["stream"],
                version=body["version"],
                created_at=body["created_at"],
                features=tuple((name, int(version)) for name, version in body["features"]),
                thresholds=Thresholds.from_dict(body["thresholds"]),
                calibrator=Calibrator.from_dict(body["calibrator"]),
                metrics=body["metrics"],
                profile={
                    name: FeatureProfile(tuple(entry["quantiles"]), entry["missing"])
                    for name, entry in body["profile"].items()
                },
                training=body["training"],
                files=body["files"],
                forest=Forest.from_json(blobs[MODEL]),
                novelty=Novelty.from_json(blobs[NOVELTY]) if NOVELTY in blobs else None,
                baseline=Baseline.from_json(blobs[BASELINE]) if BASELINE in blobs else None,
                raw=RawFeatures.from_list(body.get("raw", [])),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BadBundle(f"{directory / MANIFEST} lacks {error}; train it again") from error
        except ModelError as error:
            raise BadBundle(f"the bundle in {directory} is unusable: {error}") from error
        bundle._check_width()
        if catalogue is not None:
            bundle.columns(catalogue)
        return bundle

    def served(self, catalogue: Catalogue) -> Catalogue:
        """Return the catalogue with the bundle's raw features behind its own."""
        return self.raw.behind(catalogue)

    @property
    def content_hash(self) -> str:
        """The SHA-256 of all that the version covers, in hexadecimal; the version begins it."""
        return _content_hash(json.loads((self.directory / MANIFEST).read_bytes()))

    def columns(self, catalogue: Catalogue) -> list[int]:
        """Return where each of the bundle's features stands in a row of `catalogue`.

        Its raw features stand behind those of the catalogue. Raises `FeatureMismatch` when the
        stream is another, a feature is unknown, or it is known in another version.
        """
        if catalogue.stream != self.stream:
            raise FeatureMismatch(
                f"bundle {self.name} {self.version} is for stream {self.stream!r}, the catalogue "
                f"{catalogue.version} for {catalogue.stream!r}; load it for its own stream"
            )
        catalogue = self.served(catalogue)
        served = {feature.name: feature.version for feature in catalogue.features}
        wrong = [
            f"{name} version {version} (served: {served.get(name, 'none')})"
            for name, version in self.features
            if served.get(name) != version
        ]
        if wrong:
            raise FeatureMismatch(
                f"bundle {self.name} {self.version} needs features that {catalogue.version} does "
                f"not serve: {', '.join(wrong)}; train it again on this catalogue"
            )
        return [catalogue.index(name) for name, _ in self.features]

    def _check_width(self) -> None:
        names = [name for name, _ in self.features]
        if len(set(names)) != len(names) or len(names) != self.forest.feature_count:
            raise BadBundle(
                f"bundle {self.name} lists {len(names)} features ({len(set(names))} different), "
                f"its model takes {self.forest.feature_count}; train it again"
            )


def profile_of(rows: Float64 | Float32, names: Sequence[str]) -> dict[str, FeatureProfile]:
    """Return the spread of each column of `rows` (float[n, len(names)], NaN is missing)."""
    profiles = {}
    for place, name in enumerate(names):
        column = rows[:, place].astype(np.float64)
        present = column[~np.isnan(column)]
        quantiles = np.quantile(present, QUANTILES).tolist() if present.size else []
        missing = 1 - present.size / column.size if column.size else 0.0
        profiles[name] = FeatureProfile(tuple(quantiles), missing)
    return profiles


def _version(body: Mapping[str, Any]) -> str:
    return _content_hash(body)[:12]


def _content_hash(body: Mapping[str, Any]) -> str:
    content = {key: body[key] for key in body if key not in ("version", "created_at")}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _refuse_changes(directory: Path, body: dict[str, Any], blobs: dict[str, bytes]) -> None:
    if body.get("format") != _FORMAT:
        raise BadBundle(
            f"{directory / MANIFEST} has format {body.get('format')!r}, this version reads "
            f"{_FORMAT}; train it again"
        )
    for name, blob in blobs.items():
        if hashlib.sha256(blob).hexdigest() != body["files"][name]:
            raise BadBundle(f"{directory / name} was changed since it was written; copy it again")
    if MODEL not in blobs or body.get("version") != _version(body):
        raise BadBundle(
            f"{directory / MANIFEST} was changed since it was written (version "
            f"{body.get('version')!r}); copy the bundle again"
        )
