"""How long a test waits for what must happen. A limit only ends what hangs: nothing is judged by the clock."""

import time

LIMIT = 1200
"""Seconds: ten times what the slowest of them, a training of two processes, takes on a busy machine."""


def wait_for(condition, told=lambda: "", ignored=()):
    """Wait until a condition is truthy, and return what it gave.

    Errors of the kinds `ignored` mean: not yet. `told` says more where it never happens.
    """
    until = time.monotonic() + LIMIT
    while time.monotonic() < until:
        try:
            if found := condition():
                return found
        except ignored:
            pass
        time.sleep(0.05)
    raise TimeoutError(f"It did not happen. {told()}")
