"""Errors of the training layer.

```
CrossflagError
└── TrainingError
    ├── BadRecipe       a recipe cannot be read, or a field of it is wrong
    ├── MissingInput    a file that the recipe or the command line needs is not given or not there
    ├── BadCoverage     a file of the coverage matrix cannot be read
    ├── NotEnoughData   a slice of the split is empty, or holds no fraud to learn from
    ├── GatesFailed     a model did not pass the gates to promotion
    └── NoChampion      no model has been promoted for the stream, or it cannot be found
```
"""

from __future__ import annotations

from features.errors import CrossflagError


class TrainingError(CrossflagError):
    """Anything that keeps a model from being trained, evaluated, promoted or used on a file."""


class BadRecipe(TrainingError):
    """A recipe that cannot be read or that holds a wrong field; names the field and the fix."""


class MissingInput(TrainingError):
    """A file that is needed and was not given, or is not there."""


class BadCoverage(TrainingError):
    """A file of the coverage matrix that cannot be read; names the file and the field."""


class NotEnoughData(TrainingError):
    """A slice of the split that is empty, or that holds no fraud to learn from."""


class GatesFailed(TrainingError):
    """A model that did not pass the gates of its recipe; names each with value and bound."""


class NoChampion(TrainingError):
    """No model of the stream has been promoted here, or the one named is not to be found."""
