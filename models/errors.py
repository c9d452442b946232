"""Errors of the model layer.

```
CrossflagError
└── ModelError
    ├── UnsupportedModel    an XGBoost file holds something the forest kernel does not compute
    ├── ParityBroken        the kernel's margins are not the trained model's, bit for bit
    ├── BadRows             feature rows of the wrong shape
    ├── BadCalibrator       a calibration curve that is no curve
    ├── BadThresholds       thresholds out of order or range, or a probability out of range
    ├── BadNovelty          a novelty detector whose parts do not fit together
    ├── BadBaseline         a drift baseline that cannot be read
    ├── BadBundle           a bundle that is incomplete, unreadable or changed since it was written
    ├── FeatureMismatch     a bundle needs features that this catalogue does not serve
    ├── PromotionRefused    a promotion or rollback that cannot be done
    └── RegistryFailed      MLflow refused to log, register or alias
```
"""

from __future__ import annotations

from features.errors import CrossflagError


class ModelError(CrossflagError):
    """Anything the model layer refuses."""


class UnsupportedModel(ModelError):
    """An XGBoost file holds something the forest kernel does not compute; names it and the fix."""


class ParityBroken(ModelError):
    """The kernel's margins differ from the trained model's; names how many and the first."""


class BadRows(ModelError):
    """Feature rows whose shape is not what the model or catalogue expects."""


class BadCalibrator(ModelError):
    """A calibration curve that is not increasing, not finite or not within 0 and 1."""


class BadThresholds(ModelError):
    """Thresholds out of order or range, or a probability that is none."""


class BadNovelty(ModelError):
    """A novelty detector that cannot be read, or whose parts do not fit together."""


class BadBaseline(ModelError):
    """A drift baseline that cannot be read."""


class BadBundle(ModelError):
    """A bundle that is incomplete, unreadable or changed since it was written."""


class FeatureMismatch(ModelError):
    """A bundle needs features, or versions of them, that this catalogue does not serve."""


class PromotionRefused(ModelError):
    """A promotion or rollback that cannot be done, and why."""


class RegistryFailed(ModelError):
    """MLflow refused to log a run, register a version or set an alias."""
