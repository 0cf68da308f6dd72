"""What the command lines of sink and traffic refuse before anything is started."""

import pytest
import typer
from typer.testing import CliRunner

from sinyal.programs import sink, traffic
from sinyal.programs.endpoint import endpoint


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [("127.0.0.1:25", "127.0.0.1", 25), ("[::1]:2525", "::1", 2525), ("mx:0", "mx", 0)],
)
def test_an_endpoint_is_host_and_port(text, host, port):
    found = endpoint(text)
    assert (found.host, found.port) == (host, port)
    assert str(found) == text


@pytest.mark.parametrize("text", ["", "25", ":25", "host:", "host:x", "host:70000"])
def test_anything_else_is_refused(text):
    with pytest.raises(typer.BadParameter, match="is not HOST:PORT"):
        endpoint(text)


def test_reports_leave_loopback_only_when_asked_to(tmp_path):
    ledger = tmp_path / "l"
    options = ["--listen", "127.0.0.1:0", "--report-to", "192.0.2.1:25"]
    said = CliRunner().invoke(sink.app, [*options, "--ledger", str(ledger)])
    assert said.exit_code == 2
    assert "--outside" in said.output
    assert not ledger.exists()


def test_traffic_wants_to_know_where_to():
    assert CliRunner().invoke(traffic.app, ["--count", "1"]).exit_code == 2
