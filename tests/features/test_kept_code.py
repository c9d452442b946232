"""What a starting service runs of the kernel is compiled at set-up and kept."""

from __future__ import annotations

from numba.core.caching import FunctionCache

from features import kernel


def test_what_python_calls_of_the_kernel_is_kept_on_disk() -> None:
    for called in (kernel.step, kernel.enter, kernel.has_room):
        assert isinstance(called._cache, FunctionCache), called.__name__
