"""Why a start failed, kept where an operator of PowerMTA looks for it (CFG-18)."""

import time
from collections.abc import Sequence
from pathlib import Path

from sinyal.config import Loaded

FILE_NAME = "pmta-startuperr.log"
DEFAULT_DIRECTORY = Path("/var/log/pmta")


def keep(loaded: Loaded, errors: Sequence[str]) -> None:
    """Add the errors to `pmta-startuperr.log` in the directory of the log.

    They are on standard error too: where the file cannot be written that must do.
    """
    named = loaded.understood.settings.log_file if loaded.understood else ""
    directory = Path(named).parent if named else DEFAULT_DIRECTORY
    at = time.strftime("%Y-%m-%d %H:%M:%S")
    lines = "".join(f"{at} Startup error: {line}\n" for line in errors)
    try:
        with (directory / FILE_NAME).open("a", encoding="utf-8") as file:
            file.write(lines)
    except OSError:
        return
