"""Reverse-paths that tell the recipient; guide 3.3.7.15, rule SRC-13."""

from sinyal.mail.address import local
from sinyal.mail.envelope import Envelope, Recipient


def reverse_path(envelope: Envelope, recipient: Recipient) -> str:
    """The sender that this copy is sent with, "" for the empty one.

    That of the recipient where it has one of its own, else that of the message; with
    VERP it names the recipient.
    """
    sender = envelope.sender_of(recipient)
    if not envelope.is_verp:
        return sender
    return encoded(sender, recipient.address, is_utf8=envelope.is_utf8)


def encoded(sender: str, recipient: str, *, is_utf8: bool = False) -> str:
    """`u-r=d@s` for the sender `u@s` and the recipient `r@d`.

    The sender stays as it is where it is empty, where an address has no domain, and
    where the recipient's is not ASCII and the message may not say so (`is_utf8`).
    """
    user, _, site = sender.rpartition("@")
    name, at, domain = recipient.rpartition("@")
    if not (user and at) or not (is_utf8 or recipient.isascii()):
        return sender
    if user.startswith('"') or local(recipient).startswith('"'):
        return f'"{_bare(user)}-{_bare(name)}={domain}"@{site}'
    return f"{user}-{name}={domain}@{site}"


def _bare(text: str) -> str:
    """The text as it stands between quotes: pairs of backslash and character stay."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
