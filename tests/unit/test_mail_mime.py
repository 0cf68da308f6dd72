"""Parts by offsets, beside what the standard library makes of the same message."""

from email import message_from_bytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinyal.mail import mime

NESTED = b"""From: a@b.example\r
Content-Type: Multipart/Mixed; boundary="a b"\r
\r
preamble\r
--a b\r
Content-Type: multipart/alternative;\r
\tBoundary=in\r
\r
--in\r
\r
text\r
--in\r
Content-Type: TEXT/HTML; Charset="UTF-8"\r
Content-Transfer-Encoding: Base64\r
\r
PGh0bWw+w6k=\r
--in--\r
epilogue\r
--in\r
--a b  \r
Content-Disposition: ATTACHMENT; filename=x\r
\r
--a bc\r
\r
--a b\r
Content-Type: multipart/digest; boundary=d\r
\r
--d\r
\r
Subject: inner\r
\r
--d--\r
--a b--\r
--a b\r
"""


def test_parts_at_every_depth_are_found():
    parts = mime.walk(NESTED)
    assert [(one.content_type, mime.body(NESTED, one)) for one in parts] == [
        ("text/plain", b"text"),
        ("text/html", "<html>\u00e9".encode()),
        ("text/plain", b"--a bc\r\n"),
        ("message/rfc822", b"Subject: inner\r\n"),
    ]
    assert parts[1].within == ("multipart/mixed", "multipart/alternative")
    assert (parts[1].charset, parts[1].encoding) == ("utf-8", "base64")
    assert parts[2].disposition == "attachment"
    assert mime.text(NESTED, parts[1]) == "<html>\u00e9"


@pytest.mark.parametrize(
    "content", [NESTED.partition(b"--d\r\n")[0], NESTED.replace(b"\r\n", b"\n")]
)
def test_the_standard_library_sees_the_same_parts(content):
    leaves = [
        one
        for one in message_from_bytes(content).walk()
        if not one.is_multipart() and one.get_content_type() != "message/rfc822"
    ]
    ours = [one for one in mime.walk(content) if "digest" not in str(one.within)]
    bodies = [mime.body(content, one).strip() for one in ours]
    theirs = [one.get_payload(decode=True).strip() for one in leaves]
    assert bodies == theirs[: len(bodies)]


def test_a_message_without_mime_is_one_plain_part():
    (part,) = mime.walk(b"Subject: x\r\n\r\nbody\r\n--b\r\nmore")
    assert (part.content_type, part.body_start) == ("text/plain", 14)
    assert part.end == 29
    (empty,) = mime.walk(b"")
    assert (empty.body_start, empty.end) == (0, 0)


def test_a_multipart_without_its_end_has_its_parts_all_the_same():
    head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    content = head + b"--b\r\n\r\none\r\n--b\r\n\r\n2"
    assert [mime.body(content, one) for one in mime.walk(content)] == [b"one", b"2"]


def test_a_multipart_without_a_boundary_is_a_part():
    (part,) = mime.walk(b"Content-Type: multipart/mixed\r\n\r\n--\r\n\r\nx")
    assert part.content_type == "multipart/mixed"


def test_an_outer_delimiter_ends_inner_parts():
    content = (
        b"Content-Type: multipart/mixed; boundary=out\r\n\r\n--out\r\n"
        b"Content-Type: multipart/mixed; boundary=in\r\n\r\n--in\r\n\r\na\r\n"
        b"--out\r\n\r\nb\r\n--in\r\nstill b\r\n--out--\r\n"
    )
    bodies = [mime.body(content, one) for one in mime.walk(content)]
    assert bodies == [b"a", b"b\r\n--in\r\nstill b"]


def test_parameters_are_read_as_written():
    value = 'text/plain; Charset=utf-8 ; name="a;\\"b" ; charset=other; x'
    assert mime.parameters(value) == {"charset": "utf-8", "name": 'a;"b'}
    assert mime.media_type(" Text / HTML ; x") == "text/html"
    assert mime.media_type("nonsense") == "text/plain"


LINES = st.sampled_from([
    *(b"--b", b"--b--", b"--c", b"--c--", b"--", b"", b"text", b"Subject: x", b" y"),
    *(b"Content-Type: multipart/mixed; boundary=b", b"Content-Type: text/html"),
    *(b'Content-Type: multipart/related; boundary="c"', b"Content-Type: x/y; a="),
    b"Content-Transfer-Encoding: base64",
])
CONTENTS = st.lists(st.one_of(LINES, st.binary(max_size=8)), max_size=25)


@settings(max_examples=200)
@given(CONTENTS, st.sampled_from([b"\r\n", b"\n"]))
def test_parts_of_anything_lie_in_order_inside_the_message(lines, line_end):
    content = line_end.join(lines)
    at = 0
    for part in mime.walk(content):
        assert at <= part.start <= part.body_start <= part.end <= len(content)
        at = part.end
        mime.body(content, part)
        mime.text(content, part)


@pytest.mark.parametrize(
    "piece",
    [
        b"--b\r\nX: y\r\n",
        b"--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n",
        b"--c\r\n",
        b"--b--\r\n",
        b"--b",
        b"\r\n",
    ],
)
def test_a_hostile_message_is_walked_in_one_pass(piece):
    content = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + piece * 20_000
    assert len(mime.walk(content)) <= 20_001


def test_multiparts_in_multiparts_end_at_a_depth():
    content = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (depth, depth)
        for depth in range(1000)
    )
    (part,) = mime.walk(content)
    assert len(part.within) == mime.MAX_DEPTH
