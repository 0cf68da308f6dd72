"""SPF, iprev and DKIM at the door, against a name server with a dict for its zone."""

import asyncio

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from delivery_peer import Zone, dns_stub

from sinyal.config.settings import SourceSettings
from sinyal.mail import dkim
from sinyal.reception.checks import Checked, Checks
from sinyal.runtime.dns import Resolver

SERVFAIL = 2
ALL = SourceSettings(check_spf_inbound=True, check_iprev_inbound=True)
KEY = dkim.Key(rsa.generate_private_key(65537, 2048))
QUOTED = " ".join(f'"{KEY.record[at : at + 200]}"' for at in range(0, 600, 200))
MESSAGE = b"From: a@toko.test\r\nSubject: hi\r\n\r\nx\r\n"
ZONE: Zone = {
    ("toko.test", "TXT"): ['"v=spf1 mx exp=why.toko.test -all"', '"other"'],
    ("toko.test", "MX"): ["20 b.toko.test.", "10 a.toko.test."],
    ("a.toko.test", "A"): ["192.0.2.1"],
    ("b.toko.test", "A"): ["192.0.2.2"],
    ("why.toko.test", "TXT"): ['"ask " "%{o}"'],
    ("traced.test", "TXT"): ['"v=spf1 mx:toko.test -all"'],
    ("broken.test", "TXT"): ['"v=spf1 moo"'],
    ("down.test", "TXT"): SERVFAIL,
    ("silent.test", "TXT"): None,
    ("1.2.0.192.in-addr.arpa", "PTR"): ["A.toko.test."],
    ("9.2.0.192.in-addr.arpa", "PTR"): ["nine.test."],
    ("8.2.0.192.in-addr.arpa", "PTR"): SERVFAIL,
    ("s1._domainkey.toko.test", "TXT"): [QUOTED],
}


async def _with_checks(use, longest_s: float = 20.0):
    async with dns_stub(ZONE) as stub:
        resolver = Resolver([("127.0.0.1", stub.port)], try_s=0.1)
        checks = Checks(resolver, "mx.example", lambda: 1_700_000_000.0, longest_s)
        return await use(checks)


def at_mail(source: SourceSettings, ip: str, helo: str, mail_from: str) -> Checked:
    return asyncio.run(
        _with_checks(lambda checks: checks.at_mail(source, ip, helo, mail_from))
    )


def at_data(source: SourceSettings, content: bytes) -> tuple[str, ...]:
    return asyncio.run(_with_checks(lambda checks: checks.at_data(source, content)))


def test_a_good_sender_is_taken_with_two_results() -> None:
    assert at_mail(ALL, "192.0.2.1", "a.toko.test", "x@toko.test") == Checked(
        None,
        (
            "iprev=pass (a.toko.test) policy.iprev=192.0.2.1",
            "spf=pass (mx of toko.test) smtp.mailfrom=x@toko.test",
        ),
    )


@pytest.mark.parametrize(
    ("mail_from", "switch", "reply"),
    [
        (
            "x@toko.test",
            "reject_spf_check_fail",
            "550 5.7.23 SPF of toko.test does not allow 192.0.2.9 to send; it says:"
            " ask toko.test",
        ),
        (
            "x@broken.test",
            "reject_spf_check_permerror",
            "550 5.7.24 SPF of broken.test is in error: broken.test: unknown term"
            " 'moo'",
        ),
        (
            "x@down.test",
            "reject_spf_check_temperror",
            "451 4.7.24 SPF of down.test cannot be checked: TXT of down.test: lookup"
            " failed",
        ),
        (
            "x@silent.test",
            "reject_spf_check_temperror",
            "451 4.7.24 SPF of silent.test cannot be checked: TXT of silent.test:"
            " lookup failed",
        ),
    ],
)
def test_spf_refuses_where_the_source_says_so(mail_from, switch, reply) -> None:
    wanted = SourceSettings(check_spf_inbound=True)
    assert str(at_mail(wanted, "192.0.2.9", "h.test", mail_from).reply) == reply
    lenient = SourceSettings(check_spf_inbound=True, **{switch: False})
    found = at_mail(lenient, "192.0.2.9", "h.test", mail_from)
    assert found.reply is None
    assert len(found.results) == 1


@pytest.mark.parametrize(
    ("ip", "result", "code"),
    [
        ("192.0.2.9", "fail", 550),
        ("192.0.2.7", "permerror", 550),
        ("192.0.2.8", "temperror", 451),
    ],
)
def test_iprev_refuses_only_when_told_to(ip: str, result: str, code: int) -> None:
    plain = SourceSettings(check_iprev_inbound=True)
    found = at_mail(plain, ip, "a.toko.test", "x@toko.test")
    assert found.reply is None
    assert found.results[0].startswith(f"iprev={result} (")
    switch = {f"reject_iprev_check_{result}": True}
    strict = SourceSettings(check_iprev_inbound=True, **switch)
    reply = at_mail(strict, ip, "a.toko.test", "x@toko.test").reply
    assert reply is not None
    assert (reply.code, reply.enhanced) == (code, f"{code // 100}.7.25")


def test_an_empty_sender_is_judged_by_its_helo() -> None:
    source = SourceSettings(check_spf_inbound=True)
    found = at_mail(source, "192.0.2.2", "toko.test", "")
    assert found.results == ("spf=pass (mx of toko.test) smtp.helo=toko.test",)


def test_a_trace_tells_what_the_dns_said() -> None:
    source = SourceSettings(check_spf_inbound=True, trace_spf_check=True)
    (text,) = at_mail(source, "192.0.2.1", "h.test", "x@traced.test").results
    assert text == (
        "spf=pass (mx of traced.test; TXT traced.test: v=spf1 mx:toko.test -all;"
        " MX toko.test: a.toko.test, b.toko.test; A a.toko.test: 192.0.2.1)"
        " smtp.mailfrom=x@traced.test"
    )


def test_a_slow_dns_is_a_temporary_error() -> None:
    source = SourceSettings(check_spf_inbound=True)
    found = asyncio.run(
        _with_checks(
            lambda checks: checks.at_mail(source, "192.0.2.1", "h", "x@silent.test"),
            longest_s=0.01,
        )
    )
    assert found.reply is not None
    assert found.reply.text.endswith("the DNS takes too long")


def test_what_comes_over_no_network_is_not_checked() -> None:
    assert at_mail(ALL, "", "h", "x@toko.test") == Checked()


def test_each_signature_has_its_result() -> None:
    source = SourceSettings(check_dkim_inbound=True)
    signed = dkim.sign(MESSAGE, KEY, "toko.test", "s1") + MESSAGE
    other = dkim.sign(MESSAGE, KEY, "toko.test", "s2")
    results = at_data(source, other + signed)
    assert results[0].startswith("dkim=permerror (no key is published) header.d=toko")
    assert results[1].startswith(
        "dkim=pass (2048-bit key) header.d=toko.test header.i=@toko.test header.s=s1"
        " header.a=rsa-sha256 header.b="
    )
    assert at_data(source, MESSAGE) == ("dkim=none",)


def test_a_large_message_is_verified_as_well() -> None:
    source = SourceSettings(check_dkim_inbound=True, trace_dkim_check=True)
    message = MESSAGE + b"line\r\n" * 60_000
    signed = dkim.sign(message, KEY, "toko.test", "s1") + message
    (result,) = at_data(source, signed)
    assert result.startswith("dkim=pass (2048-bit key; TXT s1._domainkey.toko.test: v=")


def test_only_so_many_empty_answers_are_borne_of_an_spf_record() -> None:
    zone = {
        ("void.test", "TXT"): [
            '"v=spf1 a:x.void.test a:y.void.test a:z.void.test -all"'
        ]
    }
    for most, result in ((2, "permerror"), (3, "fail")):
        wanted = SourceSettings(
            check_spf_inbound=True, check_spf_inbound_max_void_lookups=most
        )
        found = asyncio.run(_void(zone, wanted))
        assert found.results[0].startswith(f"spf={result} ")


async def _void(zone: Zone, wanted: SourceSettings) -> Checked:
    async with dns_stub(zone) as stub:
        resolver = Resolver([("127.0.0.1", stub.port)], try_s=0.1)
        checks = Checks(resolver, "mx.example", lambda: 1_700_000_000.0)
        return await checks.at_mail(wanted, "192.0.2.9", "h.test", "x@void.test")


def test_a_traced_check_of_the_name_tells_what_the_dns_said() -> None:
    plain = SourceSettings(check_iprev_inbound=True)
    traced = SourceSettings(check_iprev_inbound=True, trace_iprev_check=True)
    for wanted, is_told in ((plain, False), (traced, True)):
        (result,) = at_mail(wanted, "192.0.2.1", "a.toko.test", "x@toko.test").results
        assert ("PTR 1.2.0.192.in-addr.arpa: A.toko.test" in result) is is_told
