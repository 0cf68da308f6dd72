"""Where settings are said to come from is what the stages are told; rules DOM, SRC."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from test_config_inherit import OneFile

from sinyal.config import DIRECTIVES, load
from sinyal.config.provenance import Provenance, rows_of

VMTAS = ("v", "w", "x")
LINES = {
    "domain": [
        "max-smtp-out 3",
        "max-smtp-out 4",
        "retry-after 1m,5m",
        "max-msg-rate 5/m",
        "dkim-sign yes",
        "smtp-hosts a.example:26;b.example",
        "auth-username u",
        'auth-username ""',
        "bounce-after 1h",
    ],
    "source": [
        "always-allow-relaying yes",
        "always-allow-relaying no",
        "max-message-size 1M",
        "process-x-job yes",
        "default-virtual-mta v",
        "remove-header X-A,X-B",
        "jobid-prefix p",
    ],
    "virtual-mta": ["max-smtp-out 2", "max-smtp-msg-rate 9/h", "rewrite-list r"],
    "virtual-mta-pool": ["max-smtp-out 6", "max-smtp-msg-rate 7/h", "rewrite-list s"],
}
DOMAINS = ["a.b", "b", "c.a.b", "z.b", "q", "[10.0.0.1]"]
PATTERNS = ["*", "a.b", "*.b", "[*.]b", "[10/8]", "$M"]


def body(scope):
    return st.lists(st.sampled_from(LINES[scope]), max_size=4).map("\n".join)


def section(tag, arguments, scope):
    return st.builds(
        "<{0} {1}>\n{2}\n</{0}>\n".format,
        st.just(tag),
        st.sampled_from(arguments),
        body(scope),
    )


def sections(tag, arguments, scope):
    return st.lists(section(tag, arguments, scope), max_size=3).map("".join)


DOMAIN_SECTIONS = sections("domain", PATTERNS, "domain")
SOURCES = sections(
    "source", ["0/0", "10/8", "10.0.0.5", "named", "{auth}", "own"], "source"
)


@st.composite
def files(draw):
    text = "domain-macro M a.b,q\n<rewrite-list r>\n</rewrite-list>\n"
    text += "<rewrite-list s>\n</rewrite-list>\n<source own>\n</source>\n"
    text += "<smtp-user u>\npassword x\n</smtp-user>\n"
    text += "<smtp-user o>\npassword x\nsource own\n</smtp-user>\n"
    text += draw(SOURCES) + draw(DOMAIN_SECTIONS)
    for name in VMTAS:
        inside = draw(body("virtual-mta")) + "\n" + draw(DOMAIN_SECTIONS)
        text += f"<virtual-mta {name}>\n{inside}</virtual-mta>\n"
    inside = draw(body("virtual-mta-pool")) + "\n" + draw(DOMAIN_SECTIONS)
    text += f"<virtual-mta-pool p>\nvirtual-mta w\n{inside}</virtual-mta-pool>\n"
    return text


def agrees(settings, record):
    """Each attribute that the record has comes out alike."""
    said = {setting.row.attribute: setting.value for setting in settings}
    for attribute, value in msgspec.structs.asdict(record).items():
        if attribute in said:
            assert said[attribute] == value, attribute


@given(files())
def test_every_setting_is_the_one_that_the_stages_are_told(text):
    loaded = load("f", OneFile(text))
    assert loaded.configuration, [str(problem) for problem in loaded.problems]
    told, known = loaded.configuration, Provenance(loaded.whole, loaded.configuration)
    for vmta in ("{default}", *VMTAS):
        for domain in DOMAINS:
            agrees(known.of_queue(domain, vmta), told.domain_for(domain, vmta))
    for ip in ("10.0.0.5", "10.0.0.6", "192.0.2.1", "2001:db8::1"):
        for listener in ("", "named"):
            for user in ("", "u", "o"):
                agrees(
                    known.of_connection(ip, listener, user),
                    told.source_for(ip, listener, user),
                )
    for vmta in VMTAS:
        agrees(known.of_virtual_mta(vmta, frozenset()), told.virtual_mtas[vmta])


def test_keys_and_addresses_of_a_virtual_mta_are_those_it_uses():
    text = "domain-key g, *, g.pem\nsmtp-source-host 10.0.0.1 g.example\n"
    text += "<virtual-mta v>\ndomain-key v, v.example, v.pem\n"
    text += "smtp-source-host 10.0.0.2 v.example\n</virtual-mta>\n"
    text += "<virtual-mta w>\n</virtual-mta>\n<virtual-mta-pool p>\n"
    text += "virtual-mta v\nvirtual-mta w\ndomain-key p, p.example, p.pem\n"
    text += "</virtual-mta-pool>\n"
    loaded = load("f", OneFile(text))
    told, known = loaded.configuration, Provenance(loaded.whole, loaded.configuration)
    for vmta in ("v", "w", "{default}"):
        said = {one.row.attribute: one.value for one in known.of_virtual_mta(vmta)}
        assert said["domain_key"] == told.keys_for(vmta)
        assert said["smtp_source_host"] == told.source_hosts_for(vmta)


def test_headers_come_from_the_global_file_and_from_one_of_pool_and_virtual_mta():
    text = "include-headers-from g\n<virtual-mta v>\ninclude-headers-from v\n"
    text += "</virtual-mta>\n<virtual-mta w>\n</virtual-mta>\n<virtual-mta-pool p>\n"
    text += (
        "virtual-mta v\nvirtual-mta w\ninclude-headers-from p\n</virtual-mta-pool>\n"
    )
    loaded = load("f", OneFile(text))
    known = Provenance(loaded.whole, loaded.understood)

    def files_of(vmta):
        (found,) = (
            one.origins
            for one in known.of_virtual_mta(vmta)
            if one.row.attribute == "include_headers_from"
        )
        return sorted(origin.line.text for origin in found)

    assert files_of("v") == ["g", "v"]
    assert files_of("w") == ["g", "p"]


def test_what_a_pool_may_say_its_members_inherit():
    """All but its members are rows of a VirtualMTA too (DOM-7)."""
    own = {row.name for row in rows_of("virtual-mta")}
    pool = {
        row.name
        for row in DIRECTIVES
        if row.scope == "virtual-mta-pool" and row.modern is None
    }
    assert pool - own == {"virtual-mta"}
