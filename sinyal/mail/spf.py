"""Whether a host may send for a domain: the Sender Policy Framework; RFC 7208.

`check` yields questions and returns the result; it does no input or output itself.
"""

import re
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_address

import msgspec

from sinyal.mail import lookup, spf_macro, spf_record
from sinyal.mail.lookup import Asking, IpAddress, Question, Told
from sinyal.mail.spf_macro import MacroError, MacroString
from sinyal.mail.spf_record import Mechanism, Record, RecordError

MAX_LOOKUPS = 10  # terms that ask the DNS; RFC 7208 4.6.4
MAX_NAMES = 10  # of one MX or PTR answer
VOID_LOOKUPS = 2
MAX_EXPLANATION = 300  # characters
LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
EXPLAINED = re.compile(r"[ -~]+")


class Sender(msgspec.Struct, frozen=True, kw_only=True):
    """Who sends: `mail_from` "" for the empty reverse-path, then `helo` counts.

    `receiver` is our own name and `at` epoch seconds, both for explanations alone.
    """

    ip: IpAddress
    mail_from: str
    helo: str
    receiver: str = "unknown"
    at: int = 0

    @property
    def address(self) -> str:
        """The sender with a local part and a domain; RFC 7208 4.3."""
        local, at, domain = self.mail_from.rpartition("@")
        if not at:
            return f"postmaster@{self.mail_from or self.helo}"
        return f"{local or 'postmaster'}@{domain}"


class Result(msgspec.Struct, frozen=True):
    """What RFC 7208 2.6 calls the result, with the reason of an error or a match.

    `explanation` is what the domain says of a `fail`, "" where it says nothing.
    """

    result: str
    reason: str = ""
    explanation: str = ""


class _Stop(Exception):
    """The check ends here."""

    def __init__(self, result: str, reason: str) -> None:
        super().__init__(reason)
        self.result = result
        self.reason = reason


def sender(ip: str, mail_from: str, helo: str, receiver: str, at: int) -> Sender:
    """A sender at the address `ip`. Errors: ValueError for what is no address."""
    address = lookup.client_address(ip)
    return Sender(ip=address, mail_from=mail_from, helo=helo, receiver=receiver, at=at)


def check(who: Sender, void_lookups: int = VOID_LOOKUPS) -> Asking[Result]:
    """check_host() of RFC 7208 4; `void_lookups` answers may be empty."""
    domain = who.address.rpartition("@")[2].removesuffix(".")
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode()
        except UnicodeError:
            return Result("none", "no domain")
    if "." not in domain or not all(map(LABEL.fullmatch, domain.split("."))):
        return Result("none", "no domain")
    run = _Run(who, void_lookups)
    try:
        return (yield from run.evaluate(domain, wants_explanation=True))
    except _Stop as stop:
        return Result(stop.result, stop.reason)


class _Run:
    """One check with what it has used up of its limits."""

    def __init__(self, who: Sender, void_lookups: int) -> None:
        self._who = who
        self._void_left = void_lookups
        self._lookups_left = MAX_LOOKUPS
        self._validated: dict[str, str] = {}  # %{p} by domain

    def evaluate(self, domain: str, *, wants_explanation: bool) -> Asking[Result]:
        """The result for one domain's record; errors come as `_Stop`."""
        told = yield from self._ask(domain, "TXT")
        texts = [text for text in told.records if spf_record.is_record(text)]
        if not texts:
            return Result("none", f"{domain} has no SPF record")
        if len(texts) > 1:
            raise _Stop("permerror", f"{domain} has several SPF records")
        try:
            record = spf_record.parse_record(texts[0])
        except RecordError as error:
            raise _Stop("permerror", f"{domain}: {error}") from error
        for mechanism in record.mechanisms:
            if (yield from _MATCHERS[mechanism.kind](self, mechanism, domain)):
                return (
                    yield from self._matched(
                        mechanism, record if wants_explanation else Record(), domain
                    )
                )
        if record.redirect:
            return (yield from self._redirected(record, domain, wants_explanation))
        return Result("neutral", f"nothing in {domain} matches")

    def _matched(
        self, mechanism: Mechanism, record: Record, domain: str
    ) -> Asking[Result]:
        reason = f"{mechanism.kind} of {domain}"
        if mechanism.result != "fail" or not record.explanation:
            return Result(mechanism.result, reason)
        explanation = yield from self._explanation(record.explanation, domain)
        return Result(mechanism.result, reason, explanation)

    def _redirected(
        self, record: Record, domain: str, wants_explanation: bool
    ) -> Asking[Result]:
        self._count()
        target = yield from self._target(record.redirect, domain)
        result = yield from self.evaluate(target, wants_explanation=wants_explanation)
        if result.result == "none":
            raise _Stop("permerror", f"redirect: {result.reason}")
        return result

    # -- the mechanisms; RFC 7208 5

    def match_all(self, mechanism: Mechanism, domain: str) -> Asking[bool]:
        return True
        yield  # a generator as the others are

    def match_network(self, mechanism: Mechanism, domain: str) -> Asking[bool]:
        network = mechanism.network
        return network is not None and self._who.ip in network
        yield

    def match_include(self, mechanism: Mechanism, domain: str) -> Asking[bool]:
        self._count()
        target = yield from self._target(mechanism.domain, domain)
        result = yield from self.evaluate(target, wants_explanation=False)
        if result.result == "none":
            raise _Stop("permerror", f"include: {result.reason}")
        return result.result == "pass"

    def match_a(self, mechanism: Mechanism, domain: str) -> Asking[bool]:
        self._count()
        target = yield from self._target(mechanism.domain, domain)
        told = yield from self._addresses(target)
        return self._fits(told, mechanism.prefixes)

    def match_mx(self, mechanism: Mechanism, domain: str) -> Asking[bool]:
        self._count()
        target = yield from self._target(mechanism.domain, domain)
        told = yield from self._ask(target, "MX", is_counted=True)
        if len(told.records) > MAX_NAMES:
            raise _Stop("permerror", f"{target} has more than {MAX_NAMES} MX records")
        for host in filter(None, told.records):
            addresses = yield from self._addresses(host)
            if self._fits(addresses, mechanism.prefixes):
                return True
        return False

    def match_exists(self, mechanism: Mechanism, domain: str) -> Asking[bool]:
        self._count()
        target = yield from self._target(mechanism.domain, domain)
        told = yield from self._ask(target, "A", is_counted=True)
        return bool(told.records)

    def match_ptr(self, mechanism: Mechanism, domain: str) -> Asking[bool]:
        self._count()
        target = yield from self._target(mechanism.domain, domain)
        names = yield from self._confirmed_names()
        return any(_is_within(name, target) for name in names)

    # -- what the mechanisms need

    def _count(self) -> None:
        self._lookups_left -= 1
        if self._lookups_left < 0:
            raise _Stop("permerror", f"more than {MAX_LOOKUPS} terms ask the DNS")

    def _ask(
        self, name: str, kind: lookup.Kind, *, is_counted: bool = False
    ) -> Asking[Told]:
        """The answer; a failure ends the check, and so do too many empty answers."""
        if not name or not all(0 < len(label) < 64 for label in name.split(".")):
            return lookup.NOTHING  # such a name cannot be there; RFC 7208 4.8
        told = yield Question(name, kind)
        if told.is_failure:
            raise _Stop("temperror", f"{kind} of {name}: lookup failed")
        if is_counted and not told.records:
            self._void_left -= 1
            if self._void_left < 0:
                raise _Stop("permerror", "too many empty answers of the DNS")
        return told

    def _addresses(self, name: str) -> Asking[Told]:
        kind: lookup.Kind = "A" if self._who.ip.version == 4 else "AAAA"
        return (yield from self._ask(name, kind, is_counted=True))

    def _fits(self, told: Told, prefixes: tuple[int, int]) -> bool:
        ip = self._who.ip
        kind, prefix = (
            (IPv4Network, prefixes[0])
            if ip.version == 4
            else (IPv6Network, prefixes[1])
        )
        wanted = kind((ip, prefix), strict=False)
        return any(_is_inside(record, wanted) for record in told.records)

    def _confirmed_names(self) -> Asking[list[str]]:
        """Names of the client that lead back to it; failures count as none."""
        ip = self._who.ip
        _, names = yield from lookup.names_of(ip, MAX_NAMES)
        confirmed = []
        for name in names:
            told = yield from lookup.addresses_of(name, ip)
            if lookup.includes(told, ip):
                confirmed.append(name)
        return confirmed

    def _target(self, pieces: MacroString, domain: str) -> Asking[str]:
        if not pieces:
            return domain
        text = yield from self._expanded(pieces, domain)
        return spf_macro.as_name(text)

    def _expanded(self, pieces: MacroString, domain: str) -> Asking[str]:
        if "p" in spf_macro.letters_in(pieces) and domain not in self._validated:
            self._count()
            names = yield from self._confirmed_names()
            self._validated[domain] = _preferred(names, domain)
        values = _values(self._who, domain, self._validated.get(domain, "unknown"))
        return spf_macro.expand(pieces, values.__getitem__)

    def _explanation(self, pieces: MacroString, domain: str) -> Asking[str]:
        """What the domain says of a refusal, "" where that is of no use; 6.2."""
        try:
            name = yield from self._target(pieces, domain)
            told = yield from self._ask(name, "TXT")
            if len(told.records) != 1:
                return ""
            text = spf_macro.parse(
                told.records[0][: 2 * MAX_EXPLANATION], is_explanation=True
            )
            said = yield from self._expanded(text, domain)
        except (_Stop, MacroError):
            return ""
        return said[:MAX_EXPLANATION] if EXPLAINED.fullmatch(said) else ""


def _values(who: Sender, domain: str, validated: str) -> dict[str, str]:
    """What each macro letter stands for; RFC 7208 7.2."""
    address, ip = who.address, who.ip
    local, _, host = address.rpartition("@")
    is_four = ip.version == 4
    dotted = str(ip) if is_four else ".".join(ip.exploded.replace(":", ""))
    return {
        "s": address,
        "l": local,
        "o": host,
        "d": domain,
        "i": dotted,
        "p": validated,
        "v": "in-addr" if is_four else "ip6",
        "h": who.helo,
        "c": str(ip),
        "r": who.receiver,
        "t": str(who.at),
    }


def _preferred(names: list[str], domain: str) -> str:
    """The domain itself, else a subdomain, else any name; RFC 7208 7.3."""
    own = [name for name in names if name == domain.lower()]
    below = [name for name in names if _is_within(name, domain)]
    return [*own, *below, *names, "unknown"][0]


def _is_within(name: str, domain: str) -> bool:
    wanted = domain.lower().rstrip(".")
    return name == wanted or name.endswith(f".{wanted}")


def _is_inside(text: str, network: IPv4Network | IPv6Network) -> bool:
    try:
        return ip_address(text) in network
    except ValueError:
        return False


_MATCHERS: dict[str, Callable[[_Run, Mechanism, str], Asking[bool]]] = {
    "all": _Run.match_all,
    "ip4": _Run.match_network,
    "ip6": _Run.match_network,
    "include": _Run.match_include,
    "a": _Run.match_a,
    "mx": _Run.match_mx,
    "exists": _Run.match_exists,
    "ptr": _Run.match_ptr,
}
