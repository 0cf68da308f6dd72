"""Sealed tokens: what a pixel, a wrapped link or a report tells of a message copy.

A token is authenticated and unreadable: nobody without the key can mint a redirect, a
count or a bounce, and no address is seen in a link. Shape: base64url without padding of
version (1 octet), key id (4), nonce (12), AES-256-GCM of the payload, tag (16); version
and key id are the associated data. The payload is an array in MessagePack.
Source: RFC 5116, RFC 5869, RFC 4648 5.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSION = b"\x01"
KEY_ID_OCTETS = 4
NONCE_OCTETS = 12
PREFIX_OCTETS = len(VERSION) + KEY_ID_OCTETS
MAX_TOKEN = 16384  # characters; a target of 4,096 octets needs some 6,000
PACKED_ID = re.compile(r"[0-9a-f]{20}")
HEX, PLAIN = b"x", b"p"  # how a message id is written: half as long, or as it is

Action = Literal["copy", "initial_open", "open", "click"]


class Copy(msgspec.Struct, frozen=True, kw_only=True):
    """The copy of a message that one recipient gets. Units: `sent_at` epoch seconds."""

    message_id: str
    customer_id: int = 0
    subaccount_id: int = 0
    campaign_id: str = ""
    ip_pool: str = ""
    rcpt_to: str = ""
    sent_at: int = 0


class Engagement(msgspec.Struct, frozen=True):
    """What a token stands for; `target_url` and `link_name` belong to clicks."""

    copy: Copy
    action: Action
    target_url: str = ""
    link_name: str = ""


class TrackingKey(msgspec.Struct, frozen=True):
    """A key for tokens and the id by which tokens name it."""

    key_id: bytes
    secret: bytes

    def __repr__(self) -> str:
        return f"TrackingKey(key_id={self.key_id.hex()})"


class _Payload(msgspec.Struct, frozen=True, array_like=True):
    action: Action
    message_id: bytes
    customer_id: int
    subaccount_id: int
    sent_at: int
    campaign_id: str
    ip_pool: str
    rcpt_to: str
    target_url: str = ""
    link_name: str = ""


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Payload)


def derive_key(api_key: str) -> TrackingKey:
    """The tracking key that belongs to an API key, the same on both sides.

    Source: RFC 5869; the two outputs differ by their info strings.
    """
    return TrackingKey(
        _derived(api_key, b"sinyal tracking key id 1", KEY_ID_OCTETS),
        _derived(api_key, b"sinyal tracking secret 1", 32),
    )


def _derived(api_key: str, purpose: bytes, octets: int) -> bytes:
    kdf = HKDF(algorithm=SHA256(), length=octets, salt=None, info=purpose)
    return kdf.derive(api_key.encode())


@lru_cache(maxsize=64)
def _cipher(secret: bytes) -> AESGCM:
    return AESGCM(secret)


def seal(key: TrackingKey, engagement: Engagement, nonce: bytes) -> str:
    """The token for an engagement; `nonce` is 12 octets never used with this key."""
    copy = engagement.copy
    payload = _Payload(
        engagement.action,
        _packed(copy.message_id),
        copy.customer_id,
        copy.subaccount_id,
        int(copy.sent_at),
        copy.campaign_id,
        copy.ip_pool,
        copy.rcpt_to,
        engagement.target_url,
        engagement.link_name,
    )
    prefix = VERSION + key.key_id
    sealed = _cipher(key.secret).encrypt(nonce, _ENCODER.encode(payload), prefix)
    return _text(prefix + nonce + sealed)


def key_id_of(token: str) -> bytes:
    """The id of the key that the token names, b"" for what is no token."""
    return _octets(token)[len(VERSION) : PREFIX_OCTETS]


def unseal(keys: Mapping[bytes, TrackingKey], token: str) -> Engagement | None:
    """What the token stands for, or None for any token that no key here has sealed."""
    octets = _octets(token)
    key = keys.get(octets[len(VERSION) : PREFIX_OCTETS])
    if key is None or not octets.startswith(VERSION):
        return None
    sealed_at = PREFIX_OCTETS + NONCE_OCTETS
    prefix, nonce = octets[:PREFIX_OCTETS], octets[PREFIX_OCTETS:sealed_at]
    try:
        opened = _cipher(key.secret).decrypt(nonce, octets[sealed_at:], prefix)
        return _engagement(_DECODER.decode(opened))
    except (InvalidTag, ValueError):  # msgspec's errors are ValueErrors
        return None


def _engagement(payload: _Payload) -> Engagement:
    copy = Copy(
        message_id=_unpacked(payload.message_id),
        customer_id=payload.customer_id,
        subaccount_id=payload.subaccount_id,
        campaign_id=payload.campaign_id,
        ip_pool=payload.ip_pool,
        rcpt_to=payload.rcpt_to,
        sent_at=payload.sent_at,
    )
    return Engagement(copy, payload.action, payload.target_url, payload.link_name)


def _packed(message_id: str) -> bytes:
    if PACKED_ID.fullmatch(message_id):
        return HEX + bytes.fromhex(message_id)
    return PLAIN + message_id.encode()


def _unpacked(octets: bytes) -> str:
    return octets[1:].hex() if octets.startswith(HEX) else octets[1:].decode()


def _text(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _octets(token: str) -> bytes:
    """The token's octets, or b"" unless it is written exactly as `_text` writes."""
    if len(token) > MAX_TOKEN or not token.isascii():
        return b""
    try:
        octets = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except binascii.Error:
        return b""
    # Decoders overlook foreign characters and unused bits: one engagement, one token.
    return octets if _text(octets) == token else b""
