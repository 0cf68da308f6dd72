import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinyal.engagement.token import Copy, Engagement
from sinyal.tracking.answer import Answer, Hit, answer, event_of, token_of

COPY = Copy(
    message_id="000028f8a769d2b47e10",
    customer_id=123,
    subaccount_id=17,
    campaign_id="promo",
    ip_pool="default",
    rcpt_to="ika.p@contoh.example",
)
TARGET = "https://toko.example/p/42?a=1&b=%20#top"
CLICKED = Engagement(COPY, "click", TARGET, "tombol")
OPENED = Engagement(COPY, "open")


def hit(path: str, method: str = "GET") -> Hit:
    return Hit(method, path, "203.0.113.80", "Mozilla/5.0")


def header(made: Answer, name: bytes) -> bytes | None:
    return dict(made.headers).get(name)


def test_a_click_leads_exactly_to_the_sealed_target() -> None:
    made = answer(hit("/f/a/token"), CLICKED)
    assert (made.status, header(made, b"location")) == (302, TARGET.encode())
    assert made.counted == CLICKED
    assert made.body == b""
    assert header(made, b"server") == b"msys-http"
    assert header(made, b"referrer-policy") == b"no-referrer"
    assert header(made, b"cache-control") == b"no-store"


def test_a_forged_click_leads_nowhere() -> None:
    made = answer(hit("/f/a/token"), None)
    assert made.status == 404
    assert header(made, b"location") is None
    assert made.counted is None


@pytest.mark.parametrize("action", ["copy", "open", "initial_open"])
def test_a_token_of_another_kind_is_no_click(action) -> None:
    assert answer(hit("/f/a/token"), Engagement(COPY, action, TARGET)).status == 404


@pytest.mark.parametrize(
    "target",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example/",
        "https://a.example/\r\nSet-Cookie: a=b",
        "https://a.example/\x00",
        "https://a.example/\n",
        "",
    ],
)
def test_only_web_addresses_on_one_line_are_redirected_to(target: str) -> None:
    made = answer(hit("/f/a/token"), Engagement(COPY, "click", target))
    assert made.status == 404
    assert made.counted is None


@pytest.mark.parametrize(
    "engagement", [OPENED, None, CLICKED, Engagement(COPY, "copy")]
)
def test_an_open_always_gets_the_pixel(engagement: Engagement | None) -> None:
    made = answer(hit("/q/token"), engagement)
    assert (made.status, header(made, b"content-type")) == (200, b"image/gif")
    assert made.body.startswith(b"GIF89a")
    assert header(made, b"content-length") == str(len(made.body)).encode()
    assert made.counted == (OPENED if engagement is OPENED else None)


def test_head_is_answered_and_not_counted() -> None:
    made = answer(hit("/f/a/token", "HEAD"), CLICKED)
    assert (made.status, made.counted, made.body) == (302, None, b"")


@pytest.mark.parametrize("method", ["POST", "OPTIONS", "DELETE"])
def test_other_methods_are_refused(method: str) -> None:
    assert answer(hit("/f/a/token", method), CLICKED).status == 405


def test_a_tracker_is_known_by_its_server_header_without_a_token() -> None:
    assert token_of("/f/a") == ""
    assert header(answer(hit("/f/a"), None), b"server") == b"msys-http"


def test_the_event_of_a_click_tells_all_that_the_token_knows() -> None:
    event = event_of(CLICKED, hit("/f/a/token"), "99", 1_772_616_400.9)
    assert (event.type, event.event_id, event.timestamp) == ("click", "99", 1772616400)
    assert (event.message_id, event.rcpt_to) == (COPY.message_id, COPY.rcpt_to)
    assert (event.customer_id, event.subaccount_id) == (123, 17)
    assert (event.campaign_id, event.ip_pool) == ("promo", "default")
    assert (event.target_link_url, event.target_link_name) == (TARGET, "tombol")
    assert (event.ip_address, event.user_agent) == ("203.0.113.80", "Mozilla/5.0")


@given(st.text(max_size=200))
def test_no_target_makes_more_than_one_header(target: str) -> None:
    made = answer(hit("/f/a/token"), Engagement(COPY, "click", target))
    assert b"\n" not in (header(made, b"location") or b"")
