"""A file as it grew over years on a machine: not one error, and it works."""

from pathlib import Path

import pytest
from config_files import Shelf

from sinyal.config import load
from sinyal.config.directives.table import TABLE
from sinyal.config.vocabulary import Rate

FIELD = Path(__file__).parents[1] / "golden" / "field.conf"


@pytest.fixture(scope="module")
def loaded():
    octets = FIELD.read_bytes()
    assert b"\r\n" in octets and b"\xe4" in octets
    return load("/c/main", Shelf({"/c/main": octets}))


def test_the_file_has_no_error(loaded):
    assert [str(found) for found in loaded.problems if found.is_error] == []


def test_every_warning_has_its_reason(loaded):
    for problem in loaded.problems:
        assert problem.remedy or "has no effect here: " in problem.text


def test_lines_without_effect_are_those_of_the_table(loaded):
    said = {
        problem.directive
        for problem in loaded.problems
        if "has no effect here" in problem.text and problem.directive[0] != "<"
    }
    done = {row.name for row in TABLE.rows.values() if row.is_done}
    accepted = {row.name for row in TABLE.rows.values() if not row.is_done}
    assert said <= accepted
    assert "total-max-file" in said and "max-smtp-out" in done


def test_doors_are_where_the_file_says(loaded):
    found = loaded.configuration
    places = [(one.host, one.port) for one in found.listeners]
    assert places == [("0.0.0.0", 2525), ("::", 2525)]
    feeder = found.source_for("192.0.2.7", user="feeder@example.com")
    assert feeder.smtp_max_auth_failure_rate == Rate(5, 600)
    assert feeder.default_virtual_mta == "pmta-pool" and feeder.require_auth
    local = found.source_for("127.0.0.1")
    assert local.remove_header == ("X-Originating-IP", "X-PHP-Script", "User-Agent")
    assert local.suppression_lists == ("unsubscribed",)
    assert found.users["feeder@example.com"].password == "p4ss word/*%$"


def test_queues_get_what_the_file_says(loaded):
    found = loaded.configuration
    queue = found.domain_for("anything.example", "mta-1")
    assert queue.retry_after == (600, 600, 1200, 3600)
    assert queue.max_msg_per_connection == 500
    assert found.domain_for("relay.example.com").smtp_hosts[0][0].name == "[192.0.2.9]"
    assert found.domain_for("[198.51.100.1]").max_smtp_out == 1
    assert found.pools["pmta-pool"].members == ("mta-1", "mta-2")


def test_macros_reach_every_place_that_names_them(loaded):
    found = loaded.configuration
    assert {"example.org", "example.net", "[*.]example.com"} <= {*found.relay_domains}
    keys = [(key.domain, key.filename) for key in found.domain_keys]
    assert ("example.net", "/etc/pmta/own key.pem") in keys
    assert found.bounce_processor.matches("bounce-7@example.com")
    assert found.spools == ("/var/spool/pmta",)
