"""Are these two names one's? Across scripts, orders, spellings and short forms. Pure and quick."""

from models.names.comparing import THRESHOLD, Comparison, compare, compare_subjects
from models.names.evidence import Subject
from models.names.parts import Kind

__all__ = ["THRESHOLD", "Comparison", "Kind", "Subject", "compare", "compare_subjects"]
