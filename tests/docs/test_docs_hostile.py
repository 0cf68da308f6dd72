"""Every hostile input has a test, and every test that is named exists."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| (\d+) \|.*\| `([^`]+)` \|$", re.MULTILINE)
ROWS = ROW.findall((ROOT / "docs" / "hostile.md").read_text())


def test_each_input_has_one_line():
    assert [int(number) for number, _ in ROWS] == list(range(1, 45))


def test_every_test_that_is_named_exists():
    for _, name in ROWS:
        path, _, function = name.partition("::")
        text = (ROOT / path).read_text()
        assert not function or f"\ndef {function}(" in text, name
