"""What the door finds out about a sender: SPF, iprev, DKIM; RFC 8601, rule SRC-10."""

import msgspec

from sinyal.config.settings import SourceSettings
from sinyal.runtime.dns import Resolver
from sinyal.smtp.reply import Reply


class Checked(msgspec.Struct, frozen=True):
    """The end of the checks of a sender.

    `reply` is the refusal of MAIL, None for no objection. `results` are the clauses of
    an Authentication-Results field, as `spf=pass smtp.mailfrom=a@example.org`.
    """

    reply: Reply | None = None
    results: tuple[str, ...] = ()


class Checks:
    """The checks that a source asks for; never raises for what the DNS says."""

    def __init__(self, resolver: Resolver, host_name: str) -> None:
        self._resolver = resolver
        self._host_name = host_name

    async def at_mail(
        self, source: SourceSettings, ip: str, helo: str, mail_from: str
    ) -> Checked:
        """SPF and iprev of a sender, where the source wants them."""
        return Checked()

    async def at_data(self, source: SourceSettings, content: bytes) -> tuple[str, ...]:
        """A clause for each DKIM signature, `dkim=none` without any."""
        return ()
