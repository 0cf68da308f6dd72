"""SASL mechanisms as they go over SMTP; RFC 4616 (PLAIN), 2195 (CRAM-MD5), LOGIN."""

import binascii
import hashlib
import hmac

import msgspec

MECHANISMS = ("CRAM-MD5", "LOGIN", "PLAIN")  # in the order a client prefers
CLEARTEXT = frozenset(("LOGIN", "PLAIN"))  # the password travels as it is
LOGIN_PROMPTS = (b"Username:", b"Password:")


class Credentials(msgspec.Struct, frozen=True, gc=False):
    """A name and a password that a peer claims."""

    user: str
    password: str


def encode(octets: bytes) -> str:
    """Base64 in one line, as 334 and its answer carry it; RFC 4954 4."""
    return binascii.b2a_base64(octets, newline=False).decode()


def decode(text: str | bytes) -> bytes | None:
    """The octets that strict base64 stands for, or None."""
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except (binascii.Error, ValueError):
        return None


def parse_plain(octets: bytes) -> Credentials | None:
    """The credentials of a PLAIN response, None when malformed or for another.

    Acting for another (an authorization identity of its own) is not offered.
    """
    parts = octets.split(b"\0")
    if len(parts) != 3 or parts[0] not in {b"", parts[1]}:
        return None
    return read_credentials(parts[1], parts[2])


def read_credentials(user: bytes, password: bytes) -> Credentials | None:
    """Both as text, None when they are not UTF-8."""
    try:
        return Credentials(user.decode(), password.decode())
    except UnicodeDecodeError:
        return None


def parse_cram_md5(octets: bytes) -> tuple[str, str] | None:
    """The name and the digest of a CRAM-MD5 response, None when malformed."""
    user, _, digest = octets.decode("utf-8", "replace").rpartition(" ")
    return (user, digest.lower()) if user and digest else None


def cram_md5_digest(password: str, challenge: bytes) -> str:
    """What proves the password against `challenge`, lower-case hex; RFC 2195 2."""
    return hmac.new(password.encode(), challenge, hashlib.md5).hexdigest()


def equal(claimed: str, expected: str) -> bool:
    """Whether two secrets are the same, in a time that tells nothing."""
    return hmac.compare_digest(claimed.encode(), expected.encode())


def plain_response(user: str, password: str) -> bytes:
    """The response of PLAIN; RFC 4616 2."""
    return f"\0{user}\0{password}".encode()


def cram_md5_response(user: str, password: str, challenge: bytes) -> bytes:
    """The response of CRAM-MD5; RFC 2195 2."""
    return f"{user} {cram_md5_digest(password, challenge)}".encode()
