"""The octets of one copy: merged, its header as it is to leave, tracked, then signed.

The order matters: DKIM signs what is sent. Source: seed; RFC 6376 5; rules DKIM, MM-7.
"""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import msgspec

from sinyal.config import Configuration
from sinyal.config.addresses import is_sparkpost
from sinyal.config.configuration import DEFAULT_VMTA
from sinyal.config.settings import SignalsSettings
from sinyal.delivery.headers import adjusted
from sinyal.delivery.signing import Signer
from sinyal.engagement.links import SealedLinks, copy_field
from sinyal.engagement.rewrite import engage
from sinyal.engagement.token import Copy, TrackingKey, derive_key
from sinyal.mail import dkim
from sinyal.mail.envelope import Envelope, QueueEntry, Recipient
from sinyal.mail.merge import merged
from sinyal.runtime import clock


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


class NoVirtualMta(ValueError):
    """The VirtualMTA of a queue has gone from the configuration; VM-7."""


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
        now: Callable[[], float] = clock.now,
    ) -> None:
        self._configuration = configuration
        self._signer = Signer(configuration, keys, now)
        self._tracking = tracking
        self._nonce = nonce
        self._now = now

    def is_tracked(self, envelope: Envelope, recipient: Recipient) -> bool:
        """Whether opens and clicks of the recipient's copy are tracked."""
        tracking = self._tracking
        return bool(tracking and tracking.root and envelope.reports_of(recipient))

    def compose(self, entry: QueueEntry, content: bytes) -> bytes:
        """`content` as it is sent to the recipient of `entry`.

        Errors: `NoVirtualMta`.
        """
        vmta = entry.queue.vmta
        if vmta != DEFAULT_VMTA and vmta not in self._configuration.virtual_mtas:
            raise NoVirtualMta(vmta)
        settings = self._configuration.domain_for(*entry.queue)
        whole = self._merged(entry, content)
        whole = adjusted(entry, whole, settings.remove_header, self._now())
        whole = self._recognisable(entry, whole)
        return self._signer.field(entry, whole, settings) + whole

    def _merged(self, entry: QueueEntry, content: bytes) -> bytes:
        """The recipient's copy of a mail merge, any other content as it is."""
        envelope, recipient = entry.envelope, entry.recipient
        if not envelope.part_octets:
            return content
        keeps = envelope.at_delivery.keeps_undefined
        copy = merged(envelope, recipient, content, keeps_undefined=keeps)
        if not recipient.vmta:
            return copy
        # Its VirtualMTA was not known of the message as a whole (DOM-8).
        return self._configuration.own_headers(recipient.vmta) + copy

    def _recognisable(self, entry: QueueEntry, content: bytes) -> bytes:
        tracking, envelope, recipient = self._tracking, entry.envelope, entry.recipient
        if tracking is None or not envelope.reports_of(recipient):
            return content
        copy = Copy(
            message_id=recipient.message_id,
            customer_id=tracking.customer_id,
            subaccount_id=recipient.subaccount_id or envelope.subaccount_id,
            campaign_id=recipient.job_id or envelope.job_id,
            ip_pool=envelope.place_of(recipient)[1],
            rcpt_to=recipient.address,
            sent_at=int(envelope.received_at),
        )
        if tracking.root:
            links = SealedLinks(tracking.root, tracking.key, copy, self._nonce)
            content = engage(content, links)
        return copy_field(tracking.key, copy, self._nonce()) + content
