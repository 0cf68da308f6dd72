"""Bounce categories (bounceCat): stock patterns over `STATUS;diagnostic`.

Words of the reply come first, then the status; rules CAT-1, CAT-2; guide 3.3.19.
"""

from sinyal.events.masking import mask_addresses
from sinyal.events.patterns import Patterns

CATEGORIES: tuple[str, ...] = (
    "bad-configuration",
    "bad-connection",
    "bad-domain",
    "bad-mailbox",
    "content-related",
    "inactive-mailbox",
    "invalid-sender",
    "message-expired",
    "no-answer-from-host",
    "other",
    "policy-related",
    "protocol-errors",
    "quota-issues",
    "relaying-issues",
    "routing-errors",
    "spam-related",
    "virus-related",
)

# Names for the table's right-hand side.
EXPIRED, QUOTA, CONTENT = "message-expired", "quota-issues", "content-related"
SENDER, INACTIVE, MAILBOX = "invalid-sender", "inactive-mailbox", "bad-mailbox"
RELAY, DOMAIN, ROUTING = "relaying-issues", "bad-domain", "routing-errors"
NO_ANSWER, POLICY, PROTOCOL = "no-answer-from-host", "policy-related", "protocol-errors"

# First match wins. The order tells near neighbours apart: a mailbox that is full is
# often "rejected" too, and an unknown user is often "refused by policy".
TEXT_PATTERNS: tuple[tuple[str, str], ...] = (
    (r"^2\.", "success"),
    (r"\b(expired|exceeded max(imum)? time|too old)\b.*(deliver|queue)", EXPIRED),
    (r"\b(message|delivery|queue)( time| lifetime)?( has)? expired\b", EXPIRED),
    (r"\b(virus|malware|trojan|worm|infected|phish(ing)?)\b", "virus-related"),
    (r"\b(spam|spammy|unsolicited|junk|bulk ?mail|uce|ube)\b", "spam-related"),
    (r"(black|block|deny)[ -]?list(ed|ing)?\b", "spam-related"),
    (r"\b(rbl|dnsbl|spamhaus|spamcop|sorbs|barracuda)\b", "spam-related"),
    (r"\b(poor|low|bad)( \w+)? reputation\b", "spam-related"),
    (r"\b(mail ?box|inbox|quota|storage|disk)\b.*\b(full|exceed(ed|s)|over)\b", QUOTA),
    (r"\b(full|over|out of|exceed(ed|s)) (mail ?box|inbox|quota|storage)\b", QUOTA),
    (r"\b(overquota|insufficient (system )?storage|not enough space)\b", QUOTA),
    (r"\b(attachment|mime|content)\b.*\b(reject|refus|block|prohibit)", CONTENT),
    (r"\b(attachment|mime|content)\b.* not (allowed|permitted|accepted)\b", CONTENT),
    (r"\b(reject|refus|block|prohibit)\w* .*\b(content|attachment)s?\b", CONTENT),
    (r"\bmessage (size|too (big|large|long))\b|\bexceeds? .*\bsize\b", CONTENT),
    (r"\b(sender|return path)\b.*\b(verif(y|ication)|unresolv|invalid)", SENDER),
    (r"\b(sender|return path)\b.*\b(not (exist|resolve)|no (mx|dns))\b", SENDER),
    (r"\b(inactive|disabled|deactivated|suspended|expired|locked)\b", INACTIVE),
    (r"\b(closed|discontinued) account\b|\baccount.* (closed|discontinued)", INACTIVE),
    (r"\bno longer (active|valid|in use|available)\b", INACTIVE),
    (r"\b(unknown|no such|invalid|non-?existent|bad) .*\b(user|recipient)\b", MAILBOX),
    (r"\b(unknown|no such|invalid|bad) (mail ?box|address|account)\b", MAILBOX),
    (r"\b(user|recipient|mail ?box|address|account)\b.*\b(unknown|invalid)\b", MAILBOX),
    (
        r"\b(user|mail ?box|address|account)\b.* not (found|known|exist|valid)\b",
        MAILBOX,
    ),
    (r"\b(user|mail ?box|address|account)\b.*n't exist\b", MAILBOX),
    (r"\brecipient\b.* (not|n't) (found|known|exist|valid)\b", MAILBOX),
    (r"\b(user|mail ?box|address)\b.*\b(unavailable|undeliverable)\b", MAILBOX),
    (r"\bno (mail ?box|user|account|recipient)\b", MAILBOX),
    (r"\bnot (our|a valid) (customer|user|recipient|mail ?box)\b", MAILBOX),
    (r"\brelay(ing)?\b.*\b(denied|not (allowed|permitted)|prohibited)\b", RELAY),
    (
        r"\b(unable|not (allowed|permitted)|cannot|will not|refuse[sd]?) to relay\b",
        RELAY,
    ),
    (r"\b(no such|unknown|bad|invalid|obsolete) (domain|host)\b", DOMAIN),
    (r"\bdomain\b.*\b(not found|not exist|n't exist|unknown|obsolete)\b", DOMAIN),
    (r"\bnull mx\b", DOMAIN),
    (r"\b(no answer|timed? ?out|time-out|etimedout)\b", NO_ANSWER),
    (r"\bconnection refused\b|\beconnrefused\b", NO_ANSWER),
    (r"\bconnection (was )?(lost|reset|dropped|closed|aborted)\b", "bad-connection"),
    (r"\b(ediscon|broken pipe)\b", "bad-connection"),
    (r"\b(no route|rout(e|ing) (failed|error|loop|problem)|unrouteable)\b", ROUTING),
    (r"\b(loops? back|mail loop|too many hops|hop count)\b", ROUTING),
    (r"\b(dmarc|spf|dkim|polic(y|ies)|rate ?limit(ed)?|grey ?list(ed|ing)?)\b", POLICY),
    (r"\b(denied|rejected|refused|banned|prohibited|blocked|throttled)\b", POLICY),
    (r"\bnot (authorized|permitted|allowed)\b", POLICY),
    (r"\btoo many (connections|messages)\b", POLICY),
    (r"\b(syntax|(bad|out of) sequence|unrecogni[sz]ed|protocol)\b", PROTOCOL),
    (r"\b(unimplemented|not implemented)\b", PROTOCOL),
)

STATUS_PATTERNS: tuple[tuple[str, str], ...] = (
    (r"^[45]\.1\.(1|3|4|6);", "bad-mailbox"),
    (r"^[45]\.1\.(2|10);", "bad-domain"),
    (r"^[45]\.1\.[78];", "invalid-sender"),
    (r"^[45]\.2\.0;", "bad-mailbox"),
    (r"^[45]\.2\.1;", "inactive-mailbox"),
    (r"^[45]\.2\.2;", "quota-issues"),
    (r"^[45]\.2\.3;", "content-related"),
    (r"^[45]\.3\.[34];", "content-related"),
    (r"^[45]\.3\.5;", "bad-configuration"),
    (r"^[45]\.4\.1;", "no-answer-from-host"),
    (r"^[45]\.4\.2;", "bad-connection"),
    (r"^[45]\.4\.[346];", "routing-errors"),
    (r"^[45]\.4\.7;", "message-expired"),
    (r"^[45]\.5\.3;", "policy-related"),
    (r"^[45]\.5\.", "protocol-errors"),
    (r"^[45]\.6\.", "content-related"),
    (r"^[45]\.7\.7;", "content-related"),
    (r"^[45]\.7\.", "policy-related"),
    (r"", "other"),
)

_STOCK = Patterns((*TEXT_PATTERNS, *STATUS_PATTERNS))


def category_of(status: str, diagnostic: str) -> str:
    """The bounce category of a reply: `5.1.1`, `550 5.1.1 no such user`: bad-mailbox.

    Addresses in the reply are not read: `<spam@full.example>` says nothing.

    Shape: a row of `CATEGORIES`, or `success` for status 2.x.
    """
    return _STOCK.first(f"{status};{mask_addresses(diagnostic)}") or "other"
