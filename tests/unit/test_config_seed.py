"""The seed's configuration, every value of it; and the demo's."""

import time
from pathlib import Path

import msgspec
import pytest
from pem_files import PAIR

from sinyal.config.settings import (
    DomainSettings,
    RewriteList,
    SignalsSettings,
    SourceSettings,
)
from sinyal.config.vocabulary import (
    DomainKey,
    EnableSignals,
    ListenerTls,
    Rate,
    RewriteRule,
    SignalsDecision,
    SourceHost,
    TlsFiles,
)
from sinyal.runtime.configuration import load_configuration

EXAMPLES = Path(__file__).parents[2] / "examples"
SEED_FILES = {
    "/etc/pmta/pmtasignalsdemo.pem": "certificate.pem",
    "/etc/pmta/mypmta.pmta.signalsdemo.trymsys.net.pem": "key.pem",
}
D = "pmta.signalsdemo.trymsys.net"


def places(configuration):
    return [(listener.host, listener.port) for listener in configuration.listeners]


@pytest.fixture
def seed(tmp_path):
    """The seed's configuration with its certificate and key in a directory here."""
    text = (EXAMPLES / "seed.conf").read_text()
    for there, here in SEED_FILES.items():
        assert there in text
        text = text.replace(there, here)
        (tmp_path / here).write_bytes(PAIR)
        (tmp_path / here).chmod(0o600)
    path = tmp_path / "seed.conf"
    path.write_text(text)
    return load_configuration(str(path))


def test_the_seed_loads_with_three_pieces_of_advice_and_no_error(seed):
    found = [problem.directive for problem in seed.problems]
    assert found == ["<spool>", "log-file", "<signals>"]
    assert not any(problem.is_error for problem in seed.problems)
    assert seed.configuration is not None


def test_the_seeds_global_lines_have_their_values(seed, tmp_path):
    found = seed.configuration
    assert places(found) == [("0.0.0.0", 587), ("0.0.0.0", 25)]
    certificate = TlsFiles(str(tmp_path / "certificate.pem"))
    assert found.listeners[1].tls == ListenerTls(
        certificate=certificate, allow_tlsv1_1=False
    )
    settings = found.settings
    assert settings.enable_signals == EnableSignals(enabled=True)
    assert settings.smtp_server_tls_certificate == certificate
    assert settings.smtp_server_tls_allow_tlsv1 is False
    assert settings.smtp_server_tls_allow_tlsv1_1 is False
    assert settings.smtp_server_tls_allow_tlsv1_2 is True
    assert settings.smtp_server_tls_allow_tlsv1_3 is True
    assert found.relay_domains == (D, f"bounces.{D}", f"fbl.{D}")
    assert found.domain_keys == (DomainKey("mypmta", D, str(tmp_path / "key.pem")),)
    assert found.users["SMTP_Injection"].password == "correct-horse-battery-staple"
    assert found.users["SMTP_Injection"].authentication_method == "password"
    rule = RewriteRule(f"*@{D}", f"*@bounces.{D}")
    assert found.rewrite_lists == {"mfrom": RewriteList(mail_from=(rule,))}
    assert found.host_name_or("localhost") == D
    assert found.acct_files == () and found.spools == ()


def test_the_seeds_sources_merge_before_and_after_a_login(seed):
    before = seed.configuration.source_for("192.0.2.1")
    assert before == SourceSettings(
        smtp_service=True,
        smtp_max_auth_failure_rate=Rate(1, 60),
        allow_unencrypted_plain_auth=False,
        allow_starttls=True,
        rewrite_list="mfrom",
    )
    after = seed.configuration.source_for("192.0.2.1", user="SMTP_Injection")
    assert after == msgspec.structs.replace(
        before,
        always_allow_relaying=True,
        default_virtual_mta="default",
        process_x_job=True,
    )
    assert seed.configuration.source_for("2001:db8::1") == before


def test_the_seeds_queues_have_their_settings(seed):
    found = seed.configuration
    assert found.pools["default"].members == ("mta1",)
    assert found.virtual_mtas["mta1"].pool == "default"
    host = SourceHost("172.31.25.101", D)
    assert found.virtual_mtas["mta1"].source_hosts == (host,)
    assert found.source_hosts_for("mta1") == (host,)
    assert found.keys_for("mta1") == found.domain_keys
    assert found.domain_for("example.com", "mta1") == DomainSettings(
        max_smtp_out=20, bounce_after=388_800, retry_after=(600.0,), dkim_sign=True
    )
    assert found.domain_for("example.com", "{default}") == DomainSettings()


def test_the_seeds_signals_section_has_its_values(seed):
    found = seed.configuration
    assert found.signals == SignalsSettings(
        api_key="0123456789abcdef0123456789abcdef01234567",
        upload_url="https://api.sparkpost.com/api/v1/ingest/events",
        log_verbose=True,
        min_free_space=1 << 30,
        engagement_tracking="sparkpost",
        customer_id=123,
    )
    decision = found.signals_for("mta1", "default", "example.com")
    assert decision == SignalsDecision(enabled=True)


def test_the_seeds_processors_read_their_domains_and_deliver_nothing(seed):
    bounces = seed.configuration.bounce_processor
    complaints = seed.configuration.feedback_loop_processor
    for processor in (bounces, complaints):
        assert not processor.deliver_matched_email
        assert not processor.deliver_unmatched_email
    assert bounces.matches(f"anything@bounces.{D.upper()}")
    assert bounces.matches(f"x@{D}") and not bounces.matches(f"x@fbl.{D}")
    assert complaints.matches(f"x@fbl.{D}") and not complaints.matches(f"x@sub.{D}")


def test_the_seed_takes_mail_from_strangers_for_the_listed_domains_only(seed):
    relays = seed.configuration.relays
    assert relays(f"x@{D}") and relays(f"x@FBL.{D}")
    assert not relays(f"x@other.{D}") and not relays("x@example.com")


def test_the_seed_loads_in_less_than_thirty_milliseconds():
    spent = []
    for _ in range(5):
        started = time.process_time()
        load_configuration(str(EXAMPLES / "seed.conf"))
        spent.append(time.process_time() - started)
    assert min(spent) < 0.03


def test_the_demo_differs_from_the_seed_where_it_must(tmp_path):
    text = (EXAMPLES / "demo.conf").read_text()
    (tmp_path / "demo.conf").write_text(text)
    for name in ("demo.pem", "mypmta.pem"):
        (tmp_path / name).write_bytes(PAIR)
        (tmp_path / name).chmod(0o600)
    loaded = load_configuration(str(tmp_path / "demo.conf"))
    assert loaded.problems == ()
    found = loaded.configuration
    assert places(found) == [("127.0.0.1", 2587), ("127.0.0.1", 2525)]
    assert found.settings.name_server == (("127.0.0.1", 2553),)
    assert found.settings.log_file == str(tmp_path / "log" / "pmta.log")
    assert found.spools == (str(tmp_path / "spool"),)
    assert found.acct_files[0].path == str(tmp_path / "acct" / "acct.csv")
    assert found.acct_files[0].records == ("d", "b", "r", "t", "rb", "f")
    queue = found.domain_for("sink.test", "mta1")
    assert queue.default_smtp_port == 2526
    assert queue.retry_after == (2.0,)
    assert found.signals.upload_interval == 1
    assert found.signals.tracking_domain == "127.0.0.1:8025"
    assert found.signals.min_free_space == 20 << 20
    assert found.source_hosts_for("mta1") == (SourceHost("127.0.0.1", D),)
