"""The log: one line an event, `YYYY-MM-DD HH:MM:SS text`, as in pmta.log (seed)."""

import logging
from pathlib import Path

LOG = logging.getLogger("sinyal")


def open_log(path: Path | None = None, *, world_readable: bool = False) -> None:
    """Send the log to `path`, or to standard error without one.

    Errors: `OSError` when the file cannot be opened.
    """
    sink: logging.Handler
    if path is None:
        sink = logging.StreamHandler()
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        sink = logging.FileHandler(path, encoding="utf-8")
        path.chmod(0o644 if world_readable else 0o640)
    sink.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S"))
    LOG.handlers = [sink]
    LOG.setLevel(logging.INFO)
    LOG.propagate = False
