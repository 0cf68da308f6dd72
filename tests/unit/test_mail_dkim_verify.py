"""DKIM verification of what dkimpy and the signer of our own have signed."""

import base64
import hashlib

import dkim as dkimpy
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from sinyal.mail import dkim, dkim_verify
from sinyal.mail.dkim import Canonical
from sinyal.mail.lookup import FAILURE, NOTHING, Told

NOW = 1_700_000_000.0
FORMS = [Canonical(h, b) for h in ("relaxed", "simple") for b in ("relaxed", "simple")]
MESSAGE = (
    b"Received: from a by b\r\nFrom: A  <a@toko.example>\r\nTo: b@c.example,\r\n"
    b"\tc@c.example\r\nSubject: hi\r\nDate: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
    b"Message-ID: <1@toko.example>\r\n\r\nHello  \tworld \r\n\r\nx\r\n\r\n\r\n"
)


def pem_of(private) -> bytes:
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


RSA_PRIVATE = rsa.generate_private_key(65537, 2048)
RSA = dkim.Key(RSA_PRIVATE)
ED25519 = dkim.Key(ed25519.Ed25519PrivateKey.generate())
SHORT = dkim.Key(rsa.generate_private_key(65537, 1024))


def verdicts(content: bytes, told: Told, at: float = NOW) -> list[str]:
    prepared = dkim_verify.prepare(content, at)
    return [dkim_verify.judge(one, told).result for one in prepared]


def published(key: dkim.Key) -> Told:
    return Told((key.record,))


def signed(canonical=dkim.RELAXED, key=RSA, identity: str = "") -> bytes:
    return dkim.sign(MESSAGE, key, "toko.example", "s1", identity, canonical) + MESSAGE


@pytest.mark.parametrize("canonical", FORMS, ids=lambda c: f"{c.header}-{c.body}")
@pytest.mark.parametrize("key", [RSA, ED25519], ids=["rsa", "ed25519"])
def test_our_own_signatures_are_verified(canonical, key) -> None:
    content = signed(canonical, key, "a@toko.example")
    assert verdicts(content, published(key)) == ["pass"]
    (signature,) = dkim_verify.prepare(content, NOW)
    assert signature.key_name == "s1._domainkey.toko.example"
    assert dict(signature.properties)["header.i"] == "a@toko.example"


@pytest.mark.parametrize("length", [False, True])
@pytest.mark.parametrize("header", [b"relaxed", b"simple"])
@pytest.mark.parametrize("body", [b"relaxed", b"simple"])
def test_dkimpys_signatures_are_verified(header, body, length) -> None:
    field = dkimpy.sign(
        MESSAGE,
        b"s1",
        b"toko.example",
        pem_of(RSA_PRIVATE),
        canonicalize=(header, body),
        length=length,
    )
    assert verdicts(field + MESSAGE, published(RSA)) == ["pass"]
    appended = ["pass" if length else "fail"]
    assert verdicts(field + MESSAGE + b"more\r\n", published(RSA)) == appended


def test_a_change_of_header_or_body_is_a_fail() -> None:
    content = signed()
    for before, after in (
        (b"Subject: hi", b"Subject: ho"),
        (b"Hello", b"HELLO"),
        (b"To: b@c", b"To: d@c"),
        (b"A  <a@toko", b"A  <b@toko"),
    ):
        assert verdicts(content.replace(before, after), published(RSA)) == ["fail"]
    assert verdicts(content, published(ED25519)) == ["permerror"]
    assert verdicts(content, published(SHORT)) == ["fail"]


@pytest.mark.parametrize(
    ("told", "result"),
    [
        (FAILURE, "temperror"),
        (NOTHING, "permerror"),
        (Told(("v=spf1 -all",)), "permerror"),
        (Told(("v=DKIM1; p=",)), "permerror"),
        (Told(("v=DKIM2; " + RSA.record[10:],)), "permerror"),
        (Told(("v=DKIM1; k=rsa; p=!!!",)), "permerror"),
        (Told(("v=DKIM1; k=rsa; p=AAAA",)), "permerror"),
        (Told((RSA.record.replace("k=", "h=sha1; k="),)), "permerror"),
        (Told((RSA.record.replace("k=", "s=other; k="),)), "permerror"),
        (Told((RSA.record.replace("k=", "h=sha1:sha256; s=email; k="),)), "pass"),
        (Told(("other", RSA.record)), "pass"),
        (Told((RSA.record[RSA.record.index("p=") :],)), "pass"),
    ],
)
def test_what_the_key_record_says_counts(told: Told, result: str) -> None:
    assert verdicts(signed(), told) == [result]


def test_a_strict_key_is_for_its_own_domain_alone() -> None:
    strict = Told((RSA.record.replace("k=", "t=s; k="),))
    assert verdicts(signed(identity="a@toko.example"), strict) == ["pass"]
    below = signed(identity="a@sub.toko.example")
    assert verdicts(below, strict) == ["permerror"]
    assert verdicts(below, published(RSA)) == ["pass"]


def test_a_key_under_test_is_told_so() -> None:
    (signature,) = dkim_verify.prepare(signed(), NOW)
    told = Told((RSA.record.replace("k=", "t=y; k="),))
    assert dkim_verify.judge(signature, told).reason == "2048-bit key, testing"


def field_with(change, names: bytes = b"From", **tags: bytes) -> bytes:
    """A field with tags to the test's liking; only its syntax is of interest."""
    body = dkim.relaxed_body(MESSAGE.partition(b"\r\n\r\n")[2])
    known = {
        "v": b"1",
        "a": b"rsa-sha256",
        "c": b"relaxed/relaxed",
        "d": b"toko.example",
        "s": b"s1",
        "h": names,
        "bh": base64.b64encode(hashlib.sha256(body).digest()),
        "b": b"AAAA",
    }
    change(known)
    known |= tags
    text = b"; ".join(b"%s=%s" % (name.encode(), one) for name, one in known.items())
    return b"DKIM-Signature: " + text + b"\r\n"


@pytest.mark.parametrize(
    ("tags", "result"),
    [
        ({}, "fail"),
        ({"v": b"2"}, "neutral"),
        ({"a": b"rsa-sha1"}, "policy"),
        ({"a": b"rot13"}, "neutral"),
        ({"d": b"-.-"}, "neutral"),
        ({"d": b""}, "neutral"),
        ({"h": b"To:Subject"}, "neutral"),
        ({"h": b"From:" + b"To:" * 1000}, "neutral"),
        ({"i": b"a@other.example"}, "neutral"),
        ({"i": b"a@nottoko.example"}, "neutral"),
        ({"q": b"dns/other"}, "neutral"),
        ({"x": b"1699999999"}, "policy"),
        ({"x": b"1700000001"}, "fail"),
        ({"x": b"soon"}, "neutral"),
        ({"l": b"100000"}, "fail"),
        ({"l": b"-1"}, "neutral"),
        ({"c": b"loose"}, "neutral"),
        ({"bh": b"AAAA"}, "fail"),
        ({"b": b"*"}, "neutral"),
        ({"z": b"x" * 20_000}, "neutral"),
    ],
)
def test_what_the_signature_says_of_itself_counts(tags, result) -> None:
    content = field_with(lambda known: None, **tags) + MESSAGE
    assert verdicts(content, published(RSA)) == [result]


@pytest.mark.parametrize("name", ["v", "a", "b", "bh", "d", "h", "s"])
def test_a_signature_without_a_needed_tag_is_neutral(name: str) -> None:
    content = field_with(lambda known: known.pop(name)) + MESSAGE
    assert verdicts(content, published(RSA)) == ["neutral"]


def test_a_tag_that_stands_twice_is_neutral() -> None:
    field = field_with(lambda known: None).replace(b"b=AAAA", b"b=AAAA; d=x.example")
    assert verdicts(field + MESSAGE, published(RSA)) == ["neutral"]


def test_a_weak_key_is_refused_by_policy() -> None:
    weak = dkim.Key(rsa.generate_private_key(65537, 1024 - 8 + 8))
    assert verdicts(signed(key=weak), published(weak)) == ["pass"]
    record = "v=DKIM1; p=" + (  # 512 bits
        "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAMZ7YdL0zGoXMqYVIs0xXLkEbTlB9UcVVyqFFpqf"
        "yCJ9C6lqzBv5jEHQSkVpbVZV8CVQCf9gVk4nS0jVnKQzhPcCAwEAAQ=="
    )
    assert verdicts(signed(), Told((record,))) == ["policy"]


def test_a_field_added_over_a_signed_one_does_not_hide_it() -> None:
    # The last of equal names is the signed one; the new one is not covered.
    content = signed()
    assert verdicts(b"Subject: new\r\n" + content, published(RSA)) == ["pass"]
    locked = signed(Canonical(oversigned=dkim.SIGNED))
    assert verdicts(b"Subject: new\r\n" + locked, published(RSA)) == ["fail"]


def test_only_the_first_signatures_are_looked_at() -> None:
    field = signed()[: -len(MESSAGE)]
    assert verdicts(field * 9 + MESSAGE, published(RSA)) == ["pass"] * 5


def test_the_header_that_a_signature_covers_is_bounded() -> None:
    field = field_with(lambda known: None, names=b"From:X:X")
    long = b"X: " + b"y" * 140_000 + b"\r\n"
    told = published(RSA)
    assert verdicts(field + long + MESSAGE, told) == ["fail"]
    assert verdicts(field + long * 2 + MESSAGE, told) == ["neutral"]


def test_mail_without_signatures_has_no_verdicts() -> None:
    assert verdicts(MESSAGE, NOTHING) == []


@given(st.binary(max_size=300))
def test_no_signature_breaks_the_verifier(octets: bytes) -> None:
    content = b"DKIM-Signature: " + octets + b"\r\n" + MESSAGE
    for one in dkim_verify.prepare(content, NOW):
        assert dkim_verify.judge(one, published(RSA)).result != "pass"


@given(st.text(max_size=200))
def test_no_key_record_breaks_the_verifier(text: str) -> None:
    assert verdicts(signed(), Told((text, "p=" + text))) != ["pass"]
