"""Pixels and wrapped links: what changes, what does not, and what it costs."""

import base64
import html
import quopri
import re
from email import message_from_bytes
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinyal.engagement import page
from sinyal.engagement.rewrite import engage
from sinyal.mail import mime

ROOT = "https://track.toko.example"


class Links:
    """Numbered URLs that remember what they stand for."""

    def __init__(self, length=150):
        self.clicks = []
        self._tail = "x" * length

    def pixel(self, action):
        return f"{ROOT}/q/{action}-{self._tail}"

    def click(self, target_url, name):
        self.clicks.append((target_url, name))
        return f"{ROOT}/f/a/{len(self.clicks) - 1}-{self._tail}"


def message(body, encoding="8bit", kind="text/html; charset=utf-8"):
    return (
        b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: %s\r\n"
        b"Content-Transfer-Encoding: %s\r\n\r\n%s"
    ) % (kind.encode(), encoding.encode(), body)


def engaged(body, links=None):
    """The page after tracking was put in, through 8bit."""
    content = engage(message(body), links or Links())
    return content[len(message(b"")) :]


PIXEL = re.compile(
    rb'<div style="height:0;overflow:hidden">'
    rb'<img src="%s/q/initial_open-x+"[^>]*></div>'
    rb'|<img src="%s/q/open-x+"[^>]*>' % (ROOT.encode(), ROOT.encode())
)
CLICK = re.compile(rb"%s/f/a/(\d+)-x+" % ROOT.encode())


def undone(body, links, raw_of):
    """The page without pixels and with the original octets of each target."""
    plain = PIXEL.sub(b"", body)
    return CLICK.sub(lambda hit: raw_of[links.clicks[int(hit[1])][0]], plain)


# raw octets of an href: the URL that a browser goes to
HREFS = {
    b"http://a.test/": "http://a.test/",
    b"https://b.test/?x=1&amp;y=2": "https://b.test/?x=1&y=2",
    b"HTTP://C.test/p#frag": "HTTP://C.test/p#frag",
    "https://d.test/caf\u00e9".encode(): "https://d.test/caf%C3%A9",
    b"http://e.test/?copy=1&copy=2&lt=3": "http://e.test/?copy=1&copy=2&lt=3",
    b"http://f.test/&#x41;": "http://f.test/A",
}
RAW_OF = {target: raw for raw, target in HREFS.items()}
ANCHORS = [
    b'<a href="%s">',
    b"<A\n class=x HREF='%s' title=\"a>b\">",
    b"<area shape=rect href = %s >",
    b'<a title=\'href="http://no.test/"\' href="%s">',
]
FRAGMENTS = st.one_of(
    st.binary(max_size=12),
    st.sampled_from([
        *(b"<html>", b"<body>", b'<BODY bgcolor="a>b">', b"</body>", b"</Body >"),
        *(b"<!--", b"-->", b"<!", b"<style>", b"</style>", b"<script>", b"</script>"),
        *(
            b"<a",
            b"<a ",
            b"<a href",
            b"<a href=",
            b'"',
            b"'",
            b">",
            b"=",
            b"/",
            b"\r\n",
        ),
        *(b'<a href="', b"<a href='", b"<", b"</", b"&amp;", b"\xc3\xa9", b"\xff"),
        *(b'<a href="mailto:a@b.c">', b'<a href="#x">', b'<a name="http://n.test/">'),
    ]),
    st.builds(
        lambda anchor, raw: anchor % raw,
        st.sampled_from(ANCHORS),
        st.sampled_from(list(HREFS)),
    ),
)
PAGES = st.lists(FRAGMENTS, max_size=12).map(b"".join)


@settings(max_examples=200, deadline=None)
@given(PAGES)
def test_undoing_pixels_and_links_gives_back_every_octet(body):
    links = Links(length=5)
    assert undone(engaged(body, links), links, _RawOf(links)) == body


class _RawOf(dict):
    """Targets made by chance from fragments stand for themselves where they can."""

    def __init__(self, links):
        super().__init__(RAW_OF)
        self._links = links

    def __missing__(self, target):
        return target.encode()


@settings(max_examples=150, deadline=None)
@given(PAGES, st.sampled_from(["quoted-printable", "base64"]))
def test_every_encoding_gives_the_same_page_as_none(body, encoding):
    encode = base64.encodebytes if encoding == "base64" else quopri.encodestring
    plain = body.replace(b"\r", b"").replace(b"\n", b"\r\n")
    encoded = encode(plain).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    whole = message(encoded, encoding)
    content = engage(whole, Links(length=5))
    (part,) = mime.walk(content)
    got = mime.body(content, part)
    lines = content[part.body_start :].split(b"\r\n")
    assert max(map(len, lines)) <= 76
    decoded = mime.body(whole, *mime.walk(whole))
    assert got == engaged(decoded, Links(length=5))
    assert message_from_bytes(content).get_payload(decode=True) == got


def test_pixels_stand_after_the_body_tag_and_before_its_end():
    got = engaged(b"<html><body class='x'>hi</body></html>")
    top = Links().pixel("initial_open").encode()
    bottom = Links().pixel("open").encode()
    assert re.fullmatch(
        rb"<html><body class='x'><div [^>]*><img [^>]*%s[^>]*></div>hi"
        rb"<img [^>]*%s[^>]*></body></html>" % (re.escape(top), re.escape(bottom)),
        got,
    )
    pixels = [PIXEL.search(got)[0], PIXEL.findall(got)[-1]]
    assert all(len(one) - len(top) < 200 for one in pixels)


def test_a_page_without_body_tags_gets_its_pixel_at_the_end():
    got = engaged(b"<p>hi")
    assert got.startswith(b"<p>hi<img ")
    assert b"initial_open" not in got


def test_body_tags_in_comments_scripts_and_attributes_are_no_body_tags():
    body = (
        b"<!-- <body></body> --><script>'<body></body>'</script><body>"
        b"<img alt='</body>'><style></body></style>end</body ><!-- </body> -->"
    )
    got = engaged(body)
    assert got.count(b"initial_open") == 1
    assert b"</script><body><div " in got
    assert b"end<img " in got


@pytest.mark.parametrize(("raw", "target"), HREFS.items())
def test_the_sealed_url_is_the_one_a_browser_would_ask_for(raw, target):
    links = Links()
    got = engaged(b'<a href="%s">x</a>' % raw, links)
    assert links.clicks == [(target, "")]
    assert raw not in got


@pytest.mark.parametrize(
    "href",
    [
        *(b"mailto:a@b.c", b"tel:+62", b"#top", b"", b"/relative", b"//host/x"),
        *(b"javascript:alert(1)", b"data:text/html,x", b"ftp://a.test/", b"{{url}}"),
        *(b"http://{{host}}/", b"http://user@a.test/", b"http://a.test\\@b.test/"),
        *(b"http://", b"http:///x", b"http://a.test/" + b"x" * 4096),
    ],
)
def test_other_hrefs_are_left_as_they_are(href):
    links = Links()
    body = b'<a href="%s">x</a>' % href
    assert engaged(body, links).startswith(body)
    assert not links.clicks


@pytest.mark.parametrize(
    "body",
    [
        b'<a data-href="http://a.test/">x</a>',
        b'<a title="href=http://a.test/">x</a>',
        b"<a title='<a href=\"http://a.test/\">'>x</a>",
        b'<img src="http://a.test/">',
        b'<link href="http://a.test/">',
        b'<abbr href="http://a.test/">',
        b'<!-- <a href="http://a.test/"> -->',
        b'<style><a href="http://a.test/"></style>',
        b'<script><a href="http://a.test/"></script>',
        b'<textarea><a href="http://a.test/"></textarea>',
        b'<a href="http://a.test/"',
        b"<a><a/><a >",
    ],
)
def test_what_is_no_link_is_no_link(body):
    links = Links()
    assert engaged(body, links).startswith(body)
    assert not links.clicks


def test_only_the_first_of_two_hrefs_is_the_link():
    links = Links()
    engaged(b'<a href="http://a.test/" href="http://b.test/">', links)
    assert [target for target, _ in links.clicks] == ["http://a.test/"]


def test_a_quote_in_a_tag_that_opens_no_value_hides_nothing():
    links = Links()
    engaged(b"<p don't><a href='http://a.test/'>x</a><p '>", links)
    assert [target for target, _ in links.clicks] == ["http://a.test/"]


@pytest.mark.parametrize(
    ("tag", "left"),
    [
        (
            b'<a data-msys-clicktrack="0" href="http://a.test/">',
            b'<a href="http://a.test/">',
        ),
        (
            b"<a href='http://a.test/' DATA-msys-clicktrack=0>",
            b"<a href='http://a.test/'>",
        ),
        (
            b'<a data-msys-clicktrack="0"href="http://a.test/">',
            b'<a href="http://a.test/">',
        ),
        (
            b'<a title="x"data-msys-clicktrack=" 0 "href="http://a.test/">',
            b'<a title="x"href="http://a.test/">',
        ),
        (
            b"<a\r\n  data-msys-clicktrack='0'\r\n  href=http://a.test/ >",
            b"<a\r\n  href=http://a.test/ >",
        ),
    ],
)
def test_a_link_may_be_left_alone_and_the_attribute_goes(tag, left):
    links = Links()
    assert engaged(tag + b"x</a>", links).startswith(left + b"x</a>")
    assert not links.clicks


def test_names_are_used_cut_and_removed():
    links = Links()
    long = "\u00e9" * 60
    body = (
        '<a data-msys-linkname="a &amp; b" href="http://a.test/">'
        f"<a href='http://b.test/' data-msys-link-name='{long}'>"
        '<a data-msys-unsubscribe="1" data-msys-sublink=app href="http://c.test/">'
    ).encode()
    got = engaged(body, links)
    assert links.clicks[0] == ("http://a.test/", "a & b")
    assert links.clicks[1] == ("http://b.test/", long[:31])
    assert links.clicks[2] == ("http://c.test/", "")
    assert b"data-msys" not in got


def test_a_url_from_the_maker_is_escaped():
    class Awkward(Links):
        def click(self, target_url, name):
            return 'https://t/?a=1&b="<'

    got = engaged(b"<a href='http://a.test/'>", Awkward())
    assert b"<a href='https://t/?a=1&amp;b=&quot;&lt;'>" in got


class Reader(HTMLParser):
    def __init__(self, body):
        super().__init__()
        self.seen = []
        self.feed(body.decode())

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))


def test_an_html_parser_reads_the_same_page_with_other_links():
    body = (
        b"<html><body><p title='\"'>a<br/><A HREF=http://a.test/x CLASS=y>b</A>"
        b'<img alt="<a href=\'http://no.test/\'>"><a href="http://b.test/?q&amp;r">c'
        b"</body></html>"
    )
    before = Reader(body).seen
    links = Links()
    after = [
        (tag, attrs)
        for tag, attrs in Reader(engaged(body, links)).seen
        if tag not in {"img", "div"} or attrs.get("alt")
    ]
    for _, attrs in after:
        hit = CLICK.fullmatch(attrs.get("href", "").encode())
        if hit:
            attrs["href"] = links.clicks[int(hit[1])][0]
    assert after == before


# Transfer encodings


def test_only_edited_lines_of_quoted_printable_change():
    body = (
        b"<p>caf=C3=A9 stays =\r\nas it is, =c3=a9 and all=20\r\n"
        b'<a href=3D"http://a.test/very=\r\n/long=3Fx">link</a>\r\n'
        b"lower case =3d stays\r\n</body>\r\n"
    )
    links = Links()
    content = engage(message(body, "quoted-printable"), links)
    assert links.clicks == [("http://a.test/very/long?x", "")]
    for line in (*body.split(b"\r\n")[:2], b"lower case =3d stays"):
        assert line + b"\r\n" in content
    assert max(len(line) for line in content.split(b"\r\n")) <= 76


def test_a_full_quoted_printable_line_leaves_room_for_the_break():
    for length in range(60, 77):
        body = b"x" * (length - 6) + b"<body>\r\n<p>\r\n"
        content = engage(message(body, "quoted-printable"), Links())
        assert max(len(line) for line in content.split(b"\r\n")) <= 76
        assert b"<body><div" in quopri.decodestring(content).replace(b"=3D", b"=")


def test_unencoded_equals_signs_in_quoted_printable_survive():
    body = b"<a href='http://a.test/' title=><a href=http://b.test/>\r\n"
    links = Links()
    content = engage(message(body, "quoted-printable"), links)
    assert len(links.clicks) == 2
    decoded = message_from_bytes(content).get_payload(decode=True)
    assert undone(decoded, links, _RawOf(links)) == body


def test_base64_is_folded_again_and_stays_valid():
    page_ = b"<body>" + b"text " * 100 + b'<a href="http://a.test/">x</a></body>'
    content = engage(message(base64.encodebytes(page_), "Base64"), links := Links())
    encoded = content[len(message(b"", "Base64")) :]
    assert {len(line) for line in encoded.split(b"\r\n")[:-2]} == {76}
    assert encoded.endswith(b"\r\n")
    decoded = base64.b64decode(encoded, validate=False)
    assert undone(decoded, links, _RawOf(links)) == page_


@pytest.mark.parametrize("body", [b"PGJvZHk+!", b"PGJvZHk", b"PGJ=vZHk+", b"\xff\xfe"])
def test_unclean_base64_is_left_alone(body):
    content = message(body, "base64")
    assert engage(content, Links()) is content


def test_a_line_of_plain_text_is_not_pushed_over_the_limit():
    anchors = b"<a class=x href='http://a.test/' id=y>x</a>" * 20
    links = Links()
    got = engaged(b"<body>" + anchors + b"</body>", links)
    assert len(links.clicks) == 20
    assert max(map(len, got.split(b"\r\n"))) <= 998
    plain = undone(got, links, _RawOf(links))
    assert re.sub(rb"\r\n", b"", plain) == b"<body>" + anchors + b"</body>"
    assert [tag for tag, _ in Reader(plain).seen] == ["body", *["a"] * 20]


# Which parts


def multipart(kind, *parts):
    boundary = b"b%d" % len(b"".join(parts))
    lines = b"".join(b"--%s\r\n%s\r\n" % (boundary, part) for part in parts)
    head = b'Content-Type: multipart/%s; boundary="%s"\r\n\r\n' % (kind, boundary)
    return head + lines + b"--" + boundary + b"--\r\n"


HTML = b'Content-Type: text/html\r\n\r\n<body><a href="http://a.test/">x</a></body>'
TEXT = (
    b"Content-Type: text/plain\r\n\r\n<body> http://a.test/ <a href='http://a.test/'>"
)
ATTACHED = b"Content-Disposition: Attachment; filename=x.html\r\n" + HTML


def test_html_deep_in_multiparts_is_found_and_the_rest_kept():
    inner = multipart(b"alternative", TEXT, HTML)
    content = multipart(b"mixed", multipart(b"related", inner, TEXT), ATTACHED)
    links = Links()
    got = engage(content, links)
    assert len(links.clicks) == 1
    assert undone(got, links, _RawOf(links)) == content
    assert TEXT in got
    assert ATTACHED in got


def test_the_first_of_two_pages_has_the_pixels_and_both_have_links():
    links = Links()
    got = engage(multipart(b"mixed", HTML, HTML), links)
    assert len(links.clicks) == 2
    assert got.count(b"/q/initial_open-") == 1
    assert got.count(b"/q/open-") == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"garbage",
        b"Subject: x\r\n\r\n<body><a href='http://a.test/'>",
        TEXT,
        ATTACHED,
        multipart(b"mixed", TEXT, ATTACHED),
        multipart(b"signed; protocol=x", HTML, TEXT),
        multipart(b"mixed", multipart(b"encrypted", HTML)),
        multipart(b"mixed", b"Content-Type: message/rfc822\r\n\r\n" + HTML),
        message(b"<body>", "x-uuencode"),
        message(b"<body>", kind="text/html; charset=UTF-16"),
        message(b"<body>", kind="text/html; charset=iso-2022-jp"),
        message(b"<body>", kind="application/xhtml+xml"),
    ],
)
def test_a_message_without_a_page_of_ours_is_the_same_object(content):
    assert engage(content, Links()) is content


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["8bit", "quoted-printable", "base64"]))
def test_any_octets_are_taken(body, encoding):
    engage(body, Links())
    engage(message(body, encoding), Links())
    engage(multipart(b"mixed", HTML, body), Links())


# Cost: the matches of the pattern, counted, grow with the page and no faster


@pytest.mark.parametrize(
    "piece",
    [
        *(b"<a ", b"<!--", b"<style>", b"<a a=", b"<a      ", b'<a href="', b"<"),
        *(b"<a href='http://a.test/'>", b"<body ", b"</body", b"&amp", b"<p '", b"= '"),
    ],
)
def test_five_megabytes_of_one_piece_are_passed_over_once(piece):
    body = piece * (5_000_000 // len(piece))
    ends = [token.end() for token in page.TOKEN.finditer(body)]
    assert ends == sorted(ends)
    assert ends[-1] == len(body)
    assert len(ends) <= body.count(b"<") + 2


@pytest.mark.parametrize("piece", [b" ", b"a ", b"= ", b'"', b"href ", b"/"])
def test_the_attributes_of_a_giant_tag_are_passed_over_once(piece):
    inside = piece * (500_000 // len(piece))
    spans = [found.span() for found in page.ATTRIBUTE.finditer(b" x=y" + inside)]
    gaps = [start - end for (_, end), (start, _) in pairwise(spans)]
    assert set(gaps) <= {0}


def test_character_references_are_those_of_attributes():
    for value in ("a&amp;b", "a&ampb", "&copy=1", "&copy;", "&#38;", "&#x26;x", "&lt"):
        wanted = html.unescape(value)
        if value in {"&copy=1", "a&ampb"}:
            wanted = value
        found = page.target_of(b"http://h/" + value.encode())
        assert found == "http://h/" + page.quote(wanted, safe=page.KEPT)
