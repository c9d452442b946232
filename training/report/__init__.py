"""What a training run shows: one HTML report for people, and three plots for MLflow."""

from training.report.charts import Picture, Table
from training.report.page import Run, Section, render, write
from training.report.pictures import plots

__all__ = ["Picture", "Run", "Section", "Table", "plots", "render", "write"]
