"""Text in a parameter of SMTP: `+2B` for what may not stand there; RFC 3461 4."""

import regex as re

XTEXT = re.compile(rb"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*+")
_ENCODED = re.compile(rb"\+([0-9A-F]{2})")
_UNSAFE = re.compile(rb"[^!-*,-<>-~]")


def decode(text: str) -> bytes | None:
    """The octets that `text` stands for, None when it is no xtext."""
    octets = text.encode()
    if not XTEXT.fullmatch(octets):
        return None
    return _ENCODED.sub(lambda found: bytes.fromhex(found[1].decode()), octets)


def encode(octets: bytes) -> bytes:
    """`octets` as xtext."""
    return _UNSAFE.sub(lambda found: b"+%02X" % found[0][0], octets)
