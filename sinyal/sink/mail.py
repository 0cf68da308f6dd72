"""A mail as the sink received it, and the few header fields that it goes by."""

import msgspec

from sinyal.mail import header


class Mail(msgspec.Struct, frozen=True):
    """One transaction's mail. Units: `arrived_at` epoch seconds."""

    mail_from: str
    content: bytes
    source_ip: str
    arrived_at: float
    message_id: str = ""
    job: str = ""

    def without_body(self, header_end: int) -> "Mail":
        """The same mail, of whose content only the header is left."""
        return msgspec.structs.replace(self, content=self.content[:header_end])


def received(mail_from: str, content: bytes, source_ip: str, now: float) -> Mail:
    """The mail with its Message-ID, and its X-Job if the MTA left that in."""
    message_id = header.first(content, b"Message-ID") or b""
    job = header.first(content, b"X-Job") or b""
    return Mail(
        mail_from=mail_from,
        content=content,
        source_ip=source_ip,
        arrived_at=now,
        message_id=header.text(message_id),
        job=header.text(job),
    )
