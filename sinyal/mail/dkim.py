"""DKIM signatures; RFC 6376, RFC 8463 (Ed25519), guide 3.3.6, rules DKIM."""

import base64
import hashlib
import re
from collections.abc import Callable
from typing import Literal

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from sinyal.mail import address as addresses
from sinyal.mail import header
from sinyal.mail.header import Field

Form = Literal["relaxed", "simple"]

# The fields that are signed wherever they stand in a message, in this order: DKIM-6,
# with List-Unsubscribe-Post of the later edition (RFC 8058 4).
MIN_BITS = 1024  # of an RSA key
SIGNED = (
    *(
        b"From",
        b"Sender",
        b"Reply-To",
        b"To",
        b"Cc",
        b"Subject",
        b"Date",
        b"Message-ID",
    ),
    *(b"In-Reply-To", b"References", b"MIME-Version", b"Content-Type"),
    *(b"Content-Transfer-Encoding", b"Content-Description", b"Content-Id"),
    *(b"List-Id", b"List-Help", b"List-Unsubscribe", b"List-Unsubscribe-Post"),
    *(b"List-Subscribe", b"List-Post", b"List-Owner", b"List-Archive"),
    *(b"Resent-From", b"Resent-Sender", b"Resent-To", b"Resent-Cc", b"Resent-Date"),
    b"Resent-Message-ID",
)
# Those that change on the way or are nobody's business are never signed: DKIM-6.
NEVER_SIGNED = frozenset({
    *(b"bcc", b"comments", b"dkim-signature", b"keywords"),
    *(b"received", b"resent-bcc", b"return-path"),
})
LOWER_SIGNED = frozenset(name.lower() for name in SIGNED)
TAB_TO_SPACE = bytes.maketrans(b"\t", b" ")
LINE_END = re.compile(rb"\r?\n")
UNSAFE = re.compile(rb"[^!-:<>-~]")  # in i=; RFC 6376 2.11
PEM = re.compile(r"-----BEGIN ([A-Z ]{1,40})-----([^-]*+)-----END \1-----")
FOLD_AT = 72


class Canonical(msgspec.Struct, frozen=True):
    """How header and body are made canonical before signing, and what is said of it.

    `oversigned` fields are listed once more than they are there, so that none can be
    added (DKIM-7). `also` says which fields, lower case, are signed beside `SIGNED`.
    `query`, `signed_at`, `expires_at` (epoch seconds) become q=, t= and x= unless they
    are empty, `has_length` adds l=. Source: RFC 6376 3.4, 3.5.
    """

    header: Form = "relaxed"
    body: Form = "relaxed"
    oversigned: tuple[bytes, ...] = ()
    also: Callable[[bytes], bool] | None = None
    query: str = ""
    signed_at: int = 0
    expires_at: int = 0
    has_length: bool = False


RELAXED = Canonical()


class Key(msgspec.Struct, frozen=True):
    """A private key; RFC 6376 3.3, RFC 8463 3."""

    private: RSAPrivateKey | Ed25519PrivateKey

    @property
    def algorithm(self) -> str:
        """The value of a=."""
        is_rsa = isinstance(self.private, RSAPrivateKey)
        return "rsa-sha256" if is_rsa else "ed25519-sha256"

    @property
    def record(self) -> str:
        """The TXT record that publishes the key at SELECTOR._domainkey.DOMAIN."""
        public = self.private.public_key()
        if isinstance(self.private, RSAPrivateKey):
            kind = "rsa"
            octets = public.public_bytes(
                Encoding.DER, PublicFormat.SubjectPublicKeyInfo
            )
        else:
            kind, octets = (
                "ed25519",
                public.public_bytes(Encoding.Raw, PublicFormat.Raw),
            )
        return f"v=DKIM1; k={kind}; p={base64.b64encode(octets).decode()}"

    def sign(self, octets: bytes) -> bytes:
        """The bare signature over canonical octets."""
        if isinstance(self.private, RSAPrivateKey):
            return self.private.sign(octets, PKCS1v15(), SHA256())
        return self.private.sign(hashlib.sha256(octets).digest())


def load_key(pem: bytes) -> Key:
    """The key in a PEM file.

    Errors: ValueError for what is no unencrypted RSA or Ed25519 private key, and for an
    RSA key that no receiver takes (RFC 8301 3.2).
    """
    try:
        private = load_pem_private_key(pem, password=None)
    except (TypeError, UnsupportedAlgorithm) as error:
        raise ValueError(str(error)) from error
    if not isinstance(private, RSAPrivateKey | Ed25519PrivateKey):
        raise ValueError("neither an RSA nor an Ed25519 key")
    if isinstance(private, RSAPrivateKey) and private.key_size < MIN_BITS:
        raise ValueError(f"an RSA key of {private.key_size} bits, {MIN_BITS} is least")
    return Key(private)


def load_header_key(value: str) -> Key:
    """The key of an X-DKIM-Key field, whose line ends may be lost (DKIM-5).

    Errors: as `load_key`.
    """
    found = PEM.search(value)
    if found is None:
        raise ValueError("no PEM block")
    octets = "".join(found[2].split())
    lines = [octets[at : at + 64] for at in range(0, len(octets), 64)]
    whole = [f"-----BEGIN {found[1]}-----", *lines, f"-----END {found[1]}-----", ""]
    return load_key("\n".join(whole).encode("ascii", "replace"))


def identity_of(content: bytes) -> str:
    """The address of the Sender field, otherwise of the From field, or ""; DKIM-2."""
    found = header.fields(content)
    for name in (b"Sender", b"From"):
        field = header.named(found, name)
        if field and (address := addresses.parse(field.value).address):
            return address
    return ""


def sign(
    content: bytes,
    key: Key,
    domain: str,
    selector: str,
    identity: str = "",
    canonical: Canonical = RELAXED,
) -> bytes:
    """The DKIM-Signature field for a message, with its line end.

    `domain` is d=; `identity` (i=) is left out unless it lies in that domain.
    Source: RFC 6376 3.5, 3.7, 5.4.2.
    """
    split = header.split(content)
    fields = _chosen(content[: split.header_end], canonical)
    body = BODY_FORMS[canonical.body](content[split.body_start :])
    tags = [
        b"v=1; a=%s; c=%s/%s;"
        % tuple(t.encode() for t in (key.algorithm, canonical.header, canonical.body)),
        b"d=%s; s=%s;" % (domain.encode(), selector.encode()),
        *_identity(identity, domain),
        *_told(canonical, len(body)),
        b"h=%s;" % _folded([name for name, _ in fields], b":"),
        b"bh=%s;" % base64.b64encode(hashlib.sha256(body).digest()),
        b"b=",
    ]
    unsigned = b"DKIM-Signature: " + b"\r\n\t".join(tags)
    as_canonical = HEADER_FORMS[canonical.header]
    signed = [as_canonical(field) for _, field in fields if field]
    octets = b"".join((*signed, as_canonical(unsigned).removesuffix(b"\r\n")))
    value = base64.b64encode(key.sign(octets))
    lines = [value[at : at + FOLD_AT] for at in range(0, len(value), FOLD_AT)]
    return unsigned + b"\r\n\t ".join(lines) + b"\r\n"


def _chosen(head: bytes, canonical: Canonical) -> list[tuple[bytes, bytes]]:
    """The fields to sign, the last of equal names first; b"" for one not there."""
    there: dict[bytes, list[Field]] = {}
    for field in header.fields(head):
        there.setdefault(field.name.lower(), []).append(field)
    more = {name.lower(): name for name in canonical.oversigned}
    chosen = []
    for name in (*SIGNED, *_also(there, canonical, more)):
        lower = name.lower()
        found = there.get(lower, [])
        chosen += [(name, head[one.start : one.end]) for one in reversed(found)]
        if lower in more or (name == b"From" and not found):
            chosen.append((name, b""))
    return chosen


def _also(
    there: dict[bytes, list[Field]], canonical: Canonical, more: dict[bytes, bytes]
) -> list[bytes]:
    """Names beside `SIGNED`: what the operator wants signed, and kept from others."""
    also = canonical.also
    if also is None and not more:
        return []
    wanted = [found[0].name for name, found in there.items() if also and also(name)]
    names = {name.lower(): name for name in wanted} | more
    return [
        name
        for lower, name in names.items()
        if lower not in LOWER_SIGNED and lower not in NEVER_SIGNED
    ]


def _told(canonical: Canonical, body_octets: int) -> list[bytes]:
    """The tags q=, t=, x= and l= that are wanted."""
    tags = (
        (canonical.query, f"q={canonical.query};"),
        (canonical.signed_at, f"t={canonical.signed_at};"),
        (canonical.expires_at, f"x={canonical.expires_at};"),
        (canonical.has_length, f"l={body_octets};"),
    )
    return [tag.encode() for is_wanted, tag in tags if is_wanted]


def _identity(identity: str, domain: str) -> list[bytes]:
    if not f".{addresses.domain(identity)}".endswith(f".{domain.lower()}"):
        return []
    octets = UNSAFE.sub(lambda found: b"=%02X" % found[0][0], identity.encode())
    return [b"i=%s;" % octets]


def _folded(words: list[bytes], separator: bytes) -> bytes:
    lines, line = [], b""
    for word in words:
        if line and len(line) + len(word) > FOLD_AT:
            lines.append(line)
            line = b""
        line += word + separator
    return b"\r\n\t ".join((*lines, line.removesuffix(separator)))


def relaxed_header(field: bytes) -> bytes:
    """RFC 6376 3.4.2."""
    name, _, value = field.partition(b":")
    plain = _single_spaced(LINE_END.sub(b"", value)).strip(b" ")
    return b"%s:%s\r\n" % (name.lower().rstrip(b" \t"), plain)


def simple_header(field: bytes) -> bytes:
    """RFC 6376 3.4.1."""
    return field if field.endswith(b"\r\n") else field + b"\r\n"


def relaxed_body(body: bytes) -> bytes:
    """RFC 6376 3.4.4. The replacements are a sixth of the price of patterns."""
    body = _single_spaced(body).replace(b" \r\n", b"\r\n")
    if not body.endswith(b"\r\n"):
        body = body.removesuffix(b" ") + b"\r\n"
    canonical = _one_last_line_end(body)
    return b"" if canonical == b"\r\n" else canonical


def simple_body(body: bytes) -> bytes:
    """RFC 6376 3.4.3."""
    return _one_last_line_end(body if body.endswith(b"\r\n") else body + b"\r\n")


HEADER_FORMS = {"relaxed": relaxed_header, "simple": simple_header}
BODY_FORMS = {"relaxed": relaxed_body, "simple": simple_body}


def _single_spaced(octets: bytes) -> bytes:
    octets = octets.translate(TAB_TO_SPACE)
    while b"  " in octets:
        octets = octets.replace(b"  ", b" ")
    return octets


def _one_last_line_end(body: bytes) -> bytes:
    # rstrip would take bare CR and LF too: those belong to the text.
    end = len(body)
    while body.endswith(b"\r\n", 0, end):
        end -= 2
    return body[: end + 2]
