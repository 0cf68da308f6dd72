"""The DKIM signature of a copy: who signs, with which key; guide 3.3.6, rules DKIM."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from sinyal.config import Configuration
from sinyal.config.expression import Pattern
from sinyal.config.settings import DomainSettings
from sinyal.config.vocabulary import DomainKey
from sinyal.mail import dkim, header
from sinyal.mail.address import domain, parse
from sinyal.mail.dkim_choice import choose_key
from sinyal.mail.dkim_options import Options, options_of
from sinyal.mail.envelope import AtDelivery, QueueEntry
from sinyal.runtime.log import LOG

IF_OPTIONS = "if-x-dkim-options-present"
NO_OPTIONS = Options()
SECOND = tuple(
    name
    for name in DomainSettings.__struct_fields__
    if f"second_{name}" in DomainSettings.__struct_fields__
)


class Chosen(msgspec.Struct, frozen=True):
    """What a signature is made with; `domain` is d=, `identity` i=."""

    key: dkim.Key
    domain: str
    selector: str
    identity: str


class Signer:
    """Signs copies; `keys` holds each key file of the configuration by its name."""

    def __init__(
        self,
        configuration: Configuration,
        keys: Mapping[str, dkim.Key],
        clock: Callable[[], float],
    ) -> None:
        self._configuration = configuration
        self._keys = keys
        self._clock = clock

    def field(
        self, entry: QueueEntry, content: bytes, settings: DomainSettings
    ) -> bytes:
        """The DKIM-Signature fields of `content`, b"" where none is due (DKIM-1).

        What the message itself says counts for the first one only (DKIM-4, DKIM-8).
        """
        asked = entry.envelope.at_delivery
        first = b""
        if _is_due(settings.dkim_sign, asked):
            options = options_of(asked.dkim_options)
            brought = asked.dkim_key if options.selector else ""
            first = self._signature(entry, content, settings, options, brought)
        if not _is_due(settings.second_dkim_sign, asked):
            return first
        return self._signature(entry, content, second(settings)) + first

    def _signature(
        self,
        entry: QueueEntry,
        content: bytes,
        settings: DomainSettings,
        options: Options = NO_OPTIONS,
        brought: str = "",
    ) -> bytes:
        identities = _identities(content, settings, options)
        if brought and identities:
            chosen = _brought(entry, options, identities[0])
        else:
            chosen = self._chosen(entry.queue.vmta, identities, settings, options)
        if chosen is None:
            return b""
        return dkim.sign(
            content,
            chosen.key,
            chosen.domain,
            chosen.selector,
            chosen.identity,
            self._canonical(settings, options),
        )

    def _chosen(
        self,
        vmta: str,
        identities: Sequence[str],
        settings: DomainSettings,
        options: Options,
    ) -> Chosen | None:
        """The first identity's key; None when no identity has one (DKIM-2, DKIM-3)."""
        keys = self._keys_for(vmta, options)
        is_exact = settings.dkim_identity == "strict-from"
        for identity in identities:
            row = _row(keys, options, identity, is_exact=is_exact)
            if row is not None:
                signing = domain(identity) if row.domain == "*" else row.domain
                key = self._keys[row.filename]
                return Chosen(key, signing, row.selector, identity)
        return None

    def _keys_for(self, vmta: str, options: Options) -> list[DomainKey]:
        """The keys to search, in order, with the wanted selector (DKIM-4)."""
        configuration = self._configuration
        found: Iterable[DomainKey] = configuration.keys_for(vmta)
        if options.key_list:
            found = configuration.domain_key_lists.get(options.key_list, ())
        wanted = options.selector
        return [row for row in found if not wanted or row.selector == wanted]

    def _canonical(self, settings: DomainSettings, options: Options) -> dkim.Canonical:
        now = int(self._clock())
        expires_s = settings.dkim_expire_after
        return dkim.Canonical(
            header="simple" if settings.dkim_headers_canon == "simple" else "relaxed",
            body="simple" if settings.dkim_body_canon == "simple" else "relaxed",
            oversigned=tuple(
                name.encode() for name in settings.dkim_disallow_adding_headers
            ),
            also=_also(settings.dkim_headers),
            query=options.query or settings.dkim_query_method,
            signed_at=now if settings.dkim_add_timestamp else 0,
            expires_at=0 if expires_s is None else now + int(expires_s),
            has_length=settings.dkim_add_body_limit,
        )


def second(settings: DomainSettings) -> DomainSettings:
    """The settings with those of the second signature in the place of the first."""
    own = {name: getattr(settings, f"second_{name}") for name in SECOND}
    return msgspec.structs.replace(settings, **own)


def _is_due(wanted: bool | str, asked: AtDelivery) -> bool:
    return bool(asked.dkim_options if wanted == IF_OPTIONS else wanted)


def _identities(
    content: bytes, settings: DomainSettings, options: Options
) -> list[str]:
    """The identities to try in order; `@DOMAIN` and `DOMAIN` stand for a domain."""
    named = options.identity or settings.dkim_identity
    if named == "sender-or-from":
        named = dkim.identity_of(content)
    elif named == "strict-from":
        named = parse(header.first(content, b"From") or b"").address
    tried = [named, settings.dkim_identity_fallback]
    return [one if "@" in one else f"@{one}" for one in tried if one]


def _row(
    keys: Sequence[DomainKey], options: Options, identity: str, *, is_exact: bool
) -> DomainKey | None:
    wanted = options.domain or (domain(identity) if is_exact else "")
    if wanted:
        return next((row for row in keys if row.domain == wanted.lower()), None)
    return choose_key(keys, domain(identity))


def _brought(entry: QueueEntry, options: Options, identity: str) -> Chosen | None:
    """What signs with the key that the message itself brings along (DKIM-5)."""
    try:
        key = dkim.load_header_key(entry.envelope.at_delivery.dkim_key)
    except ValueError:
        LOG.error("message %s: the key of X-DKIM-Key is unusable", entry.spool_id)
        return None
    named = "" if options.domain == "*" else options.domain
    return Chosen(key, named or domain(identity), options.selector, identity)


def _also(wanted: Sequence[str | Pattern]) -> Callable[[bytes], bool] | None:
    """Whether a field is to be signed beside the usual ones (dkim-headers)."""
    if not wanted:
        return None
    names = {name.lower() for name in wanted if isinstance(name, str)}
    patterns = [one for one in wanted if isinstance(one, Pattern)]

    def is_wanted(name: bytes) -> bool:
        text = name.decode("ascii")
        return text in names or any(pattern.matches(text) for pattern in patterns)

    return is_wanted
