"""How a sender is refused that its checks speak against; RFC 7372, 7208 8."""

import re

from sinyal.mail import iprev as iprevs
from sinyal.mail import spf as spfs
from sinyal.smtp.reply import Reply, reply

MAX_TEXT = 400  # characters of a reason; RFC 5321 4.5.3.1.5
OUTSIDE = re.compile(r"[^ -~]")


def spf(who: spfs.Sender, result: spfs.Result) -> Reply:
    """The refusal of a sender whose SPF result is temperror, permerror or fail."""
    domain = who.address.rpartition("@")[2]
    if result.result == "temperror":
        return _reply(451, f"4.7.24 SPF of {domain} cannot be checked: {result.reason}")
    if result.result == "permerror":
        return _reply(550, f"5.7.24 SPF of {domain} is in error: {result.reason}")
    said = f"; it says: {result.explanation}" if result.explanation else ""
    return _reply(550, f"5.7.23 SPF of {domain} does not allow {who.ip} to send{said}")


def iprev(ip: str, helo: str, result: iprevs.Result) -> Reply:
    """The refusal of a client whose address and EHLO name do not agree."""
    code = 451 if result.result == "temperror" else 550
    text = f"the name of {ip} is not {helo}: {result.reason}"
    return _reply(code, f"{code // 100}.7.25 {text}")


def _reply(code: int, text: str) -> Reply:
    return reply(code, OUTSIDE.sub("?", text)[:MAX_TEXT])
