"""What the sink says: sets of replies by kind of refusal and pretended provider.

The texts are our own, in the style of what receivers publish. 421 is not among them:
it speaks of the connection, not of the recipient (RFC 5321 3.8).
"""

import re

from sinyal.smtp.reply import Reply, reply

ACCEPTED = reply(250, "2.0.0 Ok: taken by the sink")
RCPT_OK = reply(250, "2.1.5 Ok")
ALONE = reply(452, "4.5.3 One recipient at a time, please")

# (kind, label): replies; the label "" is for all that have no set of their own
SETS: dict[tuple[str, str], tuple[Reply, ...]] = {
    ("hard", ""): (
        reply(550, "5.1.1 <{rcpt}>: Recipient address rejected: User unknown"),
        reply(550, "5.1.1 No such mailbox here: {rcpt}"),
        reply(550, "5.2.1 The mailbox {rcpt} is disabled"),
    ),
    ("hard", "not-gmail"): (
        reply(550, "5.1.1 The account {rcpt} does not exist.", "5.1.1 Check spelling"),
    ),
    ("hard", "not-outlook"): (
        reply(550, "5.5.0 Requested action not taken: mailbox {rcpt} unavailable"),
    ),
    ("block", ""): (
        reply(554, "5.7.1 Service refused: the sending address is on a blocklist"),
        reply(550, "5.7.1 Message rejected by local policy"),
        reply(550, "5.7.1 Message looks like spam and was refused"),
    ),
    ("block", "not-gmail"): (
        reply(550, "5.7.26 Unauthenticated mail is not accepted from this domain"),
        reply(550, "5.7.1 Unsolicited mail from this address is being refused"),
    ),
    ("block", "not-outlook"): (
        reply(550, "5.7.1 Messages from this address were blocked by our list (S-31)"),
    ),
    ("full", ""): (
        reply(552, "5.2.2 <{rcpt}>: mailbox is full"),
        reply(552, "5.2.2 The recipient {rcpt} is over quota"),
    ),
    ("too_big", ""): (reply(552, "5.3.4 Message is bigger than this mailbox takes"),),
    ("defer", ""): (
        reply(451, "4.7.1 Try again later"),
        reply(450, "4.2.1 The mailbox {rcpt} gets mail too fast, come back later"),
        reply(452, "4.3.1 Insufficient storage, try again soon"),
    ),
    ("defer", "not-yahoo"): (
        reply(451, "4.7.0 [TSS04] Deferred: unusual volume or complaints"),
    ),
    ("defer", "not-gmail"): (
        reply(450, "4.7.28 Unusual rate of mail from your address, slow down"),
    ),
    ("grey", ""): (reply(451, "4.7.1 Greylisted, try again in a minute"),),
}

_CODE = re.compile(r"code-([245]\d\d)(?:-(\d{1,3})-(\d{1,3})-(\d{1,3}))?", re.I)


def answer(kind: str, label: str, rcpt: str, fraction: float) -> Reply:
    """One reply of the set that belongs to the kind and label, chosen by `fraction`."""
    rows = SETS.get((kind, label)) or SETS[kind, ""]
    row = rows[int(fraction * len(rows))]
    return Reply(row.code, tuple(line.replace("{rcpt}", rcpt) for line in row.lines))


def exact_reply(address: str) -> Reply | None:
    """The reply that a label `code-550-5-7-26` asks for, or None for another label."""
    label = address.rpartition("@")[2].partition(".")[0]
    found = _CODE.fullmatch(label)
    if found is None:
        return None
    enhanced = ".".join(part for part in found.groups()[1:] if part)
    return reply(int(found[1]), f"{enhanced} As the address asks".lstrip())
