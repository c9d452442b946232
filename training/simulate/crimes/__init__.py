"""Crimes: each file of this folder is one typology, found by itself.

To add a crime, add one file: its docstring tells the typology and its source (the documentation is
made from it), and its function `commit`, decorated with `crime`, writes one incident into a scene.
"""

from __future__ import annotations

import importlib
import pkgutil

from training.simulate.crimes.scene import REGISTERED, Crime, Scene

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

CRIMES: dict[str, Crime] = dict(sorted(REGISTERED.items()))

__all__ = ["CRIMES", "Crime", "Scene"]
