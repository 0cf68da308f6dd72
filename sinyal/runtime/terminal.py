"""The terminal that a command prints to."""

import shutil
import sys


def columns() -> int:
    """Columns of the terminal, 0 for a file or a pipe: then no line is folded."""
    if not sys.stdout.isatty():
        return 0
    return shutil.get_terminal_size().columns
