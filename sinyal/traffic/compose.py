"""The messages: a seed and a number in, a whole message out.

Apart from the Date field the same octets come out every time. Source: RFC 5322, 2045,
2047, 8058; tracking reference 3 (link attributes).
"""

import html
import math
from functools import lru_cache
from hashlib import blake2b
from random import Random

import msgspec

from sinyal.mail import header, trace
from sinyal.traffic.campaigns import CAMPAIGNS, Campaign
from sinyal.traffic.encoding import ENCODINGS, Encoding, encode
from sinyal.traffic.people import DESTINATIONS, full_name
from sinyal.traffic.text import paragraphs

MEDIAN_OCTETS, LEAST_OCTETS, MOST_OCTETS = 16_000, 5_000, 60_000
SPREAD = 0.7  # deviation of the logarithm of the size
TEXT_PART = 0.25  # of the size; the rest is the page
# Every block of 100 messages has exactly the shares of the tables, in its own order.
BLOCK = 100
TABLES = {
    "campaign": {row.job: row.share for row in CAMPAIGNS},
    "destination": {row.label: row.share for row in DESTINATIONS},
}
BY_JOB = {row.job: row for row in CAMPAIGNS}


class Plan(msgspec.Struct, frozen=True):
    """What to write. `octets` fixes the size, 0 lets it vary.

    `from_domain` is that of the senders and of the links, `sink_domain` the suffix of
    the recipients; `labels`, if any, replace the table of destinations.
    """

    seed: int = 1
    from_domain: str = "pmta.signalsdemo.trymsys.net"
    sink_domain: str = "sink.test"
    octets: int = 0
    labels: tuple[str, ...] = ()
    vmta: str = ""


class Message(msgspec.Struct, frozen=True):
    """A message with its envelope; `message_id` as in the field, brackets included."""

    number: int
    mail_from: str
    rcpt: str
    job: str
    message_id: str
    content: bytes


def compose(plan: Plan, number: int, now: float) -> Message:
    """Message `number` of the plan; `now` dates it."""
    chance = Random(f"{plan.seed}/{number}")
    campaign = BY_JOB[_row(plan, number, "campaign")]
    rcpt = _recipient(plan, number, chance)
    sender = f"{campaign.local_part}@{plan.from_domain}"
    message_id = _message_id(plan, number)
    encoding = chance.choice(ENCODINGS)
    subject = chance.choice(_subjects(campaign, encoding))
    content = b"".join((
        _header(plan, campaign, rcpt, subject, message_id, now),
        _body(plan, campaign, number, encoding, chance),
    ))
    return Message(number, sender, rcpt, campaign.job, message_id, content)


@lru_cache(maxsize=8)
def _ordered(seed: int, table: str, block: int) -> list[str]:
    """The rows of a table for 100 messages: each block is in an order of its own."""
    rows = [name for name, share in TABLES[table].items() for _ in range(share)]
    Random(f"{seed}/{table}/{block}").shuffle(rows)
    return rows


def _row(plan: Plan, number: int, table: str) -> str:
    block, place = divmod(number, BLOCK)
    return _ordered(plan.seed, table, block)[place]


def _recipient(plan: Plan, number: int, chance: Random) -> str:
    if plan.labels:
        label = plan.labels[number % len(plan.labels)]
    else:
        label = _row(plan, number, "destination")
    # No address occurs twice, so that it names the message wherever it turns up.
    mailbox = f"{full_name(chance.random())}.{plan.seed}.{number}"
    return f"{mailbox}@{label}.{plan.sink_domain}"


def _message_id(plan: Plan, number: int) -> str:
    mark = blake2b(f"{plan.seed}/{number}".encode(), digest_size=6).hexdigest()
    return f"<{plan.seed}.{number}.{mark}@{plan.from_domain}>"


def _language(encoding: Encoding) -> str:
    return "en" if encoding is Encoding.SEVEN_BIT else "id"


def _subjects(campaign: Campaign, encoding: Encoding) -> tuple[str, ...]:
    """The English subject is the last; a 7bit message takes that one."""
    english = encoding is Encoding.SEVEN_BIT
    return campaign.subjects[-1:] if english else campaign.subjects


def _header(
    plan: Plan,
    campaign: Campaign,
    rcpt: str,
    subject: str,
    message_id: str,
    now: float,
) -> bytes:
    sender = f"{campaign.local_part}@{plan.from_domain}"
    leave = f"unsubscribe+{message_id[1:].partition('@')[0]}@{plan.from_domain}"
    rows = [
        ("From", f"{campaign.sender} <{sender}>"),
        ("To", f"<{rcpt}>"),
        ("Date", trace.date(now)),
        ("Message-ID", message_id),
        ("X-Job", campaign.job),
        ("x-virtual-mta", plan.vmta),
        ("List-Unsubscribe", f"<mailto:{leave}>"),
        ("MIME-Version", "1.0"),
        ("Content-Type", f'multipart/alternative; boundary="{_boundary(message_id)}"'),
    ]
    lines = [f"{name}: {value}\r\n".encode() for name, value in rows if value]
    return b"".join((
        *lines[:2],
        b"Subject: %s\r\n" % header.encode(subject),
        *lines[2:],
        b"\r\n",
    ))


def _boundary(message_id: str) -> str:
    return "=_sinyal_" + message_id.partition("@")[0].rpartition(".")[2]


def _body(
    plan: Plan, campaign: Campaign, number: int, encoding: Encoding, chance: Random
) -> bytes:
    size = plan.octets or _size(chance)
    language = _language(encoding)
    text = paragraphs(language, int(size * TEXT_PART), chance)
    page = paragraphs(language, int(size * (1 - TEXT_PART)), chance)
    urls = _urls(plan, number)
    boundary = _boundary(_message_id(plan, number)).encode()
    parts = (
        ("plain", "\n\n".join([*text, *urls])),
        ("html", _page(campaign, page, urls)),
    )
    written = [
        b"--%s\r\n%s\r\n" % (boundary, encode(kind, part, encoding))
        for kind, part in parts
    ]
    return b"".join((*written, b"--%s--\r\n" % boundary))


def _size(chance: Random) -> int:
    octets = MEDIAN_OCTETS * math.exp(SPREAD * chance.gauss(0.0, 1.0))
    return int(min(max(octets, LEAST_OCTETS), MOST_OCTETS))


def _urls(plan: Plan, number: int) -> tuple[str, str, str]:
    """Two links to be tracked and one that must stay as it is."""
    site = f"https://www.{plan.from_domain}"
    return (
        f"{site}/p/{number}?m={number}&l=1&q=tas%20kulit",
        f"{site}/cerita/{number}?m={number}&l=2",
        f"{site}/berhenti?m={number}&l=0",
    )


def _page(campaign: Campaign, texts: list[str], urls: tuple[str, str, str]) -> str:
    """The page. `data-target` repeats where a link leads, for whoever follows it."""
    buy, read, leave = (html.escape(url) for url in urls)
    middle = len(texts) // 2
    blocks = [_block(half) for half in (texts[:middle], texts[middle:])]
    button = (
        f'<p><a href="{buy}" data-target="{buy}" '
        f'data-msys-linkname="{campaign.button}">Ya!</a></p>'
    )
    story = f'<p><a class="b" href="{read}" data-target="{read}">Baca &raquo;</a></p>'
    plain = f'<p><a href="{leave}" data-msys-clicktrack="0">Berhenti</a></p>'
    return "\n".join([
        "<!DOCTYPE html>",
        '<html lang="id"><head><meta charset="utf-8">',
        f"<title>{html.escape(campaign.sender)}</title>",
        "<style>body{font-family:sans-serif} a.b{color:#0a5}</style></head>",
        '<body bgcolor="#ffffff">',
        blocks[0],
        button,
        blocks[1],
        story,
        plain,
        "</body></html>",
        "",
    ])


def _block(texts: list[str]) -> str:
    """The paragraphs marked up; to escape them one by one takes twice as long."""
    inside = html.escape("\n".join(texts), quote=False)
    return "<p>" + inside.replace("\n", "</p>\n<p>") + "</p>"
