"""A message at the end of its data: where it goes, what it becomes, who gets it."""

import itertools
from email import message_from_bytes
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from sinyal.config.configuration import Configuration
from sinyal.config.expression import Pattern
from sinyal.config.settings import (
    AddressList,
    GlobalSettings,
    Pool,
    RewriteList,
    SignalsSettings,
    SourceSettings,
    VirtualMta,
)
from sinyal.config.vocabulary import Alias, FromDomainRule, PatternRule, RewriteRule
from sinyal.mail.dkim import load_header_key
from sinyal.mail.envelope import Recipient, Submission
from sinyal.reception.acceptance import Feeder, Transaction, accept
from sinyal.reception.door import Door
from sinyal.runtime.smtp_server import Peer
from sinyal.smtp.events import Hello, MailFrom
from sinyal.smtp.reply import Reply, reply

RECEIVED = reply(250, "2.6.0 message received")
PEM = (
    Ed25519PrivateKey
    .generate()
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode()
)
PLAIN = b"From: Kabar <k@shop.example>\r\nSubject: x\r\n\r\ntext\r\n"
NAMES = {"one": VirtualMta(name="one"), "two": VirtualMta(name="two")}
POOLS = {"both": Pool(name="both", virtual_mta=("one", "two"))}


class Site:
    """A door in memory; `settings` are those of the only source."""

    def __init__(self, configuration: dict[str, Any] | None = None, **settings) -> None:
        self.submitted: list[Submission] = []
        ids = itertools.count(1)
        parts: dict[str, Any] = {
            "settings": GlobalSettings(host_name=("mx.example",)),
            "virtual_mtas": NAMES,
            "pools": POOLS,
        }
        self.door = Door(
            configuration=Configuration(**(parts | (configuration or {}))),
            host_name="mx.example",
            submit=self.submit,  # type: ignore[arg-type]
            report=self.submit,  # type: ignore[arg-type]
            clock=lambda: 1_700_000_000.0,
            new_message_id=lambda: f"{next(ids):020x}",
            log=lambda line: None,
        )
        self.source = SourceSettings(**settings)

    def submit(self, submission: Submission) -> Reply:
        self.submitted.append(submission)
        return RECEIVED

    def answer(self, content: bytes = PLAIN, *to: str | Recipient, **more) -> Reply:
        recipients = [
            one if isinstance(one, Recipient) else Recipient(one, "")
            for one in to or ("joe@far.example",)
        ]
        mail = more.pop("mail", MailFrom("k@shop.example"))
        feeder = Feeder(
            source=self.source,
            peer=Peer("192.0.2.7", 4000, "127.0.0.1", 25),
            hello=Hello("client.example"),
            user=more.pop("user", ""),
        )
        answer = accept(
            self.door, feeder, Transaction(mail, recipients, **more), content
        )
        assert isinstance(answer, Reply)
        return answer

    def take(self, content: bytes = PLAIN, *to: str | Recipient, **more) -> Submission:
        assert self.answer(content, *to, **more) is RECEIVED
        return self.submitted[-1]


def head(**fields: str) -> bytes:
    lines = [f"{name.replace('_', '-')}: {text}\r\n" for name, text in fields.items()]
    return "".join(lines).encode("latin-1") + b"\r\ntext\r\n"


def places(site: Site, count: int) -> list[str]:
    return [site.take().envelope.vmta for _ in range(count)]


# -- where it goes


def test_a_pattern_list_chooses_before_the_default_and_after_the_header() -> None:
    rules = (
        PatternRule(kind="mail-from", pattern=Pattern("@shop"), virtual_mta="two"),
    )
    site = Site(
        {"pattern_lists": {"p": rules}},
        pattern_list="p",
        default_virtual_mta="one",
        process_x_virtual_mta=True,
    )
    assert site.take().envelope.vmta == "two"
    other = site.take(PLAIN, mail=MailFrom("a@other.example"))
    assert other.envelope.vmta == "one"
    named = site.take(head(X_Virtual_MTA="one"))
    assert named.envelope.vmta == "one"


def test_a_list_that_sets_only_the_priority_leaves_the_header_its_say() -> None:
    rules = (PatternRule(kind="*", recipient_priority=80),)
    site = Site(
        {"pattern_lists": {"p": rules}}, pattern_list="p", process_x_virtual_mta=True
    )
    envelope = site.take(head(X_Virtual_MTA="both")).envelope
    assert (envelope.vmta, envelope.pool) == ("one", "both")
    assert envelope.recipients[0].priority == 80


def test_a_pool_takes_turns_by_message_whatever_its_recipients() -> None:
    site = Site(default_virtual_mta="both")
    envelope = site.take(PLAIN, "a@x.test", "b@x.test").envelope
    assert envelope.vmta == "one"
    assert [one.vmta for one in envelope.recipients] == ["", ""]
    assert places(site, 2) == ["two", "one"]


def test_the_turns_of_pools_outlive_the_server() -> None:
    site, after = Site(default_virtual_mta="both"), Site(default_virtual_mta="both")
    places(site, 1)
    after.door.turns.restore(site.door.turns.state())
    assert places(after, 1) == ["two"]


def test_an_unknown_name_goes_to_the_fallback_where_it_is_not_refused() -> None:
    globals_ = GlobalSettings(invalid_virtual_mta_fallback="two")
    site = Site(
        {"settings": globals_},
        process_x_virtual_mta=True,
        reject_invalid_virtual_mta=False,
        default_virtual_mta="one",
    )
    assert site.take(head(X_Virtual_MTA="gone")).envelope.vmta == "two"
    assert site.take().envelope.vmta == "one"


# -- mail merge


def merge(site: Site, *recipients: Recipient, content: bytes = PLAIN) -> Submission:
    return site.take(b"", *recipients, parts={1: content})


def test_each_recipient_of_a_merge_takes_a_turn_of_the_pool() -> None:
    site = Site(default_virtual_mta="both")
    envelope = merge(site, *(Recipient(f"{at}@x.test", "") for at in range(3))).envelope
    found = [envelope.place_of(one) for one in envelope.recipients]
    assert found == [("one", "both"), ("two", "both"), ("one", "both")]


def test_a_merge_of_one_virtual_mta_says_so_once() -> None:
    envelope = merge(
        Site(default_virtual_mta="one"), Recipient("a@x.test", "")
    ).envelope
    assert envelope.vmta == "one"
    assert envelope.recipients[0].vmta == ""


def test_the_vmta_variable_wins_and_is_checked() -> None:
    site = Site(default_virtual_mta="one")
    mixed = merge(
        site, Recipient("a@x.test", "", vmta="two"), Recipient("b@x.test", "")
    )
    assert [mixed.envelope.place_of(one)[0] for one in mixed.envelope.recipients] == [
        "two",
        "one",
    ]
    refused = site.answer(b"", Recipient("a@x", "", vmta="no"), parts={1: PLAIN})
    assert str(refused) == '554 5.5.0 there is no VirtualMTA "no"'


def test_rules_on_recipients_act_on_each_of_a_merge() -> None:
    rules = (PatternRule(kind="rcpt-to", pattern=Pattern("^a@"), virtual_mta="two"),)
    site = Site({"pattern_lists": {"p": rules}}, pattern_list="p")
    envelope = merge(
        site, Recipient("a@x.test", ""), Recipient("b@x.test", "")
    ).envelope
    found = [envelope.place_of(one)[0] for one in envelope.recipients]
    assert found == ["two", "{default}"]


def test_a_merge_never_gets_or_loses_a_date() -> None:
    site = Site(add_date_header="override")
    whole = merge(site, Recipient("a@x.test", ""), content=b"Date: [d]\r\n" + PLAIN)
    assert message_from_bytes(whole.content).get_all("Date") == ["[d]"]
    assert merge(site, Recipient("a@x", "")).content.count(b"Date:") == 0


def test_the_parts_of_a_merge_keep_their_lengths_without_what_is_removed() -> None:
    site = Site(process_x_job=True)
    parts = {1: b"X-Job: j\r\nSubject: x\r\n", 2: b"\r\nbody\r\n"}
    whole = site.take(b"", Recipient("a@x.test", "", job_id="own"), parts=parts)
    assert whole.envelope.part_octets == (12, 8)
    assert whole.content.endswith(b"Subject: x\r\n\r\nbody\r\n")
    assert whole.envelope.job_id == "j"
    assert whole.envelope.recipients[0].job_id == "own"


# -- who gets it


def test_aliases_lead_on_and_come_to_an_end() -> None:
    aliases = (
        Alias("info", ("a@x.test", "team@mx.example")),
        Alias("team@mx.example", ("b@x.test", "info@mx.example", "team@mx.example")),
        Alias("*@old.example", ("c@x.test",)),
    )
    site = Site({"aliases": aliases})
    found = site.take(PLAIN, "Info@mx.example", "any@old.example", "d@x.test").envelope
    addresses = [one.address for one in found.recipients]
    assert addresses[:2] == ["a@x.test", "b@x.test"]
    assert addresses[-2:] == ["c@x.test", "d@x.test"]
    assert len({one.message_id for one in found.recipients}) == len(found.recipients)


def test_aliases_that_all_lead_to_each_other_are_followed_once() -> None:
    names = [f"n{at}@x.test" for at in range(30)]
    aliases = tuple(Alias(one, tuple(names)) for one in names)
    found = Site({"aliases": aliases}).take(PLAIN, names[0]).envelope.recipients
    assert {one.address for one in found} <= set(names)
    assert len(found) == len({one.address for one in found})


def test_an_alias_in_a_circle_comes_back_to_where_it_began() -> None:
    circle = {"a@x.test": "b@x.test", "b@x.test": "c@x.test", "c@x.test": "a@x.test"}
    aliases = tuple(Alias(one, (to,)) for one, to in circle.items())
    (found,) = Site({"aliases": aliases}).take(PLAIN, "A@x.test").envelope.recipients
    assert found.address == "a@x.test"


def test_an_alias_to_a_suppressed_address_bounces() -> None:
    parts = {
        "aliases": (Alias("a@x.test", ("gone@y.test", "b@y.test")),),
        "address_lists": {"stop": AddressList(addresses=frozenset({"gone@y.test"}))},
    }
    site = Site(parts, suppression_lists=("stop",))
    gone, kept = site.take(PLAIN, "a@x.test").envelope.recipients
    assert gone.refusal.startswith('550 5.7.1 recipient is in suppression list "stop"')
    assert (kept.address, kept.refusal) == ("b@y.test", "")


def test_the_blind_copy_of_a_mail_merge_is_made_as_the_first_recipients() -> None:
    rules = RewriteList(mail_from=(RewriteRule("*@own.test", "*@bounces.test"),))
    site = Site(
        {"rewrite_lists": {"r": rules}},
        bcc="archive@x.test",
        rewrite_list="r",
        jobid_prefix="p-",
    )
    first = Recipient("a@x.test", "", mail_from="s@own.test", job_id="j", vmta="one")
    other = Recipient("b@x.test", "", vmta="two")
    whole = site.take(b"", first, other, parts={1: PLAIN})
    one, _, copy = whole.envelope.recipients
    assert (one.mail_from, one.job_id) == ("s@bounces.test", "p-j")
    assert (copy.mail_from, copy.job_id, copy.vmta) == (
        one.mail_from,
        one.job_id,
        one.vmta,
    )
    assert copy.signals == one.signals


def test_a_local_part_is_an_alias_at_this_host_only() -> None:
    site = Site({"aliases": (Alias("info", ("a@x.test",)),)})
    envelope = site.take(PLAIN, "info@far.example").envelope
    assert [one.address for one in envelope.recipients] == ["info@far.example"]


def test_the_blind_copy_is_one_recipient_more_that_nobody_is_told_of() -> None:
    site = Site(bcc="archive@x.test")
    whole = site.take(PLAIN, Recipient("joe@far.example", "", notify="SUCCESS"))
    last = whole.envelope.recipients[-1]
    assert (last.address, last.notify, last.orcpt) == ("archive@x.test", "NEVER", "")
    assert b"archive" not in whole.content
    assert b"for <joe@far.example>" in whole.content


def test_a_refused_recipient_is_taken_along_and_leads_nowhere() -> None:
    site = Site({"aliases": (Alias("bad@x", ("a@x.test",)),)})
    one = Recipient("bad@x", "", refusal="550 5.1.3 bad recipient address syntax")
    assert site.take(PLAIN, one).envelope.recipients[0].address == "bad@x"


# -- what its header says


@pytest.mark.parametrize("blank", [b" ", b"\t"])
def test_a_message_that_begins_with_a_blank_goes_on_with_no_field_of_ours(blank):
    site = Site(add_received_header=False, add_date_header="yes")
    content = blank + b"; dkim=pass\r\nX-Job: j\r\n\r\ntext\r\n"
    whole = site.take(content, results=("spf=none",))
    assert whole.content.endswith(b"+0000\r\n\r\n" + content)
    parts = {1: blank + b"one\r\n", 2: b"two\r\n"}
    merged = site.take(b"", "a@x.test", parts=parts)
    assert merged.content.endswith(b"\r\n" + parts[1] + parts[2])
    assert merged.envelope.part_octets == (8, 5)


def test_the_job_id_has_its_prefix_and_the_login_name_in_it() -> None:
    site = Site(process_x_job=True, jobid_prefix="{auth}-")
    assert site.take(head(X_Job="spring"), user="ann").envelope.job_id == "ann-spring"
    assert site.take(PLAIN, user="ann").envelope.job_id == ""


def test_a_hostile_job_id_is_made_printable_and_only_the_first_counts() -> None:
    site = Site(process_x_job=True)
    hostile = 'a "b`\xe9' + "x" * 5000
    content = head(X_Job=hostile, x_job="second")
    whole = site.take(content)
    job_id = whole.envelope.job_id
    assert job_id.startswith("a__b__x")
    assert len(job_id) <= 998
    assert b"job" not in whole.content.lower()


def test_a_hostile_envelope_id_is_made_printable_and_short() -> None:
    site = Site(process_x_envid=True)
    env_id = site.take(head(X_Envid="+0+ \x01\xe9" + "y" * 300)).envelope.env_id
    assert env_id.startswith("+0+___y")
    assert len(env_id) == 100


def test_an_envelope_id_of_mail_counts_where_no_header_names_one() -> None:
    mail = MailFrom("k@shop.example", env_id="E1", ret="HDRS", body="8BITMIME")
    envelope = Site(process_x_envid=True).take(PLAIN, mail=mail).envelope
    assert (envelope.env_id, envelope.ret, envelope.is_8bit) == ("E1", "HDRS", True)


def test_a_schedule_is_obeyed_where_processed_and_never_travels_unasked() -> None:
    window = "2026-11-22 09:00:00 / 2026-11-22 10:00:00"
    site = Site(process_x_schedule=True)
    whole = site.take(head(X_Schedule=window))
    assert len(whole.envelope.schedule) == 1
    assert b"X-Schedule" not in whole.content
    ignored = Site().take(head(X_Schedule="whenever"))
    assert ignored.envelope.schedule == ()
    assert b"X-Schedule" not in ignored.content
    kept = Site(retain_x_schedule=True).take(head(X_Schedule=window))
    assert b"X-Schedule" in kept.content


def test_a_schedule_that_cannot_be_read_is_refused_by_name() -> None:
    answer = Site(process_x_schedule=True).answer(head(X_Schedule="tomorrow"))
    assert str(answer) == "550 5.6.0 the X-Schedule header cannot be understood"


def test_a_private_key_is_ignored_unless_allowed_and_never_relayed() -> None:
    key = "-----BEGIN PRIVATE KEY-----" + "A" * 64 + "-----END PRIVATE KEY-----"
    content = head(X_DKIM_Key=key)
    whole = Site().take(content)
    assert b"PRIVATE" not in whole.content
    assert whole.envelope.at_delivery.dkim_key == ""
    answer = Site(process_x_dkim_key=True).answer(content)
    assert str(answer) == "550 5.6.0 the X-DKIM-Key header cannot be understood"
    folded = PEM.strip().replace("\n", "\r\n ")
    taken = Site(process_x_dkim_key=True).take(head(X_DKIM_Key=folded))
    assert b"PRIVATE" not in taken.content
    assert load_header_key(taken.envelope.at_delivery.dkim_key)
    assert "PRIVATE" not in repr(taken.envelope)


def test_signals_headers_are_read_where_asked() -> None:
    signals = SignalsSettings(
        process_x_sp_subaccount_id=True, custom_message_id_header="X-Ref"
    )
    site = Site({"signals": signals})
    whole = site.take(head(X_SP_Subaccount_ID="42", X_Ref="r" * 600))
    assert whole.envelope.subaccount_id == 42
    assert whole.envelope.custom_message_id == "r" * 512
    assert b"Subaccount" not in whole.content
    assert b"X-Ref" in whole.content
    assert site.take(head(X_SP_Subaccount_ID="0x1")).envelope.subaccount_id == 0
    plain = Site({"signals": SignalsSettings()}).take(head(X_SP_Subaccount_ID="42"))
    assert b"Subaccount" in plain.content


def test_bcc_and_old_dates_stay_as_they_came() -> None:
    content = head(Bcc="secret@x.test", Date="Thu, 1 Jan 1970 00:00:00 +0000")
    assert Site().take(content, user="ann").content.endswith(content)


# -- what is added and rewritten


def test_the_operators_fields_stand_behind_the_trace_global_ones_first() -> None:
    site = Site(
        {
            "settings": GlobalSettings(include_headers_from="/all"),
            "virtual_mtas": {
                "one": VirtualMta(name="one", include_headers_from="/one")
            },
            "header_files": {"/all": b"X-All: 1\r\n", "/one": b"X-One: 1\r\n"},
        },
        default_virtual_mta="one",
    )
    keys = message_from_bytes(site.take().content).keys()
    assert keys == ["Received", "X-All", "X-One", "From", "Subject"]


def test_the_message_id_tells_the_host() -> None:
    site = Site({"settings": GlobalSettings(host_id=7)}, add_message_id_header=True)
    found = {message_from_bytes(site.take().content)["Message-ID"] for _ in range(3)}
    assert len(found) == 3
    assert all(one.endswith(".7@mx.example>") for one in found)


def test_a_date_of_delivery_is_left_to_delivery() -> None:
    for how in ("yes", "override"):
        site = Site(add_date_header=how, date_header_time="delivery")
        whole = site.take()
        assert b"Date:" not in whole.content
        assert whole.envelope.at_delivery.date_header == how
    site = Site(add_date_header="yes", date_header_time="delivery")
    assert site.take(head(Date="then")).envelope.at_delivery.date_header == ""


def test_earlier_trace_fields_go_where_told_and_the_feeder_is_hidden() -> None:
    site = Site(remove_received_headers=True, hide_message_source=True)
    content = site.take(head(Received="from elsewhere", Subject="x")).content
    assert content.count(b"Received:") == 1
    assert b"elsewhere" not in content
    assert b"192.0.2.7" not in content
    assert b"client.example" not in content


def test_results_of_checks_stand_on_top_and_forged_ones_go() -> None:
    forged = head(Authentication_Results="mx.example; spf=pass", Subject="x")
    content = Site().take(forged, results=("spf=fail smtp.mailfrom=k@s",)).content
    fields = message_from_bytes(content)
    assert fields.keys()[0] == "Authentication-Results"
    assert fields.get_all("Authentication-Results") == [
        "mx.example;\r\n\tspf=fail smtp.mailfrom=k@s"
    ]


def test_senders_and_authors_are_rewritten_the_sources_rules_first() -> None:
    lists = {
        "s": RewriteList(
            mail_from=(RewriteRule("*@shop.example", "*@bounces.shop.example"),),
            from_domain=(FromDomainRule("shop.example", "mail.shop.example"),),
        ),
        "v": RewriteList(
            mail_from=(RewriteRule("*@*", "*@vmta.example"),),
            from_domain=(FromDomainRule("[*.]other.example", "vmta.example"),),
        ),
    }
    site = Site(
        {
            "rewrite_lists": lists,
            "virtual_mtas": {"one": VirtualMta(name="one", rewrite_list="v")},
        },
        rewrite_list="s",
        default_virtual_mta="one",
    )
    whole = site.take()
    assert whole.envelope.mail_from == "k@bounces.shop.example"
    assert whole.envelope.friendly_from == "k@mail.shop.example"
    assert b"From: Kabar <k@mail.shop.example>\r\n" in whole.content
    other = site.take(head(From="n@news.other.example"), mail=MailFrom("a@b.test"))
    assert other.envelope.mail_from == "a@vmta.example"
    assert b"From: n@vmta.example\r\n" in other.content
