"""Passwords of Linux accounts, against a shadow file of our own."""

import subprocess
from pathlib import Path

import pytest

from sinyal.runtime.accounts import is_password_of

DAY_OF_2001 = 11_500


def hashed(password: str) -> str:
    words = ["openssl", "passwd", "-6", "-salt", "abcdefgh", password]
    made = subprocess.run(words, capture_output=True, text=True, check=True)
    return made.stdout.strip()


@pytest.fixture
def shadow(tmp_path: Path) -> Path:
    path, good = tmp_path / "shadow", hashed("wonderland")
    accounts = {
        "alice": (good, ""),
        "locked": (f"!{good}", ""),
        "expired": (good, DAY_OF_2001),
        "open": ("", ""),
        "daemon": ("*", ""),
    }
    path.write_text(
        "".join(
            f"{name}:{secret}:19000:0:99999:7::{ends}:\n"
            for name, (secret, ends) in accounts.items()
        )
    )
    return path


def test_the_password_of_an_account_opens_it_and_no_other_does(shadow: Path):
    assert is_password_of("alice", "wonderland", shadow)
    for wrong in ("", "Wonderland", "wonderland\0", "wonderland" * 100):
        assert not is_password_of("alice", wrong, shadow)


@pytest.mark.parametrize("name", ["locked", "expired", "open", "daemon", "nobody", ""])
def test_an_account_that_cannot_be_used_is_opened_by_nothing(name: str, shadow: Path):
    assert not is_password_of(name, "wonderland", shadow)
    assert not is_password_of(name, "", shadow)


def test_accounts_that_cannot_be_read_are_an_error(tmp_path: Path):
    with pytest.raises(OSError, match="shadow"):
        is_password_of("alice", "wonderland", tmp_path / "shadow")
