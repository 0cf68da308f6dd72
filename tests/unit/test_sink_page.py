"""What is found in a page, and which hosts may be visited."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinyal.sink.page import MOST_LINKS, Link, Page, read_page
from sinyal.sink.parts import html_of
from sinyal.sink.sites import Sites, is_loopback

HERE = "http://127.0.0.1:8025"
SITES = Sites(("track.test=127.0.0.1:8025", "known.test"))

PAGE = b"""<html><head><title><img src="http://127.0.0.1:8025/q/title"></title></head>
<body><div hidden><img src="http://127.0.0.1:8025/q/TOP"></div>
<!-- <a href="http://127.0.0.1:8025/f/a/comment">no</a> -->
<a title='href="http://127.0.0.1:8025/f/a/title"'
   href="http://127.0.0.1:8025/f/a/ONE?x=1&amp;y=2"
   data-target="https://shop.test/?a=1&amp;b=2">buy</a>
<A CLASS=x HREF='http://track.test/f/a/TWO'>read</A>
<a href="https://shop.test/stop">plain</a><img src="https://cdn.test/q/logo.png">
<img alt="" src=http://127.0.0.1:8025/q/FOOT></body></html>"""


def test_pixels_come_in_page_order_and_links_with_their_targets():
    assert read_page(PAGE, SITES) == Page(
        pixels=(f"{HERE}/q/TOP", f"{HERE}/q/FOOT"),
        links=(
            Link(f"{HERE}/f/a/ONE?x=1&y=2", "https://shop.test/?a=1&b=2"),
            Link("http://track.test/f/a/TWO"),
        ),
    )


@settings(max_examples=200)
@given(
    st.lists(st.sampled_from([b"<a ", b"<img src=", b'"', b"'", b">", b"<!--", b"x"]))
)
def test_any_page_is_read(pieces):
    read_page(b"".join(pieces), SITES)


@pytest.mark.parametrize("piece", [b"<a ", b"<!--", b"<style>", b"<a a=", b"<img '"])
def test_a_hostile_page_takes_linear_time(piece):
    began = time.process_time()
    read_page(piece * (400_000 // len(piece)), SITES)
    assert time.process_time() - began < 2.0


def test_a_page_of_endless_links_is_cut():
    page = b'<a href="http://127.0.0.1:8025/f/a/x">' * (MOST_LINKS * 2)
    assert len(read_page(page, SITES).links) == MOST_LINKS


@pytest.mark.parametrize(
    ("url", "visited"),
    [
        ("http://127.0.0.1:8025/q/x", "http://127.0.0.1:8025/q/x"),
        ("http://[::1]:80/q/x", "http://[::1]:80/q/x"),
        ("http://localhost/q/x", "http://localhost/q/x"),
        ("http://TRACK.test/q/x?y", "http://127.0.0.1:8025/q/x?y"),
        ("https://known.test/q/x", "https://known.test/q/x"),
        ("https://example.com/q/x", None),
        ("http://127.0.0.1@example.com/q/x", None),
        ("http://127.0.0.1.example.com/q/x", None),
        ("http://192.0.2.1/q/x", None),
        ("ftp://127.0.0.1/q/x", None),
        ("http://127.0.0.1:99999/q/x", None),
        ("http://[bad/q/x", None),
    ],
)
def test_only_loopback_and_named_hosts_are_visited(url, visited):
    visit = SITES.visit(url)
    assert (visit and visit.url) == visited


def test_a_named_host_is_visited_at_its_address_under_its_own_name():
    visit = SITES.visit("http://track.test/q/x")
    assert visit is not None
    assert visit.host == "track.test"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("127.8.9.1", True), ("::1", True), ("a.localhost", True), ("10.0.0.1", False)],
)
def test_loopback_is_this_machine_only(name, expected):
    assert is_loopback(name) is expected


def test_the_html_part_is_decoded():
    content = (
        b'Content-Type: multipart/alternative; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: text/plain\r\n\r\n<a>\r\n"
        b"--b\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        b"PGI+\r\n--b--\r\n"
    )
    assert html_of(content) == b"<b>"
    assert html_of(b"Subject: x\r\n\r\n<b>") == b""
