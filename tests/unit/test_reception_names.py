import pytest

from sinyal.config.configuration import Configuration
from sinyal.config.settings import GlobalSettings, Pool, SourceSettings, VirtualMta
from sinyal.config.vocabulary import SourceHost
from sinyal.reception.names import greeting_name, qualified, qualifying_suffix

ONE = VirtualMta(name="one", smtp_source_host=(SourceHost("192.0.2.1", "one.example"),))
TWO = VirtualMta(name="two", smtp_source_host=(SourceHost("192.0.2.2", "two.example"),))
CONFIGURATION = Configuration(
    settings=GlobalSettings(
        smtp_source_host=(SourceHost("192.0.2.9", "nine.example"),)
    ),
    virtual_mtas={"one": ONE, "two": TWO},
    pools={"pool": Pool(name="pool", virtual_mta=("two", "one"))},
)


@pytest.mark.parametrize(
    ("vmta", "local_ip", "name"),
    [
        ("one", "192.0.2.2", "one.example"),
        ("pool", "192.0.2.1", "two.example"),
        ("by-smtp-source-ip", "192.0.2.2", "two.example"),
        ("by-smtp-source-ip", "192.0.2.9", "nine.example"),
        ("", "192.0.2.9", "nine.example"),
        ("", "192.0.2.3", "mx.example"),
        ("unknown", "192.0.2.3", "mx.example"),
    ],
)
def test_the_greeting_names_the_source_s_virtual_mta(
    vmta: str, local_ip: str, name: str
):
    source = SourceSettings(default_virtual_mta=vmta)
    assert greeting_name(CONFIGURATION, source, local_ip, "mx.example") == name


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("user@host", "user@host.foo.com"),
        ("user@host.net", "user@host.net"),
        ("user@host.", "user@host."),
        ('"a@b"@host', '"a@b"@host.foo.com'),
        ("user@[IPv6:::1]", "user@[IPv6:::1]"),
        ("postmaster", "postmaster"),
        ("", ""),
    ],
)
def test_a_domain_without_a_dot_is_qualified(address: str, wanted: str):
    suffix = qualifying_suffix(Configuration(settings=GlobalSettings()), "mail.foo.com")
    assert qualified(address, suffix) == wanted
    assert qualified(address, "") == address


def test_domain_suffix_counts_before_the_host_s_own_domain():
    settings = GlobalSettings(domain_suffix=".inside.example")
    assert qualifying_suffix(Configuration(settings=settings), "a.b.c") == (
        "inside.example"
    )
