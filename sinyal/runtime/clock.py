"""The time; stages are handed `now` and never ask the system themselves."""

import time
from collections.abc import Callable

Clock = Callable[[], float]  # epoch seconds UTC

now: Clock = time.time
