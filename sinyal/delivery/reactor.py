"""What the operator's rules make of a peer's reply; rules SPL, BK-1.

Only replies that a peer gave come here: those of our own making match no rule.
"""

from collections import defaultdict
from collections.abc import Callable

import msgspec

from sinyal.config.reactions import NOTHING, Reaction
from sinyal.delivery.line import Line, Policy
from sinyal.delivery.local import replaced
from sinyal.delivery.route import Unreached
from sinyal.delivery.sources import expand
from sinyal.events.outcome import Verdict
from sinyal.mail.envelope import QueueName
from sinyal.runtime.log import LOG
from sinyal.smtp.dump import printable
from sinyal.smtp.reply import Reply

NEVER = float("inf")


class Reactor:
    """Applies rules: modes of queues, waits, and source addresses out of use."""

    def __init__(self, line: Line, policy: Policy, clock: Callable[[], float]) -> None:
        self._line = line
        self._policy = policy
        self._clock = clock
        # queue: local address that it does not use, and until when
        self._disabled: dict[QueueName, dict[str, float]] = defaultdict(dict)

    def now(self) -> float:
        return self._clock()

    def react(self, name: QueueName, reply: Reply, source_ip: str) -> Reaction:
        """Do what the rules say of the queue; the caller does the rest."""
        rules = self._policy.rules_for(name)
        if rules is None:
            return NOTHING
        reaction = rules.reaction(str(reply))
        if reaction is NOTHING:
            return reaction
        now = self._clock()
        if reaction.disable_source_ip and source_ip:
            self._disable(name, source_ip, reaction, now)
        if reaction.mode == "backoff":
            if self._line.slow_down(name, now, reaction.backoff_to_normal_after):
                self._slowed(name, f"by the reply {printable(str(reply))}")
        elif reaction.mode == "normal":
            self._line.recover(name, now)
        if reaction.defer_queue:
            self._line.failed(name, now)
        return reaction

    def weighed(self, name: QueueName, found: Unreached, source_ip: str) -> Unreached:
        """The refusal of a connection, as the rules see it (SPL-4)."""
        if found.is_local:
            return found
        reaction = self.react(name, found.reply, source_ip)
        told = replaced(found.reply, self._policy.settings_for(name))
        found = msgspec.structs.replace(found, reply=told)
        if reaction.bounce_queue:
            return msgspec.structs.replace(found, verdict=Verdict.BOUNCED)
        if reaction.skip_mx:
            return msgspec.structs.replace(found, verdict=Verdict.DEFERRED)
        return found

    def disabled(self, name: QueueName) -> frozenset[str]:
        """The local addresses that the queue does not use now."""
        found = self._disabled.get(name)
        if not found:
            return frozenset()
        now = self._clock()
        for ip in [ip for ip, until in found.items() if until <= now]:
            del found[ip]
            self._log_address(name, f"source address {ip} is used again")
        if not found:
            del self._disabled[name]
        return frozenset(found)

    def _log_address(self, name: QueueName, text: str) -> None:
        settings = self._policy.settings_for(name)
        if settings.log_disabled_ips:
            self._policy.log(f"queue {name}: {text}")
        subject = f"queue {name}: {text}"
        self._policy.notify(settings.disabled_source_ip_notify, subject, subject)

    def recovered(self, name: QueueName) -> None:
        """The queue is back in normal mode (BK-3)."""
        self._tell(name, "normal mode", "")

    def _slowed(self, name: QueueName, why: str) -> None:
        self._tell(name, "backoff mode", why)

    def _tell(self, name: QueueName, mode: str, why: str) -> None:
        LOG.info("queue %s: %s%s", name, mode, why and f", {why}")
        subject = f"queue {name}: {mode}"
        to = self._policy.settings_for(name).backoff_notify
        self._policy.notify(to, subject, f"{subject}\n{why}")

    def _disable(
        self, name: QueueName, source_ip: str, reaction: Reaction, now: float
    ) -> None:
        settings = self._policy.settings_for(name)
        lasts_s = reaction.reenable_after
        if lasts_s is None:
            lasts_s = settings.reenable_source_ip_after
        if source_ip not in self._disabled[name]:
            self._log_address(name, f"source address {source_ip} is disabled")
        self._disabled[name][source_ip] = NEVER if lasts_s is None else now + lasts_s
        hosts = expand(self._policy.source_hosts_for(name.vmta))
        is_last = all(host.cidr in self._disabled[name] for host in hosts)
        if (
            is_last
            and settings.backoff_upon_all_sources_disabled
            and self._line.slow_down(name, now, None)
        ):
            self._slowed(name, "all sources are disabled")


def verdict_after(
    verdict: Verdict, reaction: Reaction, *, is_recipients: bool
) -> Verdict:
    """What becomes of the recipient; `is_recipients` says that RCPT was answered so.

    bounce-rcpt turns a 4xx to RCPT into a bounce, bounce-queue any refusal, and
    skip-mx keeps the mail even after a 5xx (SPL-4).
    """
    if verdict is Verdict.DELIVERED:
        return verdict
    if reaction.bounce_queue or (
        reaction.bounce_rcpt and is_recipients and verdict is Verdict.DEFERRED
    ):
        return Verdict.BOUNCED
    return Verdict.DEFERRED if reaction.skip_mx else verdict
