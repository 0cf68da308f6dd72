"""Tokens: round trips, forgeries, keys."""

import base64
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinyal.engagement import links, token
from sinyal.engagement.token import Copy, Engagement

KEY = token.derive_key("0123456789abcdef0123456789abcdef01234567")
OTHER = token.derive_key("0123456789abcdef0123456789abcdef01234568")
KEYS = {KEY.key_id: KEY}
NONCE = bytes(range(12))
COPY = Copy(
    message_id="000028f8a769d2b47e10",
    customer_id=123,
    subaccount_id=17,
    campaign_id="flash-sale-0304",
    ip_pool="promo",
    rcpt_to="ika.p@contoh.example",
    sent_at=1772615720,
)
CLICK = Engagement(COPY, "click", "https://toko.example/p/42?a=1&b=2", "tombol-beli")
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
COPIES = st.builds(
    Copy,
    message_id=st.one_of(st.from_regex(r"[0-9a-f]{20}", fullmatch=True), TEXT),
    customer_id=st.integers(0, 2**63 - 1),
    subaccount_id=st.integers(0, 2**31),
    campaign_id=TEXT,
    ip_pool=TEXT,
    rcpt_to=TEXT,
    sent_at=st.integers(0, 2**40),
)
ENGAGEMENTS = st.builds(
    Engagement, COPIES, st.sampled_from(get_args(token.Action)), TEXT, TEXT
)


@settings(max_examples=100)
@given(ENGAGEMENTS, st.binary(min_size=12, max_size=12))
def test_a_sealed_engagement_is_unsealed_as_it_was(engagement, nonce):
    assert token.unseal(KEYS, token.seal(KEY, engagement, nonce)) == engagement


def test_any_flipped_bit_makes_the_token_worthless():
    sealed = token.seal(KEY, CLICK, NONCE)
    octets = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
    for bit in range(len(octets) * 8):
        forged = bytearray(octets)
        forged[bit // 8] ^= 1 << bit % 8
        text = base64.urlsafe_b64encode(forged).rstrip(b"=").decode()
        assert token.unseal(KEYS, text) is None


def test_any_changed_character_makes_the_token_worthless():
    sealed = token.seal(KEY, CLICK, NONCE)
    for at, was in enumerate(sealed):
        for character in {"A", "z", "-", "=", "\n", " ", "é"} - {was}:
            changed = sealed[:at] + character + sealed[at + 1 :]
            assert token.unseal(KEYS, changed) is None


def test_a_truncated_or_longer_token_is_worthless():
    sealed = token.seal(KEY, CLICK, NONCE)
    for end in range(len(sealed)):
        assert token.unseal(KEYS, sealed[:end]) is None
    for tail in ("A", "AA", "AAAA", "=", "==", "\n", "~"):
        assert token.unseal(KEYS, sealed + tail) is None


@given(st.one_of(st.text(max_size=200), st.from_regex(r"AQ[A-Za-z0-9_-]*")))
def test_garbage_is_answered_with_none(text):
    assert token.unseal(KEYS, text) is None


def test_an_overlong_token_is_not_even_decoded():
    assert token.unseal(KEYS, "A" * 10_000_000) is None


def test_the_key_id_chooses_among_several_keys():
    both = {KEY.key_id: KEY, OTHER.key_id: OTHER}
    for key in both.values():
        assert token.unseal(both, token.seal(key, CLICK, NONCE)) == CLICK
    assert token.unseal(KEYS, token.seal(OTHER, CLICK, NONCE)) is None
    assert token.unseal({}, token.seal(KEY, CLICK, NONCE)) is None


def test_a_key_filed_under_a_foreign_id_unseals_nothing():
    sealed = token.seal(OTHER, CLICK, NONCE)
    assert token.unseal({OTHER.key_id: KEY}, sealed) is None


def test_keys_are_derived_alike_on_both_sides_and_differ_by_api_key():
    assert token.derive_key("k" * 40) == token.derive_key("k" * 40)
    assert KEY.key_id != OTHER.key_id
    assert KEY.secret != OTHER.secret
    assert (len(KEY.key_id), len(KEY.secret)) == (4, 32)
    assert not KEY.secret.startswith(KEY.key_id)


def test_a_key_does_not_show_its_secret_when_printed():
    assert KEY.secret.hex() not in repr(KEY)
    assert repr(KEY.secret) not in repr(KEY)


def test_nothing_of_the_engagement_can_be_read_in_the_token():
    sealed = token.seal(KEY, CLICK, NONCE)
    octets = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
    for word in ("ika.p", "contoh", "toko", "flash", "promo", "tombol", "https"):
        assert word.encode() not in octets
        assert word not in sealed
    assert bytes.fromhex(COPY.message_id) not in octets
    assert COPY.message_id not in sealed


def test_a_sealed_action_that_is_no_action_is_refused():
    payload = ["boom", b"x" * 10, 0, 0, 0, "", "", ""]
    prefix = token.VERSION + KEY.key_id
    cipher = token.AESGCM(KEY.secret)
    sealed = cipher.encrypt(NONCE, token.msgspec.msgpack.encode(payload), prefix)
    octets = base64.urlsafe_b64encode(prefix + NONCE + sealed)
    assert token.unseal(KEYS, octets.rstrip(b"=").decode()) is None


def test_an_ordinary_link_stays_far_below_two_thousand_characters():
    sealed = links.SealedLinks("https://track.toko.example", KEY, COPY, lambda: NONCE)
    assert len(sealed.click("https://toko.example/" + "x" * 200, "name")) < 600


@pytest.mark.parametrize("action", ["initial_open", "open"])
def test_pixels_and_links_carry_the_copy(action):
    maker = links.SealedLinks("http://127.0.0.1:8080", KEY, COPY, lambda: NONCE)
    pixel = maker.pixel(action)
    assert pixel.startswith("http://127.0.0.1:8080/q/")
    opened = token.unseal(KEYS, pixel.rpartition("/")[2])
    assert opened == Engagement(COPY, action)
    click = maker.click("https://toko.example/", "beli")
    assert click.startswith("http://127.0.0.1:8080/f/a/")
    clicked = token.unseal(KEYS, click.rpartition("/")[2])
    assert clicked == Engagement(COPY, "click", "https://toko.example/", "beli")


def test_the_copy_header_is_folded_and_read_back():
    field = links.copy_field(KEY, COPY, NONCE)
    assert all(len(line) <= 90 for line in field.split(b"\r\n"))
    for content in (
        b"Subject: x\r\n" + field + b"\r\nbody",
        (b"A: b\r\n" + field + b"\r\n").replace(b"\r\n", b"\n"),
        field.replace(b"\r\n ", b"\r\n\t  "),
        field.replace(b"X-Sinyal", b"x-sinyal"),
    ):
        assert links.copy_of(KEYS, content) == COPY


def test_a_forged_or_foreign_copy_header_is_no_copy():
    click = token.seal(KEY, CLICK, NONCE).encode()
    foreign = links.copy_field(OTHER, COPY, NONCE)
    for content in (
        b"Subject: x\r\n\r\n",
        b"X-Sinyal-Copy: \xff\xfe\r\n\r\n",
        b"X-Sinyal-Copy: " + click + b"\r\n\r\n",
        foreign,
        b"\r\n" + links.copy_field(KEY, COPY, NONCE),
    ):
        assert links.copy_of(KEYS, content) is None
