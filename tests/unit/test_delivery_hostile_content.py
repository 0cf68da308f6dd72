"""Content that is out to hurt: the copy is made in time that grows with it alone."""

import base64
import time
from pathlib import Path

import pytest
from test_delivery_compose import composer, entry

HEAD = b"From: kabar@warung.example\r\nMIME-Version: 1.0\r\nSubject: x\r\n"
COPY_FIELD = b"X-Sinyal-Copy"
PATIENCE_S = 2.0  # of processor time; other clients wait meanwhile
PAGE = b"Content-Type: text/html\r\n\r\n"


def multipart(kind: bytes, boundary: bytes) -> bytes:
    return b'Content-Type: multipart/%s; boundary="%s"\r\n' % (kind, boundary)


SIBLINGS = multipart(b"mixed", b"b") + b"\r\n" + b"--b\r\n\r\n\r\n" * 1_000_000
NESTED = b"".join(
    multipart(b"mixed", b"b%d" % depth) + b"\r\n--b%d\r\n" % depth
    for depth in range(5000)
)
LONG_BOUNDARY = multipart(b"mixed", b"x" * 900) + b"\r\n--" + b"x" * 900 + b"\r\n\r\nhi"
NO_END = multipart(b"mixed", b"b") + b"\r\n--b\r\n\r\nno end\r\n"
PREFIXED = (
    multipart(b"mixed", b"out") + b"\r\n--out\r\n" + multipart(b"mixed", b"out2")
) + b"\r\n--out2\r\n\r\none\r\n--out2--\r\n--out\r\n\r\ntwo\r\n--out--\r\n"
MANY_FIELDS = b"".join(b"X-%d: y\r\n" % number for number in range(50_000)) + b"\r\nx"
LARGE_FIELD = b"X-Large: " + b"y" * 1_000_000 + b"\r\n\r\nx\r\n"
NO_COLON = b"this is no field\r\n: nor this\r\n\r\nx\r\n"
NUL = b"X-Nul: a\0b\r\n\r\nx\0y\r\n"
SIGNED = multipart(b"signed", b"b") + b"\r\n--b\r\n" + PAGE + b"<a href='http://a/'>"
ENCRYPTED = multipart(b"encrypted", b"b") + b"\r\n--b\r\n" + PAGE + b"<body>"
CALENDAR = b"Content-Type: text/calendar\r\n\r\nURL:http://a.example/\r\n"
UNLABELLED = b"Content-Type: text/plain\r\n\r\n\x83\x65\x83\x58\x83\x67\r\n"
BAD_PADDING = (
    b"Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    + base64.b64encode(b"<body><a href='http://a.example/'>x</a>")[:-3]
    + b"=x=\r\n"
)
UNTOUCHED = {
    "a million siblings": SIBLINGS,
    "five thousand nested multiparts": NESTED,
    "a boundary of 900 characters": LONG_BOUNDARY,
    "no end boundary": NO_END,
    "a boundary that begins another": PREFIXED,
    "fifty thousand fields": MANY_FIELDS,
    "a field of a megabyte": LARGE_FIELD,
    "lines that are no fields": NO_COLON,
    "NUL": NUL,
    "multipart/signed": SIGNED,
    "multipart/encrypted": ENCRYPTED,
    "a calendar": CALENDAR,
    "Shift-JIS without a label": UNLABELLED,
    "base64 with wrong padding": BAD_PADDING,
}


@pytest.mark.parametrize("kind", UNTOUCHED)
def test_what_is_not_understood_is_relayed_octet_for_octet(
    kind: str, tmp_path: Path
) -> None:
    content = HEAD + UNTOUCHED[kind]
    began = time.process_time()
    sent = composer(tmp_path).compose(entry(), content)
    assert time.process_time() - began < PATIENCE_S
    assert sent.startswith(COPY_FIELD)
    assert sent.endswith(content)


@pytest.mark.parametrize(
    ("authors", "is_signed"),
    [
        (b"", False),
        (b"From: a@toko.example\r\nFrom: b@warung.example\r\n", True),
        (b"From: b@warung.example\r\nFrom: a@toko.example\r\n", False),
        (b"From: =?utf-8?q?a=0D=0ABcc:_x?= <a@toko.example>\r\n", True),
    ],
)
def test_the_first_author_decides_on_the_signature(
    authors: bytes, is_signed: bool, tmp_path: Path
) -> None:
    content = authors + b"Subject: x\r\n\r\nx\r\n"
    sent = composer(tmp_path).compose(entry(signals=False), content)
    assert sent.endswith(content)
    assert sent.startswith(b"DKIM-Signature:") is is_signed


BROKEN = (
    *(b'<a href="http://a.example/">x', b"<a href='javascript:alert(1)'>x</a>"),
    *(b'<a href="data:text/html,x">x</a>', b"<a href=\"http://a/'\" x='\">'>x</a>"),
)


def test_a_page_of_two_hundred_thousand_links_is_rewritten_in_linear_time(
    tmp_path: Path,
) -> None:
    style = b"<style>" + b"p{color:red}" * 430_000 + b"</style>"
    spent = []
    for count in (50_000, 200_000):
        page = style + b"\r\n".join(BROKEN * (count // len(BROKEN)))
        began = time.process_time()
        sent = composer(tmp_path).compose(entry(), HEAD + PAGE + page)
        spent.append(time.process_time() - began)
    assert sent.count(b"javascript:alert(1)") == count // len(BROKEN)
    assert sent.count(b"data:text/html,x") == count // len(BROKEN)
    assert style in sent
    assert b'"http://a.example/"' not in sent
    # Four times the links: four times the time and some, not sixteen times.
    assert spent[1] < 9 * spent[0] + 1
