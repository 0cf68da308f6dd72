"""What a copy's feeder asked of reports, as the next hop is told; RFC 3461 5.2.1."""

from sinyal.mail.envelope import Envelope, Recipient
from sinyal.smtp.client import NO_WISHES, Wishes


def wishes_of(envelope: Envelope, recipient: Recipient) -> Wishes:
    """The parameters of the transaction that carries `recipient`'s copy."""
    env_id = recipient.env_id or envelope.env_id
    if not (
        env_id
        or envelope.ret
        or recipient.notify
        or recipient.orcpt
        or envelope.is_utf8
    ):
        return NO_WISHES
    return Wishes(
        ret=envelope.ret,
        env_id=env_id,
        notify=recipient.notify,
        orcpt=recipient.orcpt,
        is_utf8=envelope.is_utf8,
    )
