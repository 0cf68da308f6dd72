"""DKIM: signatures that other programs verify, keys, canonical forms."""

import base64
from types import SimpleNamespace
from typing import NamedTuple

import dkim as judge
import opendkim_judge
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import dsa, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from sinyal.mail import dkim
from sinyal.mail.dkim import Canonical
from sinyal.mail.dkim_choice import choose_key


def pem_of(private, encryption=None):
    form = PrivateFormat.PKCS8
    return private.private_bytes(Encoding.PEM, form, encryption or NoEncryption())


class VerifyKey:
    """The part of PyNaCl that dkimpy uses, so that Ed25519 is judged without it."""

    def __init__(self, key, encoder):
        octets = encoder(key)
        self._key = ed25519.Ed25519PublicKey.from_public_bytes(octets)

    def verify(self, message, signature):
        try:
            self._key.verify(signature, message)
        except InvalidSignature as error:
            raise BadSignature from error


class BadSignature(Exception):
    pass


@pytest.fixture(autouse=True, scope="module")
def _ed25519_for_dkimpy():
    nacl = SimpleNamespace(
        signing=SimpleNamespace(VerifyKey=VerifyKey),
        encoding=SimpleNamespace(Base64Encoder=base64.b64decode),
        exceptions=SimpleNamespace(
            ValueError=ValueError, BadSignatureError=BadSignature
        ),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judge, "nacl", nacl, raising=False)
        yield


RSA_PEM = pem_of(rsa.generate_private_key(65537, 2048))
RSA = dkim.load_key(RSA_PEM)
ED25519 = dkim.load_key(pem_of(ed25519.Ed25519PrivateKey.generate()))
FORMS = [Canonical(h, b) for h in ("relaxed", "simple") for b in ("relaxed", "simple")]
BARE = b"From: a@toko.example\r\n\r\n"

MESSAGES = {
    "ordinary": b"From: A <a@toko.example>\r\nTo: b@c.d\r\nSubject: hi\r\n\r\nx\r\n",
    "no final line end": BARE + b"body",
    "empty body": BARE,
    "one empty line": BARE + b"\r\n",
    "only empty lines": BARE + b"\r\n\r\n\r\n",
    "trailing empty lines": BARE + b"text\r\n\r\n\r\n",
    "trailing blanks": BARE + b"text \t \r\n \t\r\nmore \r\n",
    "last line of blanks": BARE + b"text\r\n   ",
    "tabs": BARE + b"\ta\t\tb \t c\r\n",
    "octets above 127": BARE + bytes(range(128, 256)) + b"\r\n",
    "long line": BARE + b"x" * 5000,
    "dots": BARE + b".\r\n..\r\n.x\r\n",
    "repeated fields": b"To: 1@x\r\nFrom: a@toko.example\r\nTo: 2@x\r\nTo: 3@x\r\n\r\n",
    "folded fields": (
        b"Subject: a\r\n\tfolded   one\r\n  twice\r\nFROM:  a@toko.example \r\n"
        b"Content-Type: text/plain;\r\n charset=utf-8\r\n\r\nx\r\n"
    ),
    "empty fields": b"Subject:\r\nCc: \r\nFrom: a@toko.example\r\n\r\nx\r\n",
    "every signed field": b"".join(b"%s: x@y\r\n" % name for name in dkim.SIGNED)
    + b"\r\nx\r\n",
}


def is_verified(content, key, domain="toko.example", selector="s1"):
    """Does dkimpy verify it with the key's published record."""
    asked = []

    def txt(name, timeout=5):
        asked.append(name.decode().rstrip("."))
        return key.record.encode()

    # What has no final line end gets one on the way; RFC 5321 4.1.1.4.
    arrived = content if content.endswith(b"\r\n") else content + b"\r\n"
    try:
        verified = judge.DKIM(arrived).verify(dnsfunc=txt)
    except judge.ValidationError:  # the body's hash is another
        return False
    assert asked == [f"{selector}._domainkey.{domain}"]
    return verified


def signed(content, key, canonical=dkim.RELAXED, identity=""):
    return dkim.sign(content, key, "toko.example", "s1", identity, canonical) + content


@pytest.mark.parametrize("canonical", FORMS, ids=lambda c: f"{c.header}-{c.body}")
@pytest.mark.parametrize("key", [RSA, ED25519], ids=["rsa", "ed25519"])
@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
def test_dkimpy_verifies_what_we_sign(message, key, canonical):
    content = signed(message, key, canonical, "a@toko.example")
    assert is_verified(content, key)


@pytest.mark.parametrize("canonical", FORMS, ids=lambda c: f"{c.header}-{c.body}")
def test_a_changed_message_is_not_verified(canonical):
    content = signed(MESSAGES["ordinary"], RSA, canonical)
    assert not is_verified(content.replace(b"Subject: hi", b"Subject: ho"), RSA)
    assert not is_verified(content.replace(b"\r\n\r\nx", b"\r\n\r\ny"), RSA)


LINES = st.lists(
    st.one_of(
        st.sampled_from([
            b"",
            b" ",
            b"\t",
            b"a b",
            b"a  \t",
            b".",
            b"\r",
            b"\n",
            b"x ",
        ]),
        st.binary(max_size=12).map(lambda octets: octets.replace(b"\x00", b"")),
    ),
    max_size=8,
).map(b"\r\n".join)


@settings(max_examples=150, deadline=None)
@given(LINES, st.sampled_from(FORMS))
def test_any_body_is_verified(body, canonical):
    # A bare CR or LF never reaches the signer: reception refuses it.
    clean = b"\r\n".join(
        line.replace(b"\r", b"").replace(b"\n", b"") for line in body.split(b"\r\n")
    )
    assert is_verified(signed(BARE + clean, ED25519, canonical), ED25519)


def relaxed_by_lines(body):
    """RFC 6376 3.4.4 word by word."""
    lines = [line.replace(b"\t", b" ") for line in body.split(b"\r\n")]
    reduced = []
    for line in lines:
        words = b" ".join(word for word in line.split(b" ") if word)
        reduced.append((b" " if line.startswith(b" ") and words else b"") + words)
    while reduced and not reduced[-1]:
        reduced.pop()
    return b"".join(line + b"\r\n" for line in reduced)


@settings(max_examples=200)
@given(st.lists(st.sampled_from([b" ", b"\t", b"\r\n", b"a", b"\r", b"\n"])))
def test_the_relaxed_body_is_that_of_the_standard_line_by_line(pieces):
    body = b"".join(pieces)
    assert dkim.relaxed_body(body) == relaxed_by_lines(body)


def test_the_examples_of_the_standard_are_canonical():
    # RFC 6376 3.4.5
    body = b" C \r\nD \t E\r\n\r\n\r\n"
    assert dkim.relaxed_body(body) == b" C\r\nD E\r\n"
    assert dkim.simple_body(body) == b" C \r\nD \t E\r\n"
    assert dkim.relaxed_header(b"A: X\r\n") == b"a:X\r\n"
    assert dkim.relaxed_header(b"B : Y\t\r\n\tZ  \r\n") == b"b:Y Z\r\n"
    assert dkim.simple_header(b"B : Y\t\r\n\tZ  \r\n") == b"B : Y\t\r\n\tZ  \r\n"


def test_signing_takes_any_content():
    for content in (
        b"",
        b"\r\n",
        b"garbage",
        b"From: x",
        b"A" * 100_000,
        b": \r\n\r\n",
    ):
        for canonical in FORMS:
            assert dkim.sign(content, ED25519, "d", "s", "", canonical).endswith(
                b"\r\n"
            )


def test_every_line_of_the_field_is_short():
    field = dkim.sign(MESSAGES["every signed field"], RSA, "toko.example", "s1")
    assert max(len(line) for line in field.split(b"\r\n")) <= 78


def test_fields_that_change_on_the_way_are_not_signed():
    extra = (
        b"Received: x\r\nReturn-Path: <>\r\nBcc: x\r\nComments: x\r\nKeywords: x\r\n"
    )
    field = dkim.sign(extra + MESSAGES["ordinary"], RSA, "toko.example", "s1").lower()
    for name in (b"received", b"return-path", b"bcc", b"comments", b"keywords"):
        assert name not in field


def test_an_oversigned_message_lets_no_field_be_added():
    strict = Canonical(oversigned=dkim.SIGNED)
    content = signed(MESSAGES["ordinary"], RSA, strict)
    assert is_verified(content, RSA)
    assert not is_verified(b"Subject: forged\r\n" + content, RSA)


@pytest.mark.parametrize(
    ("identity", "shown"),
    [
        ("a@toko.example", b"i=a@toko.example;"),
        ("a@news.Toko.example", b"i=a@news.Toko.example;"),
        ("a;=b@toko.example", b"i=a=3B=3Db@toko.example;"),
        ("a@other.example", None),
        ("a@nottoko.example", None),
        ("", None),
    ],
)
def test_the_identity_is_shown_if_it_lies_in_the_domain(identity, shown):
    content = signed(MESSAGES["ordinary"], ED25519, identity=identity)
    assert (shown in content) if shown else (b"i=" not in content)
    assert is_verified(content, ED25519)


class Configured(NamedTuple):
    domain: str
    name: str


@pytest.mark.parametrize(
    ("domains", "identity_domain", "chosen"),
    [
        (["toko.example"], "toko.example", 0),
        (["toko.example"], "News.TOKO.example", 0),
        (["oko.example"], "toko.example", None),
        (["news.toko.example"], "toko.example", None),
        (["other", "example", "toko.example"], "toko.example", 1),
        (["toko.example", "*"], "elsewhere.test", 1),
        (["*", "toko.example"], "toko.example", 0),
        ([], "toko.example", None),
        (["toko.example"], "", None),
    ],
)
def test_the_first_key_that_covers_the_domain_is_chosen(
    domains, identity_domain, chosen
):
    keys = [Configured(domain, str(at)) for at, domain in enumerate(domains)]
    expected = None if chosen is None else keys[chosen]
    assert choose_key(keys, identity_domain) == expected


def test_the_sender_comes_before_the_author():
    both = b"From: a@x.example\r\nSender: S <s@y.example>\r\n\r\n"
    assert dkim.identity_of(both) == "s@y.example"
    assert dkim.identity_of(b"From: A <a@x.example>\r\n\r\n") == "a@x.example"
    assert dkim.identity_of(b"Sender: ?\r\nFrom: a@x.example\r\n\r\n") == "a@x.example"
    assert dkim.identity_of(b"\r\n") == ""


WEAK = b"""\
-----BEGIN PRIVATE KEY-----
MIIBVAIBADANBgkqhkiG9w0BAQEFAASCAT4wggE6AgEAAkEAu3KK0Nv1W7+9DiLf
BXrK4Dyu/wwC23J+DFNTwfFrnzagB3KWv80yw0rRkjsMXjqqNtWX3QYbAxUIdHy2
YqhUnwIDAQABAkEAtOOYam2ZnWyu+NFV/2e8GCD3j1D8AOHAGgzfqy1a+kyJop5t
kD4nxjdaRdWgh8CybsCGttQ03JdJA+lLmLCkoQIhAOJ8lptORP6syR5wI8jPE19q
fEDHDffgLkIsa0BTBOtNAiEA09+i8I1ZiknmtwvxDyR7AiJUK1LN4RrrJ+bhALLk
0ZsCIG0MtetTVU8WXMPmFKTEZ7yCZg8+iJA4Ba3g+0b+chjlAiBnAZUAClh76Q3n
9EBQMlYzZWkyXuGFDUdCcPb3FgI0/QIgHuauKpz8rTMSucz6i0m6ILHXLHEEnr2S
OCz3xFKB2kM=
-----END PRIVATE KEY-----
"""


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        pem_of(dsa.generate_private_key(1024)),
        WEAK,
        pem_of(ed25519.Ed25519PrivateKey.generate(), BestAvailableEncryption(b"x")),
    ],
    ids=["empty", "garbage", "DSA", "512 bits", "encrypted"],
)
def test_a_file_without_a_usable_key_is_a_value_error(pem):
    with pytest.raises(ValueError):
        dkim.load_key(pem)


@pytest.mark.judge
@pytest.mark.parametrize("canonical", FORMS, ids=lambda c: f"{c.header}-{c.body}")
def test_opendkim_verifies_what_we_sign(canonical, tmp_path):
    for name in ("ordinary", "folded fields", "trailing empty lines"):
        # OpenDKIM takes no message without a Date.
        dated = b"Date: Wed, 04 Mar 2026 09:15:20 +0000\r\n" + MESSAGES[name]
        content = signed(dated, RSA, canonical, "a@toko.example")
        assert opendkim_judge.verdict(content, RSA.record, tmp_path) == (0, b""), name
    forged = content.replace(b"From: a", b"From: b")
    assert opendkim_judge.verdict(forged, RSA.record, tmp_path)[0] != 0
