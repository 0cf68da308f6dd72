"""The machine's own accounts: is this the password of that user?

/etc/shadow and libcrypt, as crypt(3) has it; Python's own modules for both are gone
from 3.13 on. It takes root, or the group `shadow`.
"""

import ctypes
import hmac
import threading
import time
from pathlib import Path

SHADOW = Path("/etc/shadow")
LIBRARIES = ("libcrypt.so.1", "libcrypt.so.2")
DAY_S = 86_400
MAX_PASSWORD = 512  # octets; crypt(3) takes no more
# What a user without a password of its own is measured with.
NO_HASH = "$y$j9T$0123456789abcdefghijk.$"
NOT_A_HASH = "*!"  # how a locked account begins, or a failure of crypt(3)

_ONE_AT_A_TIME = threading.Lock()  # crypt(3) has one buffer, and takes a whole core


def is_password_of(user: str, password: str, shadow: Path = SHADOW) -> bool:
    """Whether the account exists, is neither locked nor expired, and this opens it.

    It takes milliseconds, as long for a user that does not exist. Errors: `OSError`
    where accounts cannot be read or there is no libcrypt.
    """
    stored = _hash_of(user, shadow.read_text("utf-8", "replace"))
    is_usable = bool(stored) and stored[0] not in NOT_A_HASH
    made = _crypt(password, stored if is_usable else NO_HASH)
    return hmac.compare_digest(made, stored.encode()) and is_usable


def _hash_of(user: str, shadow: str) -> str:
    """The hash of the account, "" without one that holds today; shadow(5)."""
    today = int(time.time()) // DAY_S
    for line in shadow.splitlines():
        fields = line.split(":")
        if not user or fields[0] != user or len(fields) < 8:
            continue
        ends = fields[7]
        return "" if ends.isdecimal() and int(ends) <= today else fields[1]
    return ""


def _crypt(password: str, setting: str) -> bytes:
    octets = password.encode()
    is_possible = b"\0" not in octets and len(octets) <= MAX_PASSWORD
    crypt = _library().crypt
    crypt.argtypes = (ctypes.c_char_p, ctypes.c_char_p)
    crypt.restype = ctypes.c_char_p
    with _ONE_AT_A_TIME:
        made: bytes | None = crypt(octets[:MAX_PASSWORD], setting.encode())
    return made if made and is_possible else b"*0"


def _library() -> ctypes.CDLL:
    for name in LIBRARIES:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    raise OSError("libcrypt is not installed")
