"""Events as a day of real mail makes them; the same seed makes the same day."""

import random

from sinyal.events.event import Event

CAMPAIGNS = (
    ("spring-sale-2026", "pool-marketing", "Spring sale: 30% off until Sunday"),
    ("promo-lebaran", "pool-marketing", "Promo Lebaran: gratis ongkir se-Indonesia"),
    ("receipts", "pool-transactional", "Your receipt from Toko Ana"),
    ("password-reset", "pool-transactional", "Reset your password"),
    ("weekly-digest", "pool-news", "Ringkasan mingguan: 12 cerita untuk Anda"),
)
DOMAINS = (
    ("not-gmail.com", 45, 0.01, 0.05),
    ("not-yahoo.com", 20, 0.03, 0.20),
    ("not-outlook.com", 15, 0.02, 0.08),
    ("kantorpos.example", 12, 0.01, 0.02),
    ("old-isp.example", 8, 0.12, 0.10),
)
NAMES = ("ayu", "budi", "citra", "dewi", "eko", "fitri", "gilang", "hana", "indra")
REFUSALS = (
    (10, "550", "550 5.1.1 <{}>: Recipient address rejected: User unknown"),
    (22, "552", "552 5.2.2 The mailbox is over its quota"),
    (51, "554", "554 5.7.1 Service unavailable; client host [192.0.2.10] is listed"),
)
BROWSER = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15"


def day_of_mail(until: int, messages: int, seed: int = 1) -> list[Event]:
    """The events of that many messages in the 24 hours before `until` (epoch s)."""
    draw = random.Random(seed)
    found: list[Event] = []
    for number in range(messages):
        found.extend(_message(draw, number, until))
    return [event for event in found if event.timestamp < until]


def _message(draw: random.Random, number: int, until: int) -> list[Event]:
    campaign, pool, subject = draw.choices(CAMPAIGNS, (34, 26, 18, 8, 14))[0]
    domain, _, bounces, delays = draw.choices(DOMAINS, [row[1] for row in DOMAINS])[0]
    at = until - int(86_400 * (1 - draw.betavariate(2.2, 1.6))) - 60
    recipient = f"{draw.choice(NAMES)}{number % 97}@{domain}"
    facts = {
        "message_id": f"{number:020x}",
        "rcpt_to": recipient,
        "recipient_domain": domain,
        "friendly_from": "toko@news.toko-ana.example",
        "sending_domain": "news.toko-ana.example",
        "msg_from": "bounces@news.toko-ana.example",
        "subject": subject,
        "campaign_id": campaign,
        "ip_pool": pool,
        "binding": f"vmta-{number % 2 + 1}",
        "node_name": "mta1.toko-ana.example",
        "customer_id": 123,
        "subaccount_id": number % 3,
    }
    source = f"192.0.2.{10 + number % 2}"
    steps: list[tuple[str, int, dict[str, object]]] = [("injection", 0, {})]
    later = {"sending_ip": source, "ip_address": "198.51.100.7", "outbound_tls": "1"}
    wait, tries = draw.randint(1, 4), 0
    while draw.random() < delays and tries < 3:
        busy = "421 4.7.0 Too many connections from your network, try again later"
        deferred = {"error_code": "421", "raw_reason": busy, "reason": busy}
        steps.append((
            "delay",
            wait,
            {**later, **deferred, "bounce_class": 70, **_n(tries)},
        ))
        wait, tries = wait + 300 * 2**tries, tries + 1
    if draw.random() < bounces:
        steps.append(("bounce", wait, {**later, **_refusal(draw), **_n(tries)}))
    else:
        steps.append(("delivery", wait, {**later, "msg_size": 18_400, **_n(tries)}))
        steps.extend(_afterwards(draw, wait, later))
    return [
        Event(
            type=kind,
            event_id=f"{number:012x}-{place:04}",
            timestamp=at + after,
            **{**facts, **more},
        )
        for place, (kind, after, more) in enumerate(steps)
    ]


def _afterwards(draw, wait, later):
    if draw.random() < 0.006:
        yield "out_of_band", wait + 240, {**later, **_refusal(draw)}
        return
    if draw.random() < 0.004:
        yield "spam_complaint", wait + 900, {"fbtype": "abuse", **later}
    read = {"user_agent": BROWSER, "ip_address": "203.0.113.9"}
    opened = wait + int(draw.expovariate(1 / 2400)) + 20
    if draw.random() < 0.42:
        yield "initial_open", opened, read
        if draw.random() < 0.8:
            yield "open", opened + 2, read
        if draw.random() < 0.28:
            to = "https://toko-ana.example/sale?utm_source=mail"
            yield "click", opened + 15, {**read, "target_link_url": to}


def _refusal(draw: random.Random) -> dict[str, object]:
    code, number, text = draw.choices(REFUSALS, (6, 2, 2))[0]
    masked = text.format("ayu@...")
    return {
        "bounce_class": code,
        "error_code": number,
        "reason": masked,
        "raw_reason": text,
    }


def _n(tries: int) -> dict[str, object]:
    return {"num_retries": tries}
