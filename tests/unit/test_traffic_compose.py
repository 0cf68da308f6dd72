"""Messages: the same for the same seed, well formed, in every encoding."""

import email
import email.policy
import re
from collections import Counter
from email.message import EmailMessage

import pytest

from sinyal.mail import mime
from sinyal.mail.job import safe_job_id
from sinyal.traffic.campaigns import CAMPAIGNS
from sinyal.traffic.compose import BLOCK, Message, Plan, compose
from sinyal.traffic.encoding import ENCODINGS
from sinyal.traffic.people import DESTINATIONS

NOW = 1_772_615_720.0
MESSAGES = [compose(Plan(), number, NOW) for number in range(3 * BLOCK)]


def parsed(message: Message) -> EmailMessage:
    found = email.message_from_bytes(message.content, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


def page_of(message: Message) -> str:
    html = next(p for p in mime.walk(message.content) if p.content_type == "text/html")
    return mime.text(message.content, html)


def test_a_message_is_the_same_in_any_order_of_composing():
    for number in (217, 3, 99):
        assert compose(Plan(), number, NOW) == MESSAGES[number]


def test_another_seed_writes_other_messages():
    other = compose(Plan(seed=2), 5, NOW)
    assert other.message_id != MESSAGES[5].message_id
    assert other.rcpt != MESSAGES[5].rcpt


def test_no_two_messages_share_an_identity_or_a_recipient():
    assert len({message.message_id for message in MESSAGES}) == len(MESSAGES)
    assert len({message.rcpt for message in MESSAGES}) == len(MESSAGES)


def test_every_block_has_the_shares_of_the_tables():
    for start in range(0, len(MESSAGES), BLOCK):
        block = MESSAGES[start : start + BLOCK]
        labels = Counter(m.rcpt.partition("@")[2].partition(".")[0] for m in block)
        assert labels == {row.label: row.share for row in DESTINATIONS}
        assert Counter(m.job for m in block) == {r.job: r.share for r in CAMPAIGNS}


def test_jobs_are_safe_names():
    assert all(safe_job_id(row.job) == row.job for row in CAMPAIGNS)


def test_an_outside_parser_finds_no_defect():
    for message in MESSAGES:
        found = parsed(message)
        assert [
            str(part["Content-Type"]).partition(";")[0] for part in found.walk()
        ] == [
            "multipart/alternative",
            "text/plain",
            "text/html",
        ]
        assert not [part.defects for part in found.walk() if part.defects]


def test_the_header_says_what_the_envelope_says():
    for message in MESSAGES[:50]:
        found = parsed(message)
        assert found["Message-ID"] == message.message_id
        assert found["To"].addresses[0].addr_spec == message.rcpt
        assert found["From"].addresses[0].addr_spec == message.mail_from
        assert found["X-Job"] == message.job
        assert found["List-Unsubscribe"].startswith("<mailto:unsubscribe+")


def test_every_encoding_and_a_subject_in_utf_8_occur():
    used = {
        str(part["Content-Transfer-Encoding"])
        for m in MESSAGES
        for part in parsed(m).walk()
    }
    assert {row.value for row in ENCODINGS} <= used
    assert any(not str(parsed(message)["Subject"]).isascii() for message in MESSAGES)


def test_lines_are_as_short_as_smtp_wants_them_and_end_in_crlf():
    for message in MESSAGES:
        lines = message.content.split(b"\r\n")
        assert max(map(len, lines)) <= 998
        assert not any(b"\n" in line or b"\r" in line for line in lines)
        assert message.content.endswith(b"\r\n")


def test_seven_bit_parts_are_ascii():
    for message in MESSAGES:
        for part in mime.walk(message.content):
            if part.encoding != "8bit":
                assert message.content[part.start : part.end].isascii()


def test_a_page_has_two_links_to_track_and_one_to_leave_alone():
    for message in MESSAGES[:40]:
        page = page_of(message)
        assert page.count("<body") == page.count("</body>") == 1
        links = re.findall(r"<a [^>]*>", page)
        assert [link.count("data-target=") for link in links] == [1, 1, 0]
        assert ["clicktrack" in link for link in links] == [False, False, True]
        assert "data-msys-linkname=" in links[0]
        assert f"m={message.number}&amp;l=1" in links[0]


def test_sizes_vary_around_their_median_within_their_bounds():
    sizes = sorted(len(message.content) for message in MESSAGES)
    assert 4_500 < sizes[0] < 8_000
    assert 12_000 < sizes[len(sizes) // 2] < 24_000
    assert 50_000 < sizes[-1] < 90_000  # base64 adds a third


@pytest.mark.parametrize("octets", [2_000, 10_000, 100_000])
def test_a_fixed_size_is_kept(octets):
    sizes = [len(compose(Plan(octets=octets), n, NOW).content) for n in range(20)]
    assert all(octets * 0.7 < size < octets * 1.6 + 2_000 for size in sizes)


def test_labels_can_be_chosen():
    plan = Plan(labels=("accept", "oob"), sink_domain="s.test", vmta="mta1")
    first, second = (compose(plan, number, NOW) for number in (0, 1))
    assert first.rcpt.endswith("@accept.s.test")
    assert second.rcpt.endswith("@oob.s.test")
    assert parsed(first)["x-virtual-mta"] == "mta1"
