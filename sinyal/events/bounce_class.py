"""Bounce classes of Signals events: words of the reply first, then the category.

Categories of records and classes of events do not map one to one (rule CAT-3): a few
classes are finer than any category, and only the words tell them.
Source: API events (bounce classification codes).
"""

import msgspec

from sinyal.events.masking import mask_addresses
from sinyal.events.patterns import Patterns


class BounceClass(msgspec.Struct, frozen=True):
    """One row: a code, its name, and the group that reports count it in."""

    code: int
    name: str
    group: str


BOUNCE_CLASSES: tuple[BounceClass, ...] = (
    BounceClass(1, "Undetermined", "undetermined"),
    BounceClass(10, "Invalid Recipient", "hard"),
    BounceClass(20, "Soft Bounce", "soft"),
    BounceClass(21, "DNS Failure", "soft"),
    BounceClass(22, "Mailbox Full", "soft"),
    BounceClass(23, "Too Large", "soft"),
    BounceClass(24, "Timeout", "soft"),
    BounceClass(25, "Admin Failure", "admin"),
    BounceClass(30, "Generic Bounce: No RCPT", "hard"),
    BounceClass(40, "Generic Bounce", "soft"),
    BounceClass(50, "Mail Block", "block"),
    BounceClass(51, "Spam Block", "block"),
    BounceClass(52, "Spam Content", "block"),
    BounceClass(53, "Prohibited Attachment", "block"),
    BounceClass(54, "Relaying Denied", "block"),
    BounceClass(60, "Auto-Reply", "soft"),
    BounceClass(70, "Transient Failure", "soft"),
    BounceClass(80, "Subscribe", "admin"),
    BounceClass(90, "Unsubscribe", "hard"),
    BounceClass(100, "Challenge-Response", "soft"),
)

UNDETERMINED, GENERIC, TRANSIENT = 1, 40, 70

# What the words say, where no category is as fine; over `STATUS;reply`.
CLASS_PATTERNS: tuple[tuple[str, int], ...] = (
    (r"\b(out of (the )?office|auto-?(matic )?reply|vacation notice)\b", 60),
    (r"\bchallenge[ -]response\b|\bconfirm (that )?you(r message| are)\b", 100),
    (r"\b(suppress(ed|ion)( list)?|sending limit)\b", 25),
    (r"\b(virus|malware|infected)\b", 53),
    (r"\b(attachment|file type)s?\b.*\b(block|prohibit|reject|not allowed)", 53),
    (r"\b(block|prohibit|reject)\w* .*\b(attachment|file type)s?\b", 53),
    (r"(black|block|deny)[ -]?list(ed|ing)?\b", 51),
    (r"\b(rbl|dnsbl|spamhaus|spamcop|sorbs|barracuda|reputation)\b", 51),
    (r"\b(message|mail|size)\b.*\btoo (big|large|long)\b", 23),
    (r"\bexceeds? .*\b(message )?size\b|\bsize exceeds?\b", 23),
    (r"^[45]\.(2\.3|3\.4);", 23),
)

CLASS_OF_CATEGORY: dict[str, int] = {
    "bad-mailbox": 10,
    "inactive-mailbox": 10,
    "bad-domain": 21,
    "routing-errors": 21,
    "quota-issues": 22,
    "no-answer-from-host": 24,
    "message-expired": 24,
    "bad-connection": 20,
    "bad-configuration": 40,
    "protocol-errors": 40,
    "policy-related": 50,
    "invalid-sender": 50,
    "spam-related": 52,
    "content-related": 52,
    "virus-related": 53,
    "relaying-issues": 54,
}

# Classes that say less of an attempt than "refused for now" does.
VAGUE = frozenset({UNDETERMINED, 20, GENERIC})

_WORDS = Patterns((pattern, str(code)) for pattern, code in CLASS_PATTERNS)


def bounce_class_of(status: str, diagnostic: str, category: str) -> int:
    """The class of a bounce, by the reply's words, then category, then status.

    Shape: a code of `BOUNCE_CLASSES`; `category` may be one of the operator's own.
    """
    found = _WORDS.first(f"{status};{mask_addresses(diagnostic)}")
    if found:
        return int(found)
    if category in CLASS_OF_CATEGORY:
        return CLASS_OF_CATEGORY[category]
    return GENERIC if status.startswith("5.3.") else UNDETERMINED


def delay_class_of(status: str, diagnostic: str, category: str) -> int:
    """The class of a refusal for now: 70 unless something finer fits."""
    found = bounce_class_of(status, diagnostic, category)
    return TRANSIENT if found in VAGUE else found
