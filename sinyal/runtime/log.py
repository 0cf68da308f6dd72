"""The log: one line an event, `YYYY-MM-DD HH:MM:SS text`, as in pmta.log (seed)."""

import logging
import logging.handlers
import time
from pathlib import Path

LOG = logging.getLogger("sinyal")
LINE = logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S")


class DailyLog(logging.handlers.RotatingFileHandler):
    """A log file that moves to NAME.1, NAME.2 … at midnight; MISC-1.

    `generations` counts the live file: 1 keeps only that, 0 never rotates.
    """

    def __init__(self, path: Path, generations: int) -> None:
        super().__init__(path, backupCount=max(0, generations - 1), encoding="utf-8")
        self._is_rotated = generations > 0
        self._day = _day_of(path.stat().st_mtime)

    def shouldRollover(self, record: logging.LogRecord) -> bool:  # noqa: N802
        return self._is_rotated and _day_of(record.created) != self._day

    def doRollover(self) -> None:  # noqa: N802
        if not self.backupCount:
            self.close()
            Path(self.baseFilename).unlink(missing_ok=True)
        super().doRollover()
        self._day = _day_of(time.time())


def _day_of(at: float) -> tuple[int, int]:
    day = time.localtime(at)
    return day.tm_year, day.tm_yday


def open_log() -> None:
    """Send the log to standard error."""
    use_log(_formatted(logging.StreamHandler()))


def log_sink(
    path: Path | None, *, generations: int, world_readable: bool
) -> logging.Handler:
    """What `use_log` takes: the file `path`, or standard error without one.

    Errors: `OSError` when the file cannot be opened.
    """
    if path is None:
        return _formatted(logging.StreamHandler())
    path.parent.mkdir(parents=True, exist_ok=True)
    sink = DailyLog(path, generations)
    path.chmod(0o644 if world_readable else 0o640)
    return _formatted(sink)


def use_log(sink: logging.Handler) -> None:
    """Send the log there from now on; the sink before it is closed."""
    former, LOG.handlers = LOG.handlers, [sink]
    for one in former:
        one.close()
    LOG.setLevel(logging.INFO)
    LOG.propagate = False


def _formatted(sink: logging.Handler) -> logging.Handler:
    sink.setFormatter(LINE)
    return sink
