"""What the feeder's source and the domain want of a copy's header; rules HDR-5, HDR-6.

The content in the spool stays as it was taken.
"""

from collections.abc import Sequence

from sinyal.mail import header, trace
from sinyal.mail.envelope import NOTHING_ASKED, QueueEntry


def adjusted(
    entry: QueueEntry, content: bytes, removed: Sequence[str], now: float
) -> bytes:
    """The content without the headers that are not to leave, and with those due.

    `removed` are the domain's remove-header. A Date of ours tells the time `now`,
    X-Virtual-MTA the VirtualMTA that delivers.
    """
    asked = entry.envelope.at_delivery
    if asked is NOTHING_ASKED and not removed:
        return content
    unwanted = {*asked.removed_headers, *(name.lower() for name in removed)}
    fields = header.fields(content)
    names = {field.name.decode().lower() for field in fields}
    added = []
    if asked.adds_virtual_mta and "x-virtual-mta" not in names - unwanted:
        added.append(f"X-Virtual-MTA: {entry.queue.vmta}\r\n".encode())
    is_dated = "date" in names - unwanted
    if asked.date_header == "override" or (asked.date_header and not is_dated):
        unwanted.add("date")
        added.append(trace.date_field(now))
    at = 0
    for field in fields:
        if field.name.decode().lower() in unwanted:
            added.append(content[at : field.start])
            at = field.end
    return b"".join((*added, content[at:])) if added else content
