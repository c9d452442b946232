"""What `crossflag bench scoring` needs before it can measure: a model and a PostgreSQL."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from bench.postgresql import database, programs
from bench.scoring.contenders import Sizes
from bench.scoring.measuring import measure
from bench.scoring.showing import show
from features.errors import CrossflagError
from models.champion import champion
from training.progress import Teller


def run(
    home: Path | None,
    postgresql: str | None,
    rounds: int,
    singles: int,
    batches: int,
    past: int,
    mlflow: bool,
    as_json: bool,
) -> None:
    """Measure and print; without PostgreSQL's programs or a URL only SQLite is measured."""
    tell = Teller()
    sizes = Sizes(rounds=rounds, singles=singles, batches=batches, history=past)
    with ExitStack() as stack:
        if home is None:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            _train(home, tell)
        elif champion(home / "models", "payment") is None:
            raise CrossflagError(
                f"--home {str(home)!r} holds no promoted payment model; train one with "
                f"`crossflag train --promote --home {home}`"
            )
        if postgresql is None and (folder := programs()) is not None:
            tell.say("starting a PostgreSQL server of the bench's own")
            postgresql = stack.enter_context(database(folder))
        elif postgresql is None:
            tell.say("no PostgreSQL server is installed: SQLite alone is measured")
        measured = measure(home, sizes, postgresql, mlflow, tell)
    if as_json:
        print(json.dumps(measured))
    else:
        show(measured)


def _train(home: Path, tell: Teller) -> None:
    tell.say("training a payment model on the sample")
    options = ["--model", "payment", "--no-baselines", "--promote", "--home", str(home)]
    reason = ["--by", "bench", "--why", "a model to measure with"]
    done = subprocess.run(
        [sys.executable, "-m", "crossflag", "train", *options, *reason],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise CrossflagError(f"the model was not trained: {done.stderr.decode()[-500:]}")
