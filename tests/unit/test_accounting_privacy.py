"""Recipients that an accounting file does not name; guide 3.3.11.16."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinyal.accounting.layout import Extras, Layout
from sinyal.accounting.privacy import hiding, replaced
from sinyal.accounting.siphash import siphash
from sinyal.config.settings import AcctFile
from sinyal.events.record import Record

RECORD = Record(
    type="b",
    time_logged=1549662845.0,
    orig="news-Port25=contoh.example@toko.example",
    rcpt="Port25@contoh.example",
    orcpt="rfc822;PORT25@contoh.example",
    dsn_diag="smtp;550 <port25@contoh.example>: no such user",
    headers={"to": "Budi <port25@contoh.example>", "x-id": "7"},
)
POLICIES = [
    ("redact", "..."),
    ('redact "someone else"', "someone else"),
    ("siphash secretkey", "EB938A2508145899"),
    ("siphash-hexkey 1234abcd", "D343D887797D2CFB"),
    (
        "hmac-sha256 secretkey",
        "614648A140A88192D375C22E606BEC922E8CFA71A5063C067E6BE7CB49C506AA",
    ),
    (
        "hmac-sha256-hexkey 1234abcd",
        "3BB5D751EB1C3ECCD12C10B315DADEBA35C3A6DF822E44A347FC01B38001477A",
    ),
]


def hidden(policy: str, record: Record) -> Record:
    hide = hiding(policy)
    assert hide is not None
    return hide(record)


@pytest.mark.parametrize(("policy", "name"), POLICIES)
def test_a_recipient_has_another_name_wherever_a_record_tells_it(
    policy: str, name: str
):
    found = hidden(policy, RECORD)
    assert found.rcpt == f"{name}@contoh.example"
    assert found.orcpt == f"rfc822;{name}@contoh.example"
    assert found.orig == f"news-{name}=contoh.example@toko.example"
    assert found.dsn_diag == f"smtp;550 <{name}@contoh.example>: no such user"
    assert found.headers == {"to": f"Budi <{name}@contoh.example>", "x-id": "7"}


def test_retain_hides_nothing():
    assert hiding("retain") is None
    assert AcctFile().privacy_policy == "retain"


def test_the_fields_of_a_complaint_name_nobody_either():
    record = Record(
        type="f",
        time_logged=1.0,
        rcpt="ika@contoh.example",
        arf={"original-rcpt-to": "<IKA@contoh.example>,rfc822; budi@x.example"},
    )
    assert hidden("redact", record).arf == {
        "original-rcpt-to": "<...@contoh.example>,rfc822; ...@x.example"
    }


def test_an_encoded_original_recipient_is_hidden_as_it_was():
    record = msgspec.structs.replace(
        RECORD,
        rcpt="a+b@x.example",
        orcpt="rfc822;a+2Bb@x.example",
        orig="",
        headers={},
    )
    found = hidden("siphash k", record)
    assert found.orcpt == f"rfc822;{found.rcpt}"


@pytest.mark.parametrize(
    ("rcpt", "name"),
    [
        ("", ""),
        ("postmaster", "..."),
        ('"a b"@x.example', "...@x.example"),
        ("@x.example", "...@x.example"),
        ("a@b@x.example", "...@x.example"),
        ("a\udce9@x.example", "...@x.example"),
    ],
)
def test_recipients_of_any_form_are_hidden(rcpt: str, name: str):
    assert hidden("redact", Record(type="d", time_logged=1.0, rcpt=rcpt)).rcpt == name


TEXT = st.text(st.characters(codec="utf-8"))


@given(
    st.text("abcXYZ019.+-_'\"\\ é", min_size=4, max_size=12),
    TEXT,
    TEXT,
    st.sampled_from([policy for policy, _ in POLICIES]),
)
def test_no_text_of_a_record_keeps_the_address(
    local: str, before: str, after: str, policy: str
):
    address = f"{local}@contoh.example"
    record = Record(
        type="b",
        time_logged=1.0,
        rcpt=address,
        orcpt=f"rfc822;{address}",
        orig=f"v-{local}=contoh.example@toko.example",
        dsn_diag=f"{before}{address.upper()}{after}",
    )
    found = hidden(policy, record)
    for text in (found.rcpt, found.orcpt, found.orig, found.dsn_diag):
        assert f"{local}@contoh".lower() not in text.lower()
        assert f"{local}=contoh".lower() not in text.lower()


@given(TEXT, st.text(min_size=1, max_size=3))
def test_text_without_the_word_stays_as_it_is(text: str, word: str):
    if word.lower() not in text.lower():
        assert replaced(text, word, "...") == text


def test_lines_of_a_file_are_hidden_and_the_records_of_others_are_not():
    layout = Layout(("b",), extras=Extras(hide=hiding("redact")))
    assert b"ort25" not in layout.line(RECORD)
    assert b"Port25@contoh.example" in Layout(("b",)).line(RECORD)


def test_the_key_is_in_nothing_that_is_printed():
    section = AcctFile(path="a", privacy_policy="siphash sesame")
    assert "sesame" not in f"{section!r} {section}"
    assert "sesame" not in repr(hiding("siphash sesame"))


# Vectors of the authors: key 00 01 ... 0f, messages 00 01 ... of growing length.
@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (0, "310e0edd47db6f72"),
        (1, "fd67dc93c539f874"),
        (7, "37d1018bf50002ab"),
        (8, "6224939a79f5f593"),
        (15, "e545be4961ca29a1"),
    ],
)
def test_siphash_is_that_of_its_authors(length: int, expected: str):
    assert siphash(bytes(range(16)), bytes(range(length))).hex() == expected


def test_a_key_that_is_too_long_is_an_error():
    with pytest.raises(ValueError, match="17 octets"):
        siphash(b"k" * 17, b"")
