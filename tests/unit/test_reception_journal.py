from hypothesis import given
from hypothesis import strategies as st

from sinyal.config.settings import SourceSettings
from sinyal.reception.journal import Journal
from sinyal.smtp.dump import printable


@given(st.text())
def test_any_text_becomes_one_printable_line(text: str):
    shown = printable(text)
    assert shown.isprintable()
    if text.isprintable():
        assert shown.startswith(text[:1000])


@given(st.lists(st.tuples(st.sampled_from(["rd", "wr"]), st.binary()), max_size=9))
def test_whatever_goes_over_the_wire_is_logged_in_printable_lines(
    seen: list[tuple[str, bytes]],
):
    lines: list[str] = []
    journal = Journal(lines.append)
    journal.source = SourceSettings(log_commands=True, log_data=True)
    wire = journal.wire
    assert wire is not None
    for direction, octets in seen:
        wire(direction, octets)
    assert all(line.isprintable() for line in lines)


def test_chunks_are_no_commands():
    lines: list[str] = []
    journal = Journal(lines.append)
    journal.source = SourceSettings(log_commands=True)
    wire = journal.wire
    assert wire is not None
    for direction, octets in (
        ("rd", b"BDAT 6\r\n"),
        ("rd", b"hidden"),
        ("wr", b"250 ok\r\n"),
        ("rd", b"QUIT\r\n"),
    ):
        wire(direction, octets)
    assert [line.rpartition(": ")[2] for line in lines] == ["BDAT 6", "250 ok", "QUIT"]


def test_nobody_looks_where_nothing_is_logged():
    assert Journal(print).wire is None
