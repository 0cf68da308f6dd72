"""Which records are written: queue-filter and disable-acct-records."""

import pytest
from config_files import configuration, errors, warnings

from sinyal.accounting.layout import Extras, Layout
from sinyal.accounting.ledger import Ledger
from sinyal.accounting.sections import books
from sinyal.accounting.selection import queue_filter, queues_without_records
from sinyal.events.record import Record


def record(queue: str, letter: str = "d") -> Record:
    return Record(type=letter, time_logged=1.0, queue=queue)


@pytest.mark.parametrize(
    ("entries", "taken", "dropped"),
    [
        (("a.test",), ("a.test/{default}", "A.Test/{default}"), ("a.test/mta1",)),
        (("a.test/mta1",), ("a.test/mta1", "a.test/MTA1"), ("a.test/{default}",)),
        (("a.test/*",), ("a.test/mta1", "a.test/{default}"), ("b.a.test/mta1",)),
        (("*.a.test/*",), ("b.a.test/x", "c.b.a.test/x"), ("a.test/x",)),
        (("[*.]a.test/*",), ("a.test/x", "b.a.test/x"), ("aa.test/x",)),
        (("!a.test/*", "*/*"), ("b.test/x",), ("a.test/x",)),
        (("*/*", "!a.test/*"), ("a.test/x", "b.test/x"), ()),
        (("!a.test/*",), (), ("a.test/x", "b.test/x")),
        (("bücher.test/*",), ("xn--bcher-kva.test/x", "Bücher.test/x"), ()),
    ],
)
def test_the_first_entry_that_fits_decides(entries, taken, dropped):
    takes = queue_filter(entries)
    assert takes is not None
    assert [queue for queue in taken if not takes(record(queue))] == []
    assert [queue for queue in dropped if takes(record(queue))] == []


@pytest.mark.parametrize("letter", ["r", "rb", "rs", "f"])
def test_records_of_no_queue_are_written_whatever_the_filter(letter):
    takes = queue_filter(("!*/*",))
    assert takes is not None
    assert takes(record("a.test/x", letter))
    assert not takes(record("a.test/x", "tq"))


def test_a_file_has_the_records_of_its_queues_alone():
    layout = Layout(("d", "t", "r"), extras=Extras(takes=queue_filter(("a.test/*",))))
    kept = [record("a.test/x"), record("b.test/x", "t"), record("b.test/x", "r")]
    lines = layout.lines(kept)
    assert [line.partition(b",")[0] for line in lines] == [b"d", b"r"]


DOMAINS = """
<domain a.test>
disable-acct-records d,t
</domain>
<virtual-mta quiet>
<domain *>
disable-acct-records transient-queue
</domain>
</virtual-mta>
"""


def test_a_domain_says_which_of_its_records_are_left_out():
    left_out = queues_without_records(configuration(DOMAINS))
    assert left_out is not None
    assert left_out(record("a.test/{default}", "d"))
    assert not left_out(record("a.test/{default}", "b"))
    assert left_out(record("b.test/quiet", "tq"))
    assert not left_out(record("b.test/{default}", "tq"))
    assert not left_out(record("a.test/{default}", "r"))
    assert queues_without_records(configuration("")) is None


def test_what_a_domain_leaves_out_is_in_no_file(tmp_path):
    whole = configuration(f"<acct-file {tmp_path}/a.csv>\n</acct-file>\n{DOMAINS}")
    files = tuple(books(whole.acct_files).values())
    ledger = Ledger(
        files,
        None,
        new_event_id=lambda: "1",
        node_name="mta",
        left_out=queues_without_records(whole),
    )
    ledger.write([record("a.test/x", "d")], 1772625600.0)
    assert list(tmp_path.iterdir()) == []
    ledger.write([record("a.test/x", "b"), record("a.test/x", "d")], 1772625600.0)
    (path,) = tmp_path.iterdir()
    assert path.read_bytes().count(b"\r\n") == 2


def section(line: str) -> str:
    return f"<acct-file /log/a.csv>\n{line}\n</acct-file>"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("queue-filter {sparkpost}", "no name of a domain"),
        ("queue-filter a.test/", "no VirtualMTA"),
        ("queue-filter @a.test", "not a domain pattern"),
        ("map-header-to-field tq header_x jobId", "tq has no message"),
        ("map-header-to-field d header_x type", "cannot be another"),
        ("map-header-to-field z header_x jobId", "not a record type"),
        ("map-header-to-field d x jobId", "not a mapping"),
        ("map-header-to-field d header_x", "not a mapping"),
        ("privacy-policy siphash", "not retain"),
        ("privacy-policy siphash 12345678901234567", "17 octets"),
        ("privacy-policy siphash-hexkey 123", "hex digits"),
        ('privacy-policy hmac-sha256 ""', "empty"),
        ("max-size 1000k", "1M"),
        ("move-to /log/", "own directory"),
    ],
)
def test_lines_that_cannot_be_obeyed_are_errors(line, reason):
    (found,) = errors(section(line))
    assert reason in found
    assert "12345678901234567" not in found


@pytest.mark.parametrize("place", ['"|"', '"|\'a"'])
def test_a_command_that_cannot_be_run_is_an_error(place):
    assert len(errors(f"<acct-file {place}>\n</acct-file>")) == 1


def test_lines_without_effect_and_short_keys_are_told():
    (found,) = warnings(section("privacy-policy hmac-sha256 sesame"))
    assert "6 octets, write 32 of them" in found
    assert "sesame" not in found
    assert warnings(section(f"privacy-policy hmac-sha256-hexkey {'ab' * 32}")) == []
    (found,) = warnings("<acct-file |cat>\nmax-size 2M\n</acct-file>")
    assert "max-size has no effect on a program" in found
    (found,) = warnings(section("move-to /done\ndelete-after 3d"))
    assert "delete-after has no effect beside move-to" in found
    assert warnings(section("move-interval 1h\ndelete-after 3d")) == []
    assert warnings("<acct-file |cat>\n</acct-file>") == []


def test_headers_that_files_ask_for_are_known_and_no_others():
    lines = """
<acct-file /log/a.csv>
records d,delivery,rb,f
record-fields d *,!orcpt,header_X-ID, header_List-Id
record-fields t header_never
record-fields f *,header_From,arf_Version
map-header-to-field fbl header_x-fbl jobId
map-header-to-field delivery header_x-batch jobId
</acct-file>"""
    assert configuration(lines).accounted_headers == (b"list-id", b"x-batch", b"x-id")
    plain = section("records d,b,t,tq,r,rb,rs,f")
    assert configuration(plain).accounted_headers == ()
