"""`python -m serving`: the service's commands where training is not installed."""

from __future__ import annotations

import sys

from features.errors import CrossflagError
from serving.cli import app


def main() -> None:
    """Run the command line; a known error is one sentence on standard error and status 1."""
    try:
        app(prog_name="crossflag")
    except CrossflagError as error:
        problems = getattr(error, "problems", None)
        print("crossflag:", "; ".join(map(str, problems)) if problems else error, file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
