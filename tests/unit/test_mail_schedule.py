"""X-Schedule: windows in local time (rules SCH)."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinyal.mail.schedule import last_end, next_open, windows


def local(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def test_windows_are_read_in_local_time_and_come_in_order() -> None:
    later = "2026-11-23 09:00:00 / 2026-11-23 10:00:00"
    text = f"{later},2026-11-22 09:00:00/2026-11-22 10:30:00"
    assert windows(text) == (
        (local("2026-11-22 09:00:00"), local("2026-11-22 10:30:00")),
        (local("2026-11-23 09:00:00"), local("2026-11-23 10:00:00")),
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2026-11-22 09:00:00",
        "2026-11-22 09:00:00 / ",
        "2026-11-22 / 2026-11-23",
        "2026-11-22 10:00:00 / 2026-11-22 09:00:00",
        "2026-02-30 10:00:00 / 2026-03-01 09:00:00",
        "2026-11-22 09:00:00 / 2026-11-22 10:00:00,",
        ",".join(["2026-11-22 09:00:00 / 2026-11-22 10:00:00"] * 101),
    ],
)
def test_what_is_no_list_of_windows_is_an_error(text) -> None:
    with pytest.raises(ValueError):
        windows(text)


@given(st.text(alphabet="0123456789-:/, ", max_size=60))
def test_any_text_gives_windows_or_a_value_error(text) -> None:
    try:
        found = windows(text)
    except ValueError:
        return
    assert all(start < end for start, end in found)


def test_the_next_moment_inside_a_window() -> None:
    schedule = ((10.0, 20.0), (30.0, 40.0))
    assert [next_open(schedule, at) for at in (0.0, 10.0, 15.0, 20.0, 39.0)] == [
        *(10.0, 10.0, 15.0, 30.0, 39.0)
    ]
    assert next_open(schedule, 40.0) is None
    assert last_end(schedule) == 40.0
