"""Enhanced status codes with the text that stands beside them in records.

Source: guide 11.2 (status cells), RFC 3463, RFC 2034 4.
"""

from sinyal.smtp.reply import Reply

STATUS_TEXTS: dict[str, str] = {
    "2.0.0": "success",
    "4.0.0": "transient failure",
    "4.3.0": "mail system-related failure",
    "4.4.1": "no answer from host",
    "4.7.0": "other or undefined security status",
    "5.1.1": "bad destination mailbox address",
    "5.1.2": "bad destination system address",
    "5.2.0": "mailbox-related failure",
    "5.2.1": "mailbox disabled, not accepting messages",
    "5.3.0": "mail system-related failure",
    "5.3.5": "system incorrectly configured",
    "5.5.0": "protocol-related failure",
    "5.5.2": "syntax error",
    "5.5.4": "invalid command arguments",
    "5.7.1": "delivery not authorized",
}

# Subject and detail of RFC 3463, for codes that have no row of their own above.
DETAIL_TEXTS: dict[str, str] = {
    "1.1": "bad destination mailbox address",
    "1.2": "bad destination system address",
    "1.3": "bad destination mailbox address syntax",
    "1.6": "mailbox has moved",
    "1.7": "bad sender's mailbox address syntax",
    "1.8": "bad sender's system address",
    "1.10": "recipient address has null MX",
    "2.1": "mailbox disabled, not accepting messages",
    "2.2": "mailbox full",
    "2.3": "message length exceeds administrative limit",
    "3.1": "mail system full",
    "3.2": "system not accepting network messages",
    "3.4": "message too big for system",
    "3.5": "system incorrectly configured",
    "4.1": "no answer from host",
    "4.2": "bad connection",
    "4.3": "directory server failure",
    "4.4": "unable to route",
    "4.5": "mail system congestion",
    "4.6": "routing loop detected",
    "4.7": "delivery time expired",
    "5.1": "invalid command",
    "5.2": "syntax error",
    "5.3": "too many recipients",
    "5.4": "invalid command arguments",
    "6.0": "other or undefined media error",
    "7.0": "other or undefined security status",
    "7.1": "delivery not authorized",
}

# First digit of a reply code: class of the status.
CLASSES: dict[int, str] = {2: "2", 3: "2", 4: "4", 5: "5"}

UNDEFINED = "undefined status"


def status_of(reply: Reply) -> str:
    """The enhanced status code of a reply; `2.0.0`, `4.0.0`, `5.0.0` without one.

    The class always follows the reply code, which RFC 2034 4 demands of peers.
    """
    first = CLASSES.get(reply.code // 100, "5")
    enhanced = reply.enhanced
    if enhanced.startswith(first):
        return enhanced
    return f"{first}.{enhanced.partition('.')[2] or '0.0'}"


def status_cell(status: str) -> str:
    """A status with its text: `5.1.1 (bad destination mailbox address)`."""
    detail = status.partition(".")[2]
    text = STATUS_TEXTS.get(status) or DETAIL_TEXTS.get(detail, UNDEFINED)
    return f"{status} ({text})"
