"""What a connection is offered: extensions, mechanisms, lines of EHLO (AUTH-5)."""

from collections.abc import Iterable

import msgspec

from sinyal.config.settings import SmtpUser, SourceSettings
from sinyal.smtp import sasl

EXTERNAL = "EXTERNAL"  # the client's certificate speaks; RFC 4422 appendix A
ALWAYS = ("DSN", "VERP")


class Standing(msgspec.Struct, frozen=True):
    """What the offers hang on, beside the source.

    `has_tls`: STARTTLS would find a certificate; `has_certificate`: the client has
    shown one; `is_trusted`: XCLIENT is obeyed (own extension).
    """

    is_tls: bool = False
    has_tls: bool = False
    has_certificate: bool = False
    is_trusted: bool = False


def is_merging(source: SourceSettings) -> bool:
    """Whether XMRG, XDFN, XPRT and XACK are served (MM-6)."""
    return source.allow_mailmerge or source.always_allow_api_submission


def features(source: SourceSettings, *, is_trusted: bool = False) -> frozenset[str]:
    """The names under which the session knows what is served."""
    wanted = {
        "CHUNKING": source.allow_chunking,
        "SMTPUTF8": source.allow_smtputf8,
        "XMRG": is_merging(source),
        "XCLIENT": is_trusted,
        "INVALID-RCPT": source.accept_invalid_recipients,
    }
    return frozenset((*ALWAYS, *(name for name, is_on in wanted.items() if is_on)))


def offers_tls(source: SourceSettings, at: Standing) -> bool:
    """Whether STARTTLS is possible here and now."""
    return source.allow_starttls and at.has_tls and not at.is_tls


def mechanisms(
    source: SourceSettings, users: Iterable[SmtpUser], at: Standing
) -> list[str]:
    """The mechanisms of AUTH that may be used here and now (AUTH-1, AUTH-4)."""
    is_late = source.require_starttls_before_auth and not at.is_tls
    methods = {user.authentication_method for user in users}
    if not source.allow_auth or is_late or not methods:
        return []
    in_clear = source.allow_unencrypted_plain_auth
    own = (
        name
        for name in sasl.MECHANISMS
        if at.is_tls or in_clear or name not in sasl.CLEARTEXT
    )
    has_external = at.has_certificate and "certificate" in methods
    return [*own, *((EXTERNAL,) if has_external else ())]


def lines(source: SourceSettings, users: Iterable[SmtpUser], at: Standing) -> list[str]:
    """The lines of the EHLO reply behind the first one, in PowerMTA's order."""
    named = mechanisms(source, users, at)
    rows = {
        "ENHANCEDSTATUSCODES": True,
        "PIPELINING": True,
        "CHUNKING": source.allow_chunking,
        "8BITMIME": True,
        "XACK": is_merging(source),
        "XMRG": is_merging(source),
        f"SIZE {source.max_message_size}": True,
        "VERP": True,
        "DSN": True,
        "SMTPUTF8": source.allow_smtputf8,
        "STARTTLS": offers_tls(source, at),
        f"AUTH {' '.join(named)}": bool(named),
        "XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT": at.is_trusted,
    }
    return [line for line, is_offered in rows.items() if is_offered]
