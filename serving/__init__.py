"""Floor 3: uses a model. Scoring service, cases, console and the store behind them."""

__version__ = "0.1.0"
