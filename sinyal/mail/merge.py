"""Mail merge: one content, variables and parts for each recipient; guide 9, rules MM.

A variable is put in as the octets it was given in (UTF-8), wherever its tag stands: in
the header as in the body, and never inside a base64 part, whose octets hold no tags.
All functions take time linear in what they read and write.
"""

import re
from collections.abc import Iterable, Mapping
from itertools import accumulate

from sinyal.mail import trace
from sinyal.mail.envelope import Envelope, Recipient
from sinyal.mail.merge_variables import BadMerge, recipient_of

__all__ = [
    "BadMerge",
    "check",
    "expand",
    "laid_out",
    "merged",
    "recipient_of",
]

# A doubled bracket, or a tag. A lone bracket, and one around what is no name, stays.
TAG = re.compile(rb"\[\[|\]\]|\[(\*?[A-Za-z][A-Za-z0-9_]*)\]")
MAX_COPY_OCTETS = 256 << 20  # of a merged copy: the ceiling of a message (behaviour.md)
RESERVED_LENGTH = 512  # characters of the longest reserved variable


def expand(
    content: bytes, variables: Mapping[str, str], *, keeps_undefined: bool
) -> bytes:
    """The content with every `[name]` replaced and `[[`, `]]` made single (MM-3).

    `variables` has names in lower case; values are put in as UTF-8 and not expanded
    again. An undefined one becomes nothing, or stays as it is with `keeps_undefined`.
    """
    if b"[" not in content and b"]]" not in content:
        return content
    values = {
        name.encode(): value.encode("utf-8", "replace")
        for name, value in variables.items()
    }

    def replaced(found: re.Match[bytes]) -> bytes:
        name = found[1]
        if name is None:
            return found[0][:1]
        return values.get(name.lower(), found[0] if keeps_undefined else b"")

    return TAG.sub(replaced, content)


def laid_out(parts: Mapping[int, bytes]) -> tuple[bytes, tuple[int, ...]]:
    """The parts end to end in the order of their numbers, and their lengths.

    Errors: `BadMerge` where a number from 1 to the highest is missing.
    """
    missing = next((n for n in range(1, len(parts) + 1) if n not in parts), 0)
    if missing or not parts:
        raise BadMerge(f"5.5.1 part {missing or 1} is missing")
    ordered = [parts[number] for number in range(1, len(parts) + 1)]
    return b"".join(ordered), tuple(map(len, ordered))


def check(
    content: bytes, part_octets: tuple[int, ...], recipients: Iterable[Recipient]
) -> None:
    """Make sure that every copy can be made, and is of bounded size.

    `content` is as `laid_out` gave it. The size of a copy is judged by its upper bound:
    as if each tag were replaced by the longest value. Errors: `BadMerge`.
    """
    ends = tuple(accumulate(part_octets))
    tags = [
        content.count(b"[", end - octets, end)
        for end, octets in zip(ends, part_octets, strict=True)
    ]
    everything = tuple(range(1, len(part_octets) + 1))
    sums: dict[tuple[int, ...], tuple[int, int]] = {}
    for one in recipients:
        numbers = one.parts or everything
        if numbers not in sums:
            if (highest := max(numbers)) > len(part_octets):
                raise BadMerge(f"5.5.4 there is no part {highest} for <{one.address}>")
            octets = sum(part_octets[n - 1] for n in numbers)
            sums[numbers] = octets, sum(tags[n - 1] for n in numbers)
        octets, count = sums[numbers]
        longest = max(map(len, one.variables.values()), default=0)
        if octets + count * 4 * max(longest, RESERVED_LENGTH) > MAX_COPY_OCTETS:
            raise BadMerge("5.3.4 merged message size exceeds the limit")


def merged(
    envelope: Envelope,
    recipient: Recipient,
    content: bytes,
    *,
    keeps_undefined: bool = False,
) -> bytes:
    """The copy of this recipient: its parts in its order, expanded (MM-4, MM-7).

    What stands in the content before the first part, trace fields put on top at
    reception, stays on top of every copy as it is. Without parts nothing is merged.
    """
    lengths = envelope.part_octets
    if not lengths:
        return content
    ends = list(accumulate(lengths, initial=len(content) - sum(lengths)))
    numbers = recipient.parts or range(1, len(lengths) + 1)
    chosen = b"".join(content[ends[n - 1] : ends[n]] for n in numbers if n < len(ends))
    known = recipient.variables | _reserved(envelope, recipient)
    copy = expand(chosen, known, keeps_undefined=keeps_undefined)
    # A blank in front would make it the rest of a field that is put on top of it.
    gap = b"\r\n" if copy.startswith((b" ", b"\t")) else b""
    return content[: ends[0]] + gap + copy


def _reserved(envelope: Envelope, recipient: Recipient) -> dict[str, str]:
    """The variables that sinyal knows by itself: *to and *date, and what else holds."""
    sender = recipient.mail_from
    known = {
        "*to": recipient.address,
        "*date": trace.date(envelope.received_at),
        "*from": envelope.mail_from if sender is None else sender,
        "*envid": recipient.env_id or envelope.env_id,
        "*jobid": recipient.job_id or envelope.job_id,
        "*vmta": recipient.pool or recipient.vmta or envelope.pool or envelope.vmta,
        "*custommessageid": recipient.custom_message_id or envelope.custom_message_id,
        "*priority": str(recipient.priority),
    }
    return {name: value for name, value in known.items() if value}
