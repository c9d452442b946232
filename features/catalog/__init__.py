"""The named, versioned feature sets, compiled once for everything that computes them."""

from __future__ import annotations

from features.catalog.access import ACCESS
from features.catalog.payments import PAYMENTS
from features.compiling import compile_program
from features.definitions import Catalogue

CATALOGUES: dict[str, Catalogue] = {"payment": PAYMENTS, "access": ACCESS}
PROGRAM = compile_program(CATALOGUES)
