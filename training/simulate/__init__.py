"""A world to learn from: honest lives and documented crimes, the same in every run of one seed."""

from __future__ import annotations

from training.simulate.simulation import Simulation, run

__all__ = ["Simulation", "run"]
