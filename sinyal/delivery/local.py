"""THE table of replies that no peer gave: why a queue or a recipient cannot go on.

Texts name the cause as PowerMTA's last errors do (ERR); status codes by RFC 3463.
"""

import errno
from enum import Enum

from sinyal.config.settings import DomainSettings
from sinyal.smtp.reply import Reply, reply


class Cause(Enum):
    """Code and text; the fields in braces are filled in by `reply`."""

    NO_DOMAIN = (550, "5.1.2 bad destination system: no such domain {domain}")
    NULL_MX = (556, "5.1.10 {domain} accepts no mail (null MX)")  # RFC 7505 4
    NO_ROUTE = (550, "5.4.4 unable to route mail for {domain}: {reason}")
    NO_MX = (550, "5.4.4 {domain} has no MX (bounce-upon-no-mx)")
    DNS_FAILURE = (451, "4.4.3 StatusDnsQueryFailed resolving {domain}: {reason}")
    NOT_CONNECTED = (451, "4.4.1 {error} connecting to {host} ({ip})")
    DISCONNECTED = (451, "4.4.2 {error} in connection to {host} ({ip})")
    NOT_LOCAL = (
        451,
        "4.3.5 EADDRNOTAVAIL: smtp-source-host {ip} of {vmta}"
        " is not an address of this machine",
    )
    ALL_DISABLED = (451, "4.4.0 All SMTP sources for queue {queue} are now disabled.")
    NO_TLS = (451, "4.7.0 require-starttls: {host} ({ip}): {reason}")
    BAD_ADDRESS = (553, "5.1.3 bad mailbox address syntax: {reason}")
    NO_UTF8 = (553, "5.6.7 {reason}")  # RFC 6531 3.2, 3.5; RT-10
    NO_VMTA = (554, "5.3.5 the VirtualMTA {vmta} does not exist")  # VM-7
    BAD_REPLY = (451, "4.5.0 unexpected reply: {reason}")
    TRANSFER = (554, "5.4.2 {error} within the content sent to {host} ({ip})")
    ASSUMED = (250, "2.0.0 assumed delivered: {host} ({ip}) did not answer the content")
    UNAVAILABLE = (421, "4.3.2 service unavailable")
    EXPIRED = (554, "5.4.7 message expired: not delivered within bounce-after")
    DROPPED = (250, "2.0.0 discarded")
    DISCARDED = (550, "5.0.0 discarded (discard-as-bounce)")
    BROKEN = (451, "4.3.0 mail system failure")

    def reply(self, **facts: str) -> Reply:
        """The reply with `facts` put into its text."""
        code, text = self.value
        return reply(code, text.format(**facts))


def replaced(said: Reply, settings: DomainSettings) -> Reply:
    """What is told of a reply: replace-smtp-421-service-response hides a 421's text."""
    is_hidden = said.code == 421 and settings.replace_smtp_421_service_response
    return Cause.UNAVAILABLE.reply() if is_hidden else said


def error_name(error: OSError) -> str:
    """The word for an error of the network; ERR."""
    if isinstance(error, TimeoutError):
        return "ETIMEDOUT"
    if isinstance(error, ConnectionRefusedError):
        return "ECONNREFUSED"
    if isinstance(error, ConnectionError):
        return "EDISCON"
    return errno.errorcode.get(error.errno or 0, type(error).__name__)
