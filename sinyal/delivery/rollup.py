"""Domains whose mail goes to the same hosts share a queue; rules ROLL-2 to ROLL-4.

A domain's mail waits in its own queue until its MX records are known.
"""

from collections.abc import Sequence

from sinyal.config.rollup import Rollup, RollupRule, rollup
from sinyal.config.settings import DomainSettings
from sinyal.delivery.line import Policy
from sinyal.delivery.route import Router
from sinyal.mail.envelope import QueueName
from sinyal.runtime.dns import Found

SUFFIX = ".rollup"
MOST_KNOWN = 100_000


class Rollups:
    """Finds the queue that a domain is rolled up to, and tells the router its hosts."""

    def __init__(self, policy: Policy, router: Router) -> None:
        self._policy = policy
        self._router = router
        self.known: dict[str, str] = {}  # domain: the roll-up it was found in
        self._told: set[str] = set()  # roll-ups without hosts, of which the log knows

    async def find(self, name: QueueName) -> QueueName | None:
        """The queue that takes the mail of this one; None to deliver it itself."""
        rules = self._policy.rollup_rules()
        settings = self._policy.settings_for(name)
        if not rules or not _may_be_rolled_up(name, settings):
            return None
        routing = await self._router.resolver.mx(name.domain)
        if routing.found is not Found.RECORDS or routing.is_implicit:
            return None
        answers = [(mx.preference, mx.host) for mx in routing.hosts]
        hosts = [host for _, host in answers]
        found = rollup(rules, answers, await self._addresses(rules, hosts))
        if found is None or not self._has_hosts(found, name.vmta):
            return None
        if len(self.known) >= MOST_KNOWN:
            self.known.clear()
        self.known[name.domain] = found.queue
        return QueueName(found.queue, name.vmta)

    def _has_hosts(self, found: Rollup, vmta: str) -> bool:
        """Whether it is known where its mail goes; without, it is not rolled up."""
        queue = QueueName(found.queue, vmta)
        if found.hosts:
            self._router.named_hosts[found.queue] = found.hosts
        elif not self._policy.settings_for(queue).smtp_hosts:
            if found.queue not in self._told:
                self._told.add(found.queue)
                text = f"{found.queue}: nothing is rolled up, it needs smtp-hosts"
                self._policy.log(text)
            return False
        return True

    async def _addresses(
        self, rules: Sequence[RollupRule], hosts: Sequence[str]
    ) -> dict[str, frozenset[str]]:
        """The addresses that rollup-by-ip compares, {} where no rule asks."""
        named = [rule.pattern for rule in rules if rule.is_by_ip]
        if not named:
            return {}
        names = {*hosts, *(name for name in named if "*" not in name)}
        return {
            name: frozenset((await self._router.resolver.addresses(name)).ips)
            for name in sorted(names)
        }


def _may_be_rolled_up(name: QueueName, settings: DomainSettings) -> bool:
    is_mail = not name.domain.startswith(("[", "{"))
    is_own = settings.disable_mx_rollup or settings.smtp_hosts
    return is_mail and not is_own and not name.domain.endswith(SUFFIX)
