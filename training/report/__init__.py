"""What a training run shows: one HTML report for people, and three plots for MLflow."""

from training.report.charts import Picture, Table
from training.report.page import Run, render, write
from training.report.pictures import plots
from training.report.section import Section

__all__ = ["Picture", "Run", "Section", "Table", "plots", "render", "write"]
