"""DKIM signatures of others, verified; RFC 6376 6, RFC 8301, RFC 8463, RFC 8601 2.7.1.

`prepare` reads a message and computes what does not need a key; `judge` takes what the
DNS told of the key. Work is bounded: so many signatures, so many fields each, and a
body is made canonical once a form.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from sinyal.mail import header
from sinyal.mail.dkim import BODY_FORMS, HEADER_FORMS
from sinyal.mail.header import Field
from sinyal.mail.lookup import Told

MAX_SIGNATURES = 5  # from the top; the rest is passed over
MAX_SIGNATURE = 16_384  # octets of a field
MAX_SIGNED_FIELDS = 500  # names in h=
MAX_SIGNED_OCTETS = 256 * 1024  # of the fields that one signature covers
RSA_BITS = (1024, 8192)  # RFC 8301 3.2, and what a hostile key may cost
ALGORITHMS = {"rsa-sha256": "rsa", "ed25519-sha256": "ed25519"}
REQUIRED = ("v", "a", "b", "bh", "d", "h", "s")
NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?")
SIGNATURE_VALUE = re.compile(rb"((?:^|;)[ \t\r\n]*b[ \t\r\n]*=)[^;]*")


class Verdict(msgspec.Struct, frozen=True):
    """The end of one signature: a result of RFC 8601 2.7.1 and its reason."""

    result: str
    reason: str = ""


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """One DKIM-Signature field, as far as it can be judged without the key.

    `verdict` is set where no key can mend it. `value` is b= and `signed` the canonical
    octets that it signs.
    """

    domain: str = ""
    selector: str = ""
    identity: str = ""
    algorithm: str = ""
    value: bytes = b""
    signed: bytes = b""
    verdict: Verdict | None = None

    @property
    def key_name(self) -> str:
        """Where the key is published; RFC 6376 3.6.2.1."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def properties(self) -> tuple[tuple[str, str], ...]:
        """The properties of the result; RFC 8601 2.7.1, RFC 6008."""
        return (
            ("header.d", self.domain),
            ("header.i", self.identity),
            ("header.s", self.selector),
            ("header.a", self.algorithm),
            ("header.b", base64.b64encode(self.value).decode()[:8]),
        )


class _Refused(Exception):
    """The signature ends here."""

    def __init__(self, result: str, reason: str) -> None:
        super().__init__(reason)
        self.verdict = Verdict(result, reason)


def prepare(content: bytes, at: float) -> list[Signature]:
    """The signatures of a message, the top one first. Units: `at` epoch seconds."""
    found = header.fields(content)
    fields = [one for one in found if one.name.lower() == b"dkim-signature"]
    if not fields:
        return []
    message = _Message(content, found)
    return [_prepared(message, field, at) for field in fields[:MAX_SIGNATURES]]


def judge(signature: Signature, told: Told) -> Verdict:
    """The verdict on a signature when `told` is what the DNS says of its key."""
    if signature.verdict is not None:
        return signature.verdict
    try:
        return _verified(signature, told)
    except _Refused as refused:
        return refused.verdict


class _Message:
    """A message whose parts are made canonical when they are first asked for."""

    def __init__(self, content: bytes, fields: list[Field]) -> None:
        self.content = content
        self._body_start = header.split(content).body_start
        self._bodies: dict[str, bytes] = {}
        self._hashes: dict[tuple[str, int | None], bytes] = {}
        self._fields: dict[bytes, list[Field]] = {}
        for field in fields:
            self._fields.setdefault(field.name.lower(), []).append(field)

    def raw(self, field: Field) -> bytes:
        return self.content[field.start : field.end]

    def body_hash(self, form: str, length: int | None) -> bytes:
        """SHA-256 of the canonical body, of its first `length` octets; 3.4.5."""
        known = self._hashes.get((form, length))
        if known is not None:
            return known
        if form not in self._bodies:
            self._bodies[form] = BODY_FORMS[form](self.content[self._body_start :])
        body = self._bodies[form]
        if length is not None and length > len(body):
            raise _Refused("fail", "the body is shorter than l=")
        made = hashlib.sha256(memoryview(body)[:length]).digest()
        self._hashes[form, length] = made
        return made

    def signed_fields(self, names: Iterable[bytes], own: Field) -> list[bytes]:
        """The fields that h= names, the last of equal names first; 5.4.2."""
        left: dict[bytes, list[Field]] = {}
        chosen = []
        for name in names:
            if name not in left:
                there = self._fields.get(name, ())
                left[name] = [one for one in there if one is not own]
            if left[name]:
                chosen.append(self.raw(left[name].pop()))
        return chosen


def _prepared(message: _Message, field: Field, at: float) -> Signature:
    try:
        tags = _tags(field.value, MAX_SIGNATURE)
    except _Refused as refused:
        return Signature(verdict=refused.verdict)
    known = Signature(
        domain=tags.get("d", "").lower(),
        selector=tags.get("s", ""),
        identity=tags.get("i") or f"@{tags.get('d', '').lower()}",
        algorithm=tags.get("a", ""),
    )
    try:
        _check_tags(tags, known, at)
        value = _base64(tags["b"], "b=")
        names = [name.strip().lower().encode() for name in tags["h"].split(":")]
        header_form, body_form = _forms(tags.get("c", "simple/simple"))
        signed = _signed(message, field, names, header_form)
        own = message.body_hash(body_form, _length(tags))
        if not hmac.compare_digest(own, _base64(tags["bh"], "bh=")):
            raise _Refused("fail", "the body was changed")
    except _Refused as refused:
        return msgspec.structs.replace(known, verdict=refused.verdict)
    return msgspec.structs.replace(known, value=value, signed=signed)


def _signed(message: _Message, field: Field, names: list[bytes], form: str) -> bytes:
    """The canonical octets of the signed fields and of the signature's own; 3.7."""
    if len(names) > MAX_SIGNED_FIELDS:
        raise _Refused("neutral", "too many fields are signed")
    if b"from" not in names:
        raise _Refused("neutral", "From is not signed")
    canonical = HEADER_FORMS["relaxed" if form == "relaxed" else "simple"]
    raw = message.signed_fields(names, field)
    if sum(map(len, raw)) > MAX_SIGNED_OCTETS:
        raise _Refused("neutral", "too large a header is signed")
    chosen = [canonical(one) for one in raw]
    name, colon, value = message.raw(field).partition(b":")
    unsigned = name + colon + SIGNATURE_VALUE.sub(rb"\1", value)
    if not unsigned.endswith(b"\n"):
        unsigned += b"\r\n"  # b= stood last and took the line end along
    return b"".join((*chosen, canonical(unsigned).removesuffix(b"\r\n")))


def _check_tags(tags: dict[str, str], known: Signature, at: float) -> None:
    """What a signature must say; RFC 6376 3.5, 6.1.1."""
    for name in REQUIRED:
        if not tags.get(name):
            raise _Refused("neutral", f"{name}= is missing")
    if tags["v"] != "1":
        raise _Refused("neutral", "unknown version")
    if known.algorithm not in ALGORITHMS:
        is_weak = known.algorithm == "rsa-sha1"  # RFC 8301 3.1
        result, reason = "policy" if is_weak else "neutral", "algorithm not accepted"
        raise _Refused(result, reason)
    if not NAME.fullmatch(known.domain) or not NAME.fullmatch(known.selector):
        raise _Refused("neutral", "d= or s= is no name")
    identity = known.identity.rpartition("@")[2].lower()
    if identity != known.domain and not identity.endswith(f".{known.domain}"):
        raise _Refused("neutral", "i= lies outside of d=")
    if "dns/txt" not in tags.get("q", "dns/txt").lower():
        raise _Refused("neutral", "unknown way to the key")
    if "x" in tags and _number(tags["x"], "x=") < at:
        raise _Refused("policy", "the signature has expired")


def _verified(signature: Signature, told: Told) -> Verdict:
    if told.is_failure:
        raise _Refused("temperror", "the key could not be looked up")
    record = next((text for text in told.records if "p=" in text), None)
    if record is None:
        raise _Refused("permerror", "no key is published")
    try:
        tags = _tags(record.encode("latin-1", "replace"), 65_535)
    except _Refused as refused:
        raise _Refused("permerror", "the key record is broken") from refused
    _check_record(tags, signature)
    bits = _verify(signature, _base64(tags["p"], "p=", "permerror"))
    is_testing = "y" in tags.get("t", "").split(":")
    return Verdict("pass", f"{bits}-bit key" + (", testing" if is_testing else ""))


def _check_record(tags: dict[str, str], signature: Signature) -> None:
    """Whether the key may be used for this signature; RFC 6376 3.6.1, 6.1.2."""
    if tags.get("v", "DKIM1") != "DKIM1" or "p" not in tags:
        raise _Refused("permerror", "the key record is broken")
    if not tags["p"]:
        raise _Refused("permerror", "the key is revoked")
    if tags.get("k", "rsa") != ALGORITHMS[signature.algorithm]:
        raise _Refused("permerror", "the key is of another kind")
    for name, wanted in (("h", {"sha256"}), ("s", {"*", "email"})):
        listed = {word.strip() for word in tags.get(name, "*").split(":")}
        if name in tags and not listed & wanted:
            raise _Refused("permerror", f"{name}= of the key forbids it")
    is_strict = "s" in tags.get("t", "").split(":")
    if is_strict and signature.identity.rpartition("@")[2].lower() != signature.domain:
        raise _Refused("permerror", "the key is for its own domain alone")


def _verify(signature: Signature, octets: bytes) -> int:
    """The bits of the key that verifies the signature."""
    try:
        if signature.algorithm == "ed25519-sha256":
            digest = hashlib.sha256(signature.signed).digest()
            Ed25519PublicKey.from_public_bytes(octets).verify(signature.value, digest)
            return 256
        key = load_der_public_key(octets)
        if not isinstance(key, RSAPublicKey):
            raise _Refused("permerror", "the key is of another kind")
        if not RSA_BITS[0] <= key.key_size <= RSA_BITS[1]:
            raise _Refused("policy", f"a key of {key.key_size} bits")
        key.verify(signature.value, signature.signed, PKCS1v15(), SHA256())
    except InvalidSignature as error:
        raise _Refused(
            "fail", "the header was changed or the key is another"
        ) from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _Refused("permerror", "the key is broken") from error
    return key.key_size


def _tags(octets: bytes, limit: int) -> dict[str, str]:
    """A tag-list; RFC 6376 3.2."""
    if len(octets) > limit:
        raise _Refused("neutral", "the field is too long")
    tags: dict[str, str] = {}
    for part in octets.decode("latin-1").split(";"):
        name, is_there, value = part.partition("=")
        name = name.strip()
        if not is_there:
            if name:
                raise _Refused("neutral", "no list of tags")
            continue
        if name in tags:
            raise _Refused("neutral", f"{name[:10]}= stands twice")
        tags[name] = value.strip()
    return tags


def _forms(text: str) -> tuple[str, str]:
    """The canonical forms of header and body; RFC 6376 3.5."""
    header_form, _, body_form = text.lower().partition("/")
    body_form = body_form or "simple"
    if header_form not in HEADER_FORMS or body_form not in BODY_FORMS:
        raise _Refused("neutral", "unknown canonical form")
    return header_form, body_form


def _length(tags: dict[str, str]) -> int | None:
    return _number(tags["l"], "l=") if "l" in tags else None


def _number(text: str, what: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 76):
        raise _Refused("neutral", f"{what} is no number")
    return int(text)


def _base64(text: str, what: str, result: str = "neutral") -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _Refused(result, f"{what} is not base64") from error
