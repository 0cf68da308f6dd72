"""The generated documents say what the tables say."""

import runpy
from pathlib import Path

TOOL = Path(__file__).parents[2] / "tools" / "docs.py"


def test_generated_documents_are_current():
    names = runpy.run_path(str(TOOL))["outdated"]()
    assert names == [], "run `make docs`"
