"""What a run tells people while it works: on standard error, never on standard output.

On a terminal a bar moves; elsewhere (a log, a pipeline) each stage leaves one plain line.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

Advance = Callable[[int, int], None]


class Teller:
    """Tells of stages and keeps how many seconds each took in `seconds`."""

    def __init__(self, quiet: bool = False) -> None:
        self.seconds: dict[str, float] = {}
        self._console = Console(stderr=True, quiet=quiet, soft_wrap=True)

    def say(self, text: str) -> None:
        """Say one thing that a person should know."""
        self._console.print(text, markup=False, highlight=False)

    @contextmanager
    def stage(self, name: str) -> Iterator[Advance]:
        """Tell that a stage runs; the function given takes (done, total) as often as it likes."""
        start = time.perf_counter()
        if self._console.is_terminal:
            with self._bar() as bar:
                task = bar.add_task(name, total=None)
                yield lambda done, total: _move(bar, task, done, total)
        else:
            yield lambda done, total: None
        taken = time.perf_counter() - start
        self.seconds[name] = round(self.seconds.get(name, 0.0) + taken, 3)
        if not self._console.is_terminal:
            self.say(f"{name}: {taken:.1f} s")

    def _bar(self) -> Progress:
        return Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            console=self._console,
        )


def _move(bar: Progress, task: TaskID, done: int, total: int) -> None:
    bar.update(task, completed=done, total=total)
