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

# First match wins. The order tells near neighbours apart: a mailbox that is full is
# often "rejected" too, and an unknown user is often "refused by policy".
TEXT_PATTERNS: tuple[tuple[str, str], ...] = (
    (r"^2\.", "success"),
    (r"\b(expired|exceeded max(imum)? time|too old)\b.*(deliver|queue)", "message-expired"),
    (r"(message|delivery|queue) (time|lifetime)? ?(has )?expired", "message-expired"),
    (r"\b(virus|malware|trojan|worm|infected|phish(ing)?)\b", "virus-related"),
    (r"\b(spam|spammy|unsolicited|junk ?mail|bulk ?mail|uce|ube)\b", "spam-related"),
    (r"(black|block|deny)[ -]?list(ed|ing)?\b", "spam-related"),
    (r"\b(rbl|dnsbl|spamhaus|spamcop|sorbs|barracuda(central)?)\b", "spam-related"),
    (r"\b(poor|low|bad) (ip |sender |domain )?reputation\b", "spam-related"),
    (r"\b(mail ?box|inbox|account|user|quota|storage|disk)\b.{0,40}\b(full|exceeded|exceeds|over)\b", "quota-issues"),
    (r"\b(over ?quota|quota exceeded|out of storage|insufficient (system )?storage|not enough (disk )?space)\b", "quota-issues"),
    (r"\b(full|over) (mail ?box|inbox|quota)\b", "quota-issues"),
    (r"\b(attachment|mime|message content|content)\b.{0,60}\b(reject|refus|block|prohibit|not (allowed|permitted|accepted))", "content-related"),
    (r"\b(reject|refus|block|prohibit)[a-z]* .{0,40}\b(content|attachment)s?\b", "content-related"),
    (r"\bmessage (size|too (big|large|long))\b|\bexceeds? .{0,30}\bsize\b", "content-related"),
    (r"\b(sender|from|return path)\b.{0,40}\b(verif(y|ication)|unresolv|does not (exist|resolve)|no (mx|dns)|invalid|cannot be resolved)", "invalid-sender"),
    (r"\b(inactive|disabled|deactivated|suspended|expired|closed|locked|discontinued|no longer (active|valid|in use|available))\b", "inactive-mailbox"),
    (r"\b(unknown|no such|invalid|nonexistent|non-existent|bad|undeliverable)\b.{0,40}\b(user|recipient|mail ?box|address|account|person)\b", "bad-mailbox"),
    (r"\b(user|recipient|mail ?box|address|account|person)\b.{0,80}\b(unknown|not (found|known|exist|valid|listed|available)|does( not|n't) exist|unavailable|invalid|undeliverable)\b", "bad-mailbox"),
    (r"\bno (mail ?box|user|account|recipient)\b|\bnot (our|a valid) (customer|user|recipient|mailbox)\b", "bad-mailbox"),
    (r"\brelay(ing)?\b.{0,40}\b(denied|not (allowed|permitted)|prohibited|refused)\b|\b(unable|not (allowed|permitted)|cannot|will not|refus\w+) to relay\b|\bnot (a )?(local|gateway)\b", "relaying-issues"),
    (r"\b(no such|unknown|bad|invalid|obsolete|nonexistent) (domain|host)\b|\bdomain\b.{0,40}\b(not found|does( not|n't) exist|unknown|invalid|obsolete|null mx)\b|\bnull mx\b", "bad-domain"),
    (r"\b(no answer|timed? ?out|time-out|connection refused|etimedout|econnrefused)\b", "no-answer-from-host"),
    (r"\b(connection (lost|reset|dropped|closed|aborted)|edisconnect|edisc(on)?|broken pipe)\b", "bad-connection"),
    (r"\b(no route|rout(e|ing) (failed|error|loop|problem)|loops? back|mail loop|too many hops|hop count|unrout(e)?able)\b", "routing-errors"),
    (r"\b(dmarc|spf|dkim|policy|policies|denied|rejected|refused|banned|prohibited|blocked|not (authorized|permitted|allowed)|rate ?limit|grey ?list(ed|ing)?|throttl(ed|ing)|too many (connections|messages))\b", "policy-related"),
    (r"\b(syntax|bad sequence|out of sequence|unrecogni[sz]ed|unimplemented|not implemented|protocol)\b", "protocol-errors"),
)  # fmt: skip

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
