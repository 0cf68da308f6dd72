"""Files as operators have them: editors, templates, lists over several lines."""

import time

import pytest
from config_files import configuration, errors, loaded, warnings
from hypothesis import given, settings
from hypothesis import strategies as st

from sinyal.config.decode import MAX_LINE, decoded
from sinyal.config.problem import BadValue
from sinyal.config.vocabulary import Rate


@pytest.mark.parametrize(
    "octets",
    [
        b"total-max-smtp-in 7\r\n",
        b"\xef\xbb\xbftotal-max-smtp-in 7\n",
        b"\t TOTAL-Max-SMTP-in\t\t7  # l\xedmite\n",
        b'total-max-smtp-in "7" # quoted\n',
        b"# caf\xe9 \xa9\ntotal-max-smtp-in 7",
        b"< domain  x.example >\n max-smtp-out 3\n</domain >\ntotal-max-smtp-in 7\n",
        b"<virtual-mta a></virtual-mta>\ntotal-max-smtp-in 7\n",
    ],
)
def test_a_file_is_read_as_the_editor_left_it(octets):
    assert configuration(octets).settings.total_max_smtp_in == 7


def test_other_letters_than_utf8_outside_a_comment_are_an_error_at_their_line():
    found = errors(b"total-max-smtp-in 7\nhost-name caf\xe9.example # \xe9\nbad 1\n")
    assert found[0] == "2: the line is not UTF-8, save the file as UTF-8"
    assert found[1].startswith("3: bad: unknown directive")


def test_a_file_of_a_windows_editor_in_utf16_says_so():
    (found, *_) = loaded("log-file l\n".encode("utf-16")).problems
    assert str(found) == "/c/main:1: the file is UTF-16, save it as UTF-8"


def test_lines_may_be_long_and_not_without_end():
    names = ",".join(f"d{number}.example" for number in range(700))
    assert len(names) > 8192
    text = f"domain-macro m {names}\n<domain $m>\nmax-smtp-out 2\n</domain>"
    assert configuration(text).domain_for("d699.example").max_smtp_out == 2
    (found,) = errors("log-rotate " + "1" * MAX_LINE + "\n")
    assert found == f"1: the line has more than {MAX_LINE} octets, divide it"


@pytest.mark.parametrize(
    "text",
    [
        "domain-macro m a.example, b.example",
        "domain-macro m a.example,\n   b.example\n",
        "domain-macro m a.example,  # one\n# two\n\n\tb.example",
        "domain-macro m\n a.example,b.example",
        "DOMAIN-MACRO m\n a.example,\n b.example",
        "domain-macro m $n\ndomain-macro n a.example,b.example",
    ],
)
def test_a_macro_may_go_on_in_the_next_lines(text):
    found = configuration(text + "\n<domain $m>\nmax-smtp-out 2\n</domain>")
    assert found.domain_for("a.example").max_smtp_out == 2
    assert found.domain_for("b.example").max_smtp_out == 2
    assert found.domain_for("c.example").max_smtp_out == 20


def test_a_macro_without_values_does_not_swallow_the_next_line():
    text = "domain-macro m\ntotal-max-smtp-in 7\n"
    (found,) = errors(text + "<domain $m>\n</domain>")[:1]
    assert found.startswith(("1: domain-macro", "3: <domain $m>"))
    assert loaded(text).understood.settings.total_max_smtp_in == 7
    text = "domain-macro m a.example,\n<domain $m>\n</domain>"
    assert errors(text)[0].startswith("1: domain-macro: the list has an empty part")


def test_macros_that_multiply_are_stopped_with_a_clear_error():
    values = ",".join(f"a{number}" for number in range(200))
    text = f"domain-macro m {values}\n<domain $m.$m>\n</domain>"
    (found,) = errors(text)
    assert found.startswith("2: <domain $m.$m>: too many patterns")


@pytest.mark.parametrize(
    ("written", "rate"),
    [
        ("500/day", Rate(500, 86_400)),
        ("50/h", Rate(50, 3600)),
        ("20/min", Rate(20, 60)),
        ("100/15m", Rate(100, 900)),
        ("3/S", Rate(3, 1)),
        ("7/hr", Rate(7, 3600)),
        ("1/2sec", Rate(1, 2)),
    ],
)
def test_rates_have_every_unit(written, rate):
    text = f"<source 0/0>\nsmtp-max-auth-failure-rate {written}\n</source>"
    found = configuration(text).source_for("192.0.2.1")
    assert found.smtp_max_auth_failure_rate == rate


def test_records_have_long_names_exclusions_and_blanks_after_commas():
    text = "<acct-file a.csv>\nrecords delivery, bounce,transient , rb\n"
    text += "record-fields delivery *, !timeImprinted, header_X-Id\nmax-size 50m\n"
    text += "delete-after 4d12h\n</acct-file>"
    (found,) = configuration(text).acct_files
    assert found.records == ("d", "b", "t", "rb")
    assert found.record_fields[0].fields == ("*", "!timeImprinted", "header_X-Id")
    assert (found.max_size, found.delete_after) == (50 << 20, 388_800)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("relay-domain <your-domain>", 1),
        ("host-name {{ hostname }}", 1),
        ("host-name ${HOSTNAME}", 1),
        ("host-name %%HOST%%", 1),
        ("{% if big %}\nlog-rotate 3", 1),
        ("{{ extra }}", 1),
        ("<smtp-user u>\npassword {{pw}}\n</smtp-user>", 2),
        ("<smtp-user u>\npassword ##your password##\n</smtp-user>", 2),
        ("<your-section>\n</your-section>", 1),
        ("<source {{server7}}>\n</source>", 1),
    ],
)
def test_a_placeholder_of_a_template_is_an_error_at_its_line(text, line):
    found = errors(text)
    assert len(found) == 1 and found[0].startswith(f"{line}: ")


def test_a_regular_expression_over_two_lines_is_an_error_and_the_rest_is_read():
    text = "<smtp-pattern-list p>\nreply /too many\n connections/ mode=backoff\n"
    text += "reply /ok/ mode=normal\n</smtp-pattern-list>\nlog-rotate x"
    found = errors(text)
    assert [said.partition(":")[0] for said in found] == ["2", "3", "6"]
    assert "write the whole /REGEX/ on one line" in found[0]


def test_names_are_as_operators_choose_them():
    text = "<smtp-user admin@mail.example>\npassword x/*%$\nsource {pmta-auth}\n"
    text += "</smtp-user>\n<source {pmta-auth}>\ndefault-virtual-mta Pool:1\n"
    text += "</source>\n<virtual-mta mta+10.0.0.1>\n</virtual-mta>\n"
    text += "<virtual-mta-pool Pool:1>\nvirtual-mta mta+10.0.0.1\n"
    text += "</virtual-mta-pool>\n<source {/var/spool/pickup}>\n</source>"
    assert warnings(text) == [
        "13: <source {/var/spool/pickup}>: nothing uses this source,"
        " name it in a smtp-listener or smtp-user"
    ]
    found = configuration(text).source_for("192.0.2.1", user="admin@mail.example")
    assert found.default_virtual_mta == "Pool:1"


def test_a_name_in_other_letters_is_an_error_that_names_the_right_one():
    text = "<rewrite-list Main>\n</rewrite-list>\n"
    assert errors(text + "<source 0/0>\nrewrite-list main\n</source>") == [
        "4: rewrite-list: main is not defined, did you mean Main?"
    ]


def test_a_fixed_destination_may_be_an_address_without_brackets():
    text = "<domain x>\nsmtp-hosts 192.0.2.1, 192.0.2.2:26; mx.example\n</domain>"
    (first, second), (third,) = configuration(text).domain_for("x").smtp_hosts
    assert (first.name, second.name, second.port) == ("[192.0.2.1]", "[192.0.2.2]", 26)
    assert third.name == "mx.example"


def test_an_include_of_another_server_is_refused_with_the_way_out():
    assert errors("include https://example.com/pmta.conf") == [
        "1: include: a file of another server is not read,"
        " fetch it to a file of this server and include that"
    ]


@pytest.mark.parametrize("scope", ["source 0/0", "domain *", "virtual-mta v", "dns"])
def test_files_are_included_in_every_scope(scope):
    tag = scope.split()[0]
    lines = {"dns": "precached-max-domains 9", "domain *": "max-smtp-out 3"}
    line = lines.get(scope, "allow-auth no" if tag == "source" else "max-smtp-out 3")
    text = f"<{scope}>\ninclude part*\n</{tag}>"
    assert errors(text, part1=line, part2="# nothing") == []
    (found,) = errors(text, part1="nonsense 1")
    assert found.startswith("/c/part1:1: nonsense")


def test_one_secret_of_a_bad_line_is_in_no_problem():
    text = "<smtp-user u>\npassword open sesame\n</smtp-user>\n"
    text += "<domain x>\nauth-password open sesame\n</domain>\n"
    text += "http-api-key open-sesame\n<signals>\napi-key sesame\n</signals>\n"
    text += "<transmissions-api>\napi-key sesame sesame\n</transmissions-api>\n"
    text += "<vault>\naccess-token sesame x\n</vault>\nauth-password sesame\n"
    text += "<acct-file a>\nprivacy-policy siphash sesame\n</acct-file>\n"
    text += "<acct-file a>\nprivacy-policy siphash sesame x y\n</acct-file>\n"
    found = [*errors(text), *warnings(text)]
    assert len(found) >= 8
    assert not any("sesame" in said for said in found)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_any_octets_have_a_text_with_as_many_lines(octets):
    try:
        text, faults = decoded(octets)
    except BadValue:
        return
    assert text.count("\n") == octets.count(b"\n")
    assert all(1 <= line <= text.count("\n") + 1 for line, *_ in faults)


ALPHABET = 'ab1 <>/#"\\\n\t|*$,.{}=@-\x00\r\ufeff\u00e9'


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=ALPHABET, max_size=200))
def test_any_text_loads_or_says_why_not(text):
    found = loaded("domain-macro m a.b,\n" + text)
    has_error = any(problem.is_error for problem in found.problems)
    assert (found.configuration is None) == has_error


def test_hostile_lines_cost_time_in_proportion():
    started = time.process_time()
    loaded("domain-macro m a.b,\n" + "c.d,\n" * 50_000)
    loaded("domain-macro m\n" * 50_000)
    loaded("<virtual-mta a></virtual-mta>\n" * 20_000)
    loaded("relay-domain {{" + "{" * 60_000 + "\n")
    loaded("relay-domain <" + "a " * 30_000 + "\n")
    loaded("<pattern-list a>\n" + "mail-from /x/ <pattern-list>\n" * 20_000)
    loaded("<smtp-pattern-list a>\nreply " + "/a " * 20_000 + "\n")
    assert time.process_time() - started < 8


def test_hundreds_of_virtual_mtas_may_name_the_same_macro():
    names = ",".join(f"d{number}.example" for number in range(60))
    text = f"domain-macro m {names}\n"
    entry = "<domain $m>\nmax-smtp-out {}\n</domain>"
    for number in range(300):
        inner = entry.format(number + 1)
        text += f"<virtual-mta v{number}>\n{inner}\n</virtual-mta>\n"
    started = time.process_time()
    found = configuration(text)
    assert time.process_time() - started < 4
    assert found.domain_for("d59.example", "v299").max_smtp_out == 300


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "<domain x.example\nmax-smtp-out 3\n</domain>",
            "1: <domain>: the closing > is missing, write <domain x.example>",
        ),
        (
            "<domain x.example> max-smtp-out 3 </domain>\nlog-rotate 2",
            "1: <domain>: a section on one line, "
            "write its lines below the tag, one a line",
        ),
        (
            "<smtp-pattern-list l>\n/x/ mode=backoff\n</smtp-pattern-list>",
            "2: /x/: unknown directive, write reply before the /REGEX/",
        ),
        (
            "// listeners",
            "1: //: unknown directive, begin a comment with #",
        ),
        (
            "=======",
            "1: =======: unknown directive, settle the conflict that a merge left here",
        ),
        (
            "<source 10.0.0.1-10.0.0.9>\n</source>",
            '1: <source>: "10.0.0.1-10.0.0.9" is not an IP address or range, '
            "write a range as 10.0.0.0/24, or each address",
        ),
        (
            "relay-domain a.example,b.example",
            '1: relay-domain: "a.example,b.example" is not a domain pattern, '
            "write one here; several are a domain-macro and $ITS-NAME",
        ),
        (
            "postmaster \u201ca@b.example\u201d",
            '1: postmaster: the quotes are typographic ones, write straight ones: "',
        ),
        (
            "<virtual-mta \u201ca\u201d>\n</virtual-mta>",
            '1: <virtual-mta>: the quotes are typographic ones, write straight ones: "',
        ),
        (
            "<acct-file a>\nrecords d b\n</acct-file>",
            '2: records: "d b" has blanks in it, write commas, like d,b',
        ),
        (
            "domain-macro",
            "1: domain-macro: the value is missing, write NAME VALUE[,VALUE...]",
        ),
        ("log-rotate 2\0", "1: the line has an octet 0 in it, take it out"),
    ],
)
def test_a_habit_of_another_language_is_named_once_with_what_would_be_right(
    text, found
):
    assert errors(text) == [found]


def test_a_closing_tag_may_have_a_blank_before_its_slash():
    text = "<domain x.example>\nmax-smtp-out 3\n< / domain >"
    assert configuration(text).domain_for("x.example").max_smtp_out == 3


def test_utf16_without_a_byte_order_mark_is_told_too():
    (found, *_) = loaded("log-file l\n".encode("utf-16-le")).problems
    assert str(found) == "/c/main:1: the file is UTF-16, save it as UTF-8"


def test_addresses_of_the_first_series_are_told_in_todays_words():
    assert errors("<virtual-mta a>\nsmtp-source-ip 10.0.0.1\n</virtual-mta>") == [
        "2: smtp-source-ip: this value is refused, "
        "write smtp-source-host IP HOST-NAME in its place",
    ]
    cold = "<virtual-mta a>\nauto-cold-virtual-mta 10.0.0.2 b.example\n</virtual-mta>"
    assert errors(cold) == [
        "2: auto-cold-virtual-mta: this value is refused, write a VirtualMTA with this"
        " smtp-source-host, and cold-virtual-mta NAME",
    ]


def test_no_connections_at_all_is_told_to_be_any_number():
    (found,) = warnings("<domain x.example>\nmax-smtp-out 0\n</domain>")
    assert found == (
        "2: max-smtp-out: 0 is any number, not none, write unlimited if you mean it"
    )
    assert not warnings("<domain x.example>\nmax-smtp-out unlimited\n</domain>")
