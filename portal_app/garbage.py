"""How often Python looks for objects that refer to each other in a circle."""

import gc

COLLECT_EVERY = 50_000
"""New objects between two looks. Python's own 700 are a fraction of one request's rows, none of which are such circles:
looking through them again and again took a sixth of the time that taking events does."""


def collect_seldom() -> None:
    """Let this process look less often; a process calls it once, when it starts."""
    gc.set_threshold(COLLECT_EVERY, 20, 20)
