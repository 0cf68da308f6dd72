"""Sections that say who comes in, where, and what becomes of the mail; guide 3.3."""

import pytest
from config_files import configuration, errors, warnings
from pem_files import PAIR

from sinyal.config.settings import SourceGroup
from sinyal.config.vocabulary import Alias, FromDomainRule, PatternRule, TlsFiles

TWO = "<virtual-mta a>\n</virtual-mta>\n<virtual-mta b>\n</virtual-mta>\n"
LISTS = """
<pattern-list inner>
* virtual-mta=b
</pattern-list>
<pattern-list outer>
mail-from /^x y@/ virtual-mta=a, recipient-priority=70
header X-Kind /^\\s*bulk/ <pattern-list>
    rcpt-to /@gmail\\.com$/ virtual-mta=b
    * call-to: inner
</pattern-list>
rcpt-to /z/ recipient-priority=0,<pattern-list>
* virtual-mta=a
</pattern-list>
</pattern-list>
"""


def test_a_pattern_list_keeps_its_rules_in_order_with_lists_inside():
    found = configuration(TWO + LISTS).pattern_lists["outer"]
    assert [rule.kind for rule in found] == ["mail-from", "header", "rcpt-to"]
    assert (found[0].virtual_mta, found[0].recipient_priority) == ("a", 70)
    assert found[0].pattern.matches("X Y@example.com")
    assert (found[1].header, found[1].virtual_mta) == ("x-kind", "")
    assert [rule.kind for rule in found[1].rules] == ["rcpt-to", "*"]
    assert found[1].rules[1].call_to == "inner"
    assert found[2].recipient_priority == 0
    assert found[2].rules == (PatternRule(kind="*", virtual_mta="a"),)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("mail-from /x/", "the rule has no result"),
        ("mail-from x virtual-mta=a", '"x virtual-mta=a" does not begin with /'),
        ("mail-from /x virtual-mta=a", "the closing / is missing"),
        ("rcpt-to /x/ recipient-priority=101", "101 is not a priority"),
        ("rcpt-to /x/ virtual-mta=a,virtual-mta=b", "second result of its kind"),
        ("rcpt-to /x/ queue=a", '"queue=a" is not a result'),
        ("header /x/ virtual-mta=a", "does not begin with /"),
        ("rcpt-to /x/ virtual-mta=c", "c is not defined"),
        ("rcpt-to /x/ call-to:c", "c is not defined, add <pattern-list c>"),
        ("rcpt-to /(/ virtual-mta=a", "not a regular expression"),
        ("* call-to:p", "the list calls itself in the end"),
        ("domain /x/ virtual-mta=a", "domain: "),
    ],
)
def test_a_rule_that_is_none_is_an_error(rule, said):
    text = f"{TWO}<pattern-list p>\n{rule}\n</pattern-list>"
    assert any(said in error for error in errors(text)), errors(text)


def test_a_list_that_stands_below_its_source_is_an_error():
    text = TWO + "<source 0/0>\npattern-list p\n</source>\n"
    text += "<pattern-list p>\n* virtual-mta=a\n</pattern-list>"
    (found,) = errors(text)
    assert found == (
        "6: pattern-list: <pattern-list p> stands below this line,"
        " move the list above it"
    )


def test_aliases_stand_in_their_section_or_alone():
    text = "alias Info a@b.example, c@d.example\n"
    text += "<aliases>\nalias *@Old.example all@new.example\n</aliases>"
    assert configuration(text).aliases == (
        Alias("info", ("a@b.example", "c@d.example")),
        Alias("*@old.example", ("all@new.example",)),
    )
    for line in ("alias a", "alias a*@b c@d", "alias a b", "alias @x a@b"):
        assert len(errors(line)) == 1


def test_groups_lists_of_keys_and_rules_for_from_are_read():
    text = "<source-group g>\nmax-smtp-in 10\nreserved-smtp-in 2\n</source-group>\n"
    text += "<domain-key-list k>\ndomain-key s, *, k.pem\n</domain-key-list k>\n"
    text += "<rewrite-list r>\nfrom-domain *.a.example b.example\n</rewrite-list>"
    found = configuration(text)
    assert found.source_groups["g"] == SourceGroup(
        name="g", max_smtp_in=10, reserved_smtp_in=2
    )
    (key,) = found.domain_key_lists["k"]
    assert (key.domain, key.filename) == ("*", "/c/k.pem")
    rule = FromDomainRule("*.a.example", "b.example")
    assert found.rewrite_lists["r"].from_domain == (rule,)


def test_a_listener_takes_the_global_tls_where_it_says_nothing():
    text = "smtp-server-tls-certificate all.pem secret\n"
    text += "smtp-server-tls-allow-tlsv1.1 no\nsmtp-listener 127.0.0.1:25\n"
    text += "<smtp-listener 10.0.0/24:465>\nimmediate-tls yes\nawait-slot yes\n"
    text += "tls-certificate own.pem\ntls-allow-tlsv1.1 yes\n</smtp-listener>"
    (*_, said) = errors(text)
    assert "the private key has no password" in said and "secret" not in said
    line, section = configuration(text.replace(" secret", "")).listeners
    assert line.tls.certificate == TlsFiles("/c/all.pem")
    assert not line.tls.allow_tlsv1_1 and not line.immediate_tls
    assert section.tls.certificate == TlsFiles("/c/own.pem")
    assert section.tls.allow_tlsv1_1 and section.tls.ciphers == line.tls.ciphers
    assert (section.host, section.port) == ("10.0.0.0/24", 465)
    assert section.immediate_tls and section.await_slot


def test_older_listener_lines_count_where_there_is_no_other():
    (found,) = configuration("smtp-ip 127.0.0.1\nsmtp-port 2525").listeners
    assert (found.host, found.port) == ("127.0.0.1", 2525)
    text = "smtp-port 2525\nsmtp-listener 127.0.0.1:26"
    assert [one.port for one in configuration(text).listeners] == [26]
    assert warnings(text) == [
        "1: smtp-port: ignored, as there is a smtp-listener, remove it"
    ]


def test_tls_from_the_start_needs_a_certificate():
    text = "<smtp-listener 127.0.0.1:465>\nimmediate-tls yes\n</smtp-listener>"
    assert errors(text) == [
        "1: <smtp-listener 127.0.0.1:465>: TLS needs a certificate,"
        " add tls-certificate FILE"
    ]


API = """
<transmissions-api>
api-key 0123456789_0123456789_0123456789
tls-ca-file roots
</transmissions-api>
<transmissions-api-listener [::1]:8443>
tls-certificate own.pem
</transmissions-api-listener>
"""


def test_the_transmissions_api_has_keys_and_https_places():
    found = configuration(API, roots=PAIR)
    assert found.transmissions_api.api_key == ("0123456789_0123456789_0123456789",)
    (place,) = found.api_listeners
    assert (place.host, place.port, place.immediate_tls) == ("::1", 8443, True)
    assert place.tls.ca_file == "/c/roots"
    assert place.source_name == "{transmissions-api}"
    assert "holds no certificate" in errors(API, roots="")[0]
    without = API.replace("tls-certificate own.pem\n", "")
    assert "tls-certificate is missing" in errors(without, roots=PAIR)[0]
    (said,) = errors(API.replace("_", "-"), roots=PAIR)
    assert "0123" not in said and "32 to 128" in said


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("authentication-method system", ""),
        ("authentication-method certificate\ntls-certificate u.pem", ""),
        ("authentication-method certificate", "tls-certificate is missing"),
        ("authentication-method password", "password is missing"),
        ("authentication-method kerberos", '"kerberos" is not one of the choices'),
    ],
)
def test_a_user_needs_what_the_method_asks_for(lines, said):
    found = errors(f"<smtp-user u>\n{lines}\n</smtp-user>")
    assert said in found[0] if said else found == []


def test_macros_stand_in_relay_domains_keys_and_lists():
    text = "domain-macro big gmail.com, yahoo.com\ndomain-macro tld .com,.org\n"
    text += "relay-domain $big\nrelay-domain x$tld\ndomain-key s, $big, k.pem\n"
    text += "<address-list l>\ndomain $big\n</address-list>"
    found = configuration(text)
    assert found.relay_domains == ("gmail.com", "yahoo.com", "x.com", "x.org")
    assert [key.domain for key in found.domain_keys] == ["gmail.com", "yahoo.com"]
    assert found.address_lists["l"].domains == {"gmail.com", "yahoo.com"}
    assert errors("relay-domain $none") == [
        "1: relay-domain: $none is not a macro, add domain-macro none ..."
    ]


def test_what_delivery_does_not_use_is_checked_and_told_once():
    text = "<smtp-pattern-list p>\nreply /421 .* load/ mode=backoff,skip-mx\n"
    text += "</smtp-pattern-list>\n<bounce-category-patterns>\n/junk mail/ spam\n"
    text += "// other\n</bounce-category-patterns>\n<mx-rollup-list>\n"
    text += "mx *.google.com gmail.rollup rollup-by-ip\n</mx-rollup-list>"
    assert errors(text) == []
    for line in (
        "reply /x/ mode=backoff,mode=normal",
        "reply /x/ skip-mx,bounce-queue",
        "reply /x/ reenable-after=4h",
        "reply /x/ explode",
        "reply /x/",
    ):
        broken = f"<smtp-pattern-list p>\n{line}\n</smtp-pattern-list>"
        assert len(errors(broken)) == 1


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("spool /s", "write <spool /s>"),
        ("<domain x>\nmax-smtp-out-per-source-ip 5\n</domain>", "out 0/0 5"),
        ("<domain x>\ndelivery-priority 5\n</domain>", "write queue-priority 5"),
        ("<domain x>\nroute [192.0.2.1]\n</domain>", "write smtp-hosts [192.0.2.1]"),
        ("http-mgmt-source 10/8", "write http-access 10/8 admin"),
        ("<domain x>\nmax-msg-per-hour 9\n</domain>", "write max-msg-rate 9/h"),
    ],
)
def test_an_older_name_is_led_to_the_present_one(text, remedy):
    assert errors(text) == []
    assert any("an older name, " in said and remedy in said for said in warnings(text))


def test_an_older_name_takes_effect_as_the_present_one():
    text = "spool /older\n<domain x>\nroute [192.0.2.1]:26\n</domain>\n"
    text += "<bounce-processor>\ndeliver-email yes\n</bounce-processor>"
    found = configuration(text)
    assert found.spools[0] == "/older"
    assert found.domain_for("x").smtp_hosts[0][0].port == 26
    assert found.bounce_processor.deliver_matched_email
    assert found.bounce_processor.deliver_unmatched_email


def test_a_value_that_cannot_be_kept_is_refused_with_the_way_out():
    (found,) = errors("smtp-server-tls-allow-sslv3 yes")
    assert "OpenSSL has no SSLv3" in found and "TLS 1.2 or 1.3" in found
    assert errors("smtp-server-tls-allow-sslv3 no") == []
    (found,) = errors("<domain x>\ndkim-algorithm rsa-sha1\n</domain>")
    assert "RFC 8301" in found
    assert errors("<domain x>\ndkim-sign if-x-dkim-options-present\n</domain>") == []
