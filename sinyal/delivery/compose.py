"""The octets of one copy: engagement tracking, the copy header, then the signature.

The order matters: DKIM signs what is sent. Source: seed; RFC 6376 5; rules DKIM.
"""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import msgspec

from sinyal.config import Configuration
from sinyal.config.addresses import is_sparkpost
from sinyal.config.settings import DomainSettings, SignalsSettings
from sinyal.engagement.links import SealedLinks, copy_field
from sinyal.engagement.rewrite import engage
from sinyal.engagement.token import Copy, TrackingKey, derive_key
from sinyal.mail import dkim
from sinyal.mail.address import domain
from sinyal.mail.envelope import Envelope, QueueEntry


class Tracking(msgspec.Struct, frozen=True):
    """How copies are made recognisable.

    `root` is `http://HOST[:PORT]` of the tracking endpoint, or "" when opens and
    clicks are not tracked; the copy header is sealed either way.
    """

    key: TrackingKey
    customer_id: int
    root: str = ""


def tracking_root(signals: SignalsSettings) -> str:
    """The web root of wrapped links, or "" when tracking is off.

    Without tracking-domain it is the host of the upload-url. SparkPost's own service
    cannot serve our links, so with its upload-url tracking needs a tracking-domain.
    """
    if signals.engagement_tracking != "sparkpost":
        return ""
    named = signals.tracking_domain
    if named:
        return named if "://" in named else f"http://{named}"
    if is_sparkpost(signals.upload_url):
        return ""
    service = urlsplit(signals.upload_url)
    return f"{service.scheme}://{service.netloc}"


def tracking_of(configuration: Configuration) -> Tracking | None:
    """The tracking of a configuration; None without a `<signals>` section."""
    signals = configuration.signals
    if signals is None:
        return None
    key = derive_key(signals.api_key)
    return Tracking(key, signals.customer_id, tracking_root(signals))


class Composer:
    """Makes the octets of a copy; every call costs its own signature and tokens.

    `keys` holds each DKIM key file of the configuration, by file name.
    """

    def __init__(
        self,
        configuration: Configuration,
        keys: Mapping[str, dkim.Key],
        tracking: Tracking | None,
        nonce: Callable[[], bytes],
    ) -> None:
        self._configuration = configuration
        self._keys = keys
        self._tracking = tracking
        self._nonce = nonce

    def is_tracked(self, envelope: Envelope) -> bool:
        """Whether opens and clicks of the message are tracked."""
        return bool(self._tracking and self._tracking.root and envelope.signals)

    def compose(self, entry: QueueEntry, content: bytes) -> bytes:
        """`content` as it is sent to the recipient of `entry`."""
        settings = self._configuration.domain_for(*entry.queue)
        whole = self._recognisable(entry, content)
        if settings.dkim_sign:
            whole = self._signature(whole, entry.queue.vmta, settings) + whole
        return whole

    def _recognisable(self, entry: QueueEntry, content: bytes) -> bytes:
        tracking, envelope = self._tracking, entry.envelope
        if tracking is None or not envelope.signals:
            return content
        copy = Copy(
            message_id=entry.recipient.message_id,
            customer_id=tracking.customer_id,
            subaccount_id=envelope.subaccount_id,
            campaign_id=envelope.job_id,
            ip_pool=envelope.pool,
            rcpt_to=entry.recipient.address,
            sent_at=int(envelope.received_at),
        )
        if tracking.root:
            links = SealedLinks(tracking.root, tracking.key, copy, self._nonce)
            content = engage(content, links)
        return copy_field(tracking.key, copy, self._nonce()) + content

    def _signature(self, content: bytes, vmta: str, settings: DomainSettings) -> bytes:
        """The DKIM-Signature field, or b"" when no key fits; DKIM-2, DKIM-3."""
        keys = self._configuration.keys_for(vmta)
        for identity in _identities(content, settings):
            chosen = dkim.choose_key(keys, domain(identity))
            if chosen is None:
                continue
            return dkim.sign(
                content,
                self._keys[chosen.filename],
                domain(identity) if chosen.domain == "*" else chosen.domain,
                chosen.selector,
                identity,
                _canonical(settings),
            )
        return b""


def _identities(content: bytes, settings: DomainSettings) -> list[str]:
    """The identities to try in order; `@DOMAIN` and `DOMAIN` stand for a domain."""
    named = settings.dkim_identity
    is_by_header = named in ("sender-or-from", "strict-from")
    first = dkim.identity_of(content) if is_by_header else named
    tried = [first, settings.dkim_identity_fallback]
    return [one if "@" in one else f"@{one}" for one in tried if one]


def _canonical(settings: DomainSettings) -> dkim.Canonical:
    return dkim.Canonical(
        header="simple" if settings.dkim_headers_canon == "simple" else "relaxed",
        body="simple" if settings.dkim_body_canon == "simple" else "relaxed",
        is_oversigned=bool(settings.dkim_disallow_adding_headers),
    )
