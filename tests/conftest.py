"""Makes the modules of this directory importable, and property tests repeatable.

By default every run tries the same examples, and none is judged by its time; with
SINYAL_EXPLORE=1 each run tries new ones.
"""

import os

from hypothesis import settings

settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile("explore" if os.environ.get("SINYAL_EXPLORE") else "steady")
