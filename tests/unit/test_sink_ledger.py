"""The ledger holds whole lines of what has happened."""

import json
from collections import Counter

from sinyal.sink.ledger import FACTS, Fact, Ledger, read_counts

FACT = Fact("accepted", 1.5, "a@accept.sink.test", "<1@x>", "OTP")


def test_a_fact_is_one_line_of_json(tmp_path):
    ledger = Ledger(tmp_path / "deep" / "sink.ndjson")
    ledger.write(FACT, Fact("failed", 2.0, "b@x", "", "", {"why": "status 500"}))
    lines = (tmp_path / "deep" / "sink.ndjson").read_text().splitlines()
    assert json.loads(lines[0]) == {
        "fact": "accepted",
        "at": 1.5,
        "rcpt": "a@accept.sink.test",
        "message_id": "<1@x>",
        "job": "OTP",
    }
    assert json.loads(lines[1])["detail"] == {"why": "status 500"}


def test_counts_are_those_of_the_file_and_name_every_fact(tmp_path):
    ledger = Ledger(tmp_path / "l")
    ledger.write(FACT, FACT)
    assert ledger.counts["accepted"] == 2
    assert set(ledger.counts) == set(FACTS)
    assert read_counts(tmp_path / "l") == Counter(accepted=2)


def test_a_torn_last_line_is_cut_off_and_counts_go_on(tmp_path):
    path = tmp_path / "l"
    Ledger(path).write(FACT)
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:-9])
    ledger = Ledger(path)
    ledger.write(FACT)
    assert path.read_bytes() == whole * 2
    assert ledger.counts["accepted"] == 2


def test_a_file_of_one_torn_line_begins_anew(tmp_path):
    path = tmp_path / "l"
    path.write_bytes(b"x" * 200_000)
    Ledger(path).write(FACT)
    assert read_counts(path) == Counter(accepted=1)
