"""Where things are when the command line does not say."""

from pathlib import Path

STATE = Path("/var/lib/pmta")
