"""What the door finds out about a sender: SPF, iprev, DKIM; RFC 8601, rule SRC-10.

The checks themselves are pure (`mail.spf`, `mail.iprev`, `mail.dkim_verify`); here the
DNS is asked for them, in bounded time, while other connections go on.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import msgspec

from sinyal.config.settings import SourceSettings
from sinyal.mail import dkim_verify, iprev, lookup, spf
from sinyal.mail.authentication import clause
from sinyal.mail.dkim_verify import Signature, Verdict
from sinyal.mail.lookup import FAILURE, NOTHING, Asking, IpAddress, Question, Told
from sinyal.reception import check_replies
from sinyal.runtime.dns import Found, Resolver
from sinyal.smtp.reply import Reply

LONGEST_S = 20.0  # of one check; RFC 7208 4.6.4
LARGE_OCTETS = 256 * 1024  # content over it is hashed in a thread
CACHE_ENTRIES = 2_000  # answers kept: a hostile zone fills its own cache alone
MAX_STEP = 200  # characters of a traced answer

T = TypeVar("T")


class Checked(msgspec.Struct, frozen=True):
    """The end of the checks of a sender.

    `reply` is the refusal of MAIL, None for no objection. `results` are the clauses of
    an Authentication-Results field, as `spf=pass smtp.mailfrom=a@example.org`.
    """

    reply: Reply | None = None
    results: tuple[str, ...] = ()


class Checks:
    """The checks that a source asks for; never raises for what the DNS says.

    `clock` gives epoch seconds; `longest_s` bounds each check.
    """

    def __init__(
        self,
        resolver: Resolver,
        host_name: str,
        clock: Callable[[], float],
        longest_s: float = LONGEST_S,
    ) -> None:
        self._resolver = resolver
        self._host_name = host_name
        self._clock = clock
        self._longest_s = longest_s

    async def at_mail(
        self, source: SourceSettings, ip: str, helo: str, mail_from: str
    ) -> Checked:
        """SPF and iprev of a sender, where the source wants them."""
        try:
            address = lookup.client_address(ip)
        except ValueError:  # no connection over the network
            return Checked()
        asked = []
        if source.check_iprev_inbound:
            asked.append(self._iprev(source, address, helo))
        if source.check_spf_inbound:
            asked.append(self._spf(source, address, helo, mail_from))
        found = await asyncio.gather(*asked)
        refusals = [one.reply for one in found if one.reply is not None]
        return Checked(
            refusals[0] if refusals else None,
            tuple(text for one in found for text in one.results),
        )

    async def at_data(self, source: SourceSettings, content: bytes) -> tuple[str, ...]:
        """A clause for each DKIM signature, `dkim=none` without any."""
        now = self._clock()
        if len(content) > LARGE_OCTETS:
            found = await asyncio.to_thread(dkim_verify.prepare, content, now)
        else:
            found = dkim_verify.prepare(content, now)
        if not found:
            return (clause("dkim", "none"),)
        wants_trace = source.trace_dkim_check
        clauses = (self._dkim(signature, wants_trace) for signature in found)
        return tuple(await asyncio.gather(*clauses))

    async def _spf(
        self, source: SourceSettings, ip: IpAddress, helo: str, mail_from: str
    ) -> Checked:
        who = spf.Sender(
            ip=ip,
            mail_from=mail_from,
            helo=helo,
            receiver=self._host_name,
            at=int(self._clock()),
        )
        steps: list[str] = []
        late = spf.Result("temperror", "the DNS takes too long")
        check = spf.check(who, source.check_spf_inbound_max_void_lookups)
        result = await self._asked(check, late, steps)
        name = "smtp.mailfrom" if mail_from else "smtp.helo"
        comment = _comment(result.reason, steps if source.trace_spf_check else [])
        text = clause("spf", result.result, [(name, mail_from or helo)], comment)
        is_refused = {
            "temperror": source.reject_spf_check_temperror,
            "permerror": source.reject_spf_check_permerror,
            "fail": source.reject_spf_check_fail,
        }.get(result.result, False)
        refusal = check_replies.spf(who, result) if is_refused else None
        return Checked(refusal, (text,))

    async def _iprev(self, source: SourceSettings, ip: IpAddress, helo: str) -> Checked:
        steps: list[str] = []
        late = iprev.Result("temperror", "the DNS takes too long")
        result = await self._asked(iprev.check(ip, helo), late, steps)
        comment = _comment(result.reason, steps if source.trace_iprev_check else [])
        text = clause("iprev", result.result, [("policy.iprev", str(ip))], comment)
        is_refused = {
            "temperror": source.reject_iprev_check_temperror,
            "permerror": source.reject_iprev_check_permerror,
            "fail": source.reject_iprev_check_fail,
        }.get(result.result, False)
        refusal = check_replies.iprev(str(ip), helo, result) if is_refused else None
        return Checked(refusal, (text,))

    async def _dkim(self, signature: Signature, wants_trace: bool) -> str:
        steps: list[str] = []
        late = Verdict("temperror", "the DNS takes too long")
        verdict = await self._asked(_judged(signature), late, steps)
        comment = _comment(verdict.reason, steps if wants_trace else [])
        return clause("dkim", verdict.result, signature.properties, comment)

    async def _asked(self, check: Asking[T], late: T, steps: list[str]) -> T:
        """The end of a check, its questions put to the DNS; `late` past the time."""
        try:
            async with asyncio.timeout(self._longest_s):
                question = next(check)
                while True:
                    told = await self._told(question)
                    steps.append(_step(question, told))
                    question = check.send(told)
        except StopIteration as end:
            result: T = end.value
            return result
        except TimeoutError:
            return late

    async def _told(self, question: Question) -> Told:
        answer = await self._resolver.lookup(question.name, question.kind)
        if answer.found is Found.FAILURE:
            return FAILURE
        if not answer.records:
            return NOTHING
        return Told(tuple(text for _, text in sorted(answer.records, key=_preference)))


def _preference(record: tuple[int, str]) -> int:
    return record[0]


def _judged(signature: Signature) -> Asking[Verdict]:
    if signature.verdict is not None:
        return signature.verdict
    told = yield Question(signature.key_name, "TXT")
    return dkim_verify.judge(signature, told)


def _step(question: Question, told: Told) -> str:
    said = "lookup failed" if told.is_failure else ", ".join(told.records) or "nothing"
    return f"{question.kind} {question.name}: {said}"[:MAX_STEP]


def _comment(reason: str, steps: list[str]) -> str:
    return "; ".join((*filter(None, (reason,)), *steps))
