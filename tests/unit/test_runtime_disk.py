"""Directories that are used by one process, and errors in an operator's words."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sinyal.runtime.disk import lock_directory, reason_of, usable_directory

TAKE = "import sys; from pathlib import Path; from sinyal.runtime.disk import "
TAKE += "lock_directory; lock_directory(Path(sys.argv[1])); sys.exit(7)"


def exit_code_of_another(directory: Path) -> int:
    command = [sys.executable, "-c", TAKE, str(directory)]
    return subprocess.run(command, capture_output=True, check=False).returncode


def test_a_directory_in_use_is_refused_to_another_process(tmp_path: Path):
    lock = lock_directory(tmp_path)
    assert exit_code_of_another(tmp_path) == 1
    os.close(lock)
    assert exit_code_of_another(tmp_path) == 7


def test_the_refusal_names_the_directory(tmp_path: Path):
    lock = lock_directory(tmp_path)
    with pytest.raises(OSError, match="in use") as refused:
        lock_directory(tmp_path)
    assert reason_of(refused.value) == f"{tmp_path} is in use by another process"
    os.close(lock)


def test_a_directory_below_a_file_cannot_be_used(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        usable_directory(tmp_path / "file" / "acct")


def test_an_error_without_a_file_is_told_by_its_text():
    assert reason_of(OSError("IO error:\n lock")) == "IO error: lock"
    assert reason_of(OSError(errno.ENOSPC, "no space")) == "no space"
