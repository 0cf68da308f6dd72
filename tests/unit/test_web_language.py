import ast
import json
from pathlib import Path

import pytest

from sinyal.metrics.definition import DIMENSIONS, METRICS, RATES
from sinyal.web.address import RANGE_LABELS
from sinyal.web.events import FACES, INPUTS
from sinyal.web.language import CATALOGUES, choose, load_languages
from sinyal.web.message import ABOUT
from sinyal.web.pages import TEMPLATES, make_environment
from sinyal.web.summary import STEP_LABELS

LANGUAGES = load_languages()


def texts_of_templates() -> set[str]:
    environment = make_environment().overlay(extensions=["jinja2.ext.i18n"])
    found = set()
    for path in TEMPLATES.glob("*.html"):
        for _, _, text in environment.extract_translations(path.read_text()):
            if isinstance(text, str):
                found.add(text)
    return found | {"event", "events", "Counted in"}


def texts_of_tables() -> set[str]:
    rows = [text for row in METRICS for text in (row.label, row.meaning)]
    rows += [text for row in RATES for text in (row.label, row.of)]
    rows += [row.label for row in (*DIMENSIONS, *INPUTS)]
    rows += [row.word for row in FACES.values()]
    return {*rows, *RANGE_LABELS.values(), *STEP_LABELS.values(), *ABOUT.values()}


def sentences_of_code() -> set[str]:
    """Sentences that handlers show: constants with a full stop, but no docstrings."""
    found = {"Not found", "No access", "The event store did not answer"}
    for path in TEMPLATES.parent.glob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text())))
        statements = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        constants = [node for node in nodes if isinstance(node, ast.Constant)]
        found |= {
            node.value
            for node in constants
            if isinstance(node.value, str)
            and id(node) not in statements
            and node.value.endswith(".")
            and " " in node.value
        }
    return found


def test_indonesian_translates_every_text_and_nothing_else():
    wanted = texts_of_templates() | texts_of_tables() | sentences_of_code()
    known = set(json.loads((CATALOGUES / "id.json").read_text()))
    assert wanted - known == set()
    assert known - wanted == set()


@pytest.mark.parametrize(
    ("wanted", "accepted", "code"),
    [
        ("id", "en", "id"),
        ("xx", "id-ID,id;q=0.9,en;q=0.8", "id"),
        ("", "en-GB,en;q=0.9,id;q=0.5", "en"),
        ("", "fr, id;q=0.3", "id"),
        ("", "id;q=0", "en"),
        ("", "id;q=pie", "en"),
        ("", ",;;q=,=" * 200, "en"),
    ],
)
def test_the_language_is_the_one_asked_for_else_the_browsers(wanted, accepted, code):
    assert choose(wanted, accepted, LANGUAGES).code == code


def test_numbers_and_times_follow_the_language():
    english, indonesian = LANGUAGES["en"], LANGUAGES["id"]
    at = 1_792_595_645
    assert english.number(1_234_567) == "1,234,567"
    assert indonesian.number(1_234_567) == "1.234.567"
    assert indonesian.percent(0.975) == "97,5%"
    assert english.percent(0.0004) == "0.04%"
    assert english.moment(at) == "21 Oct 2026 15:14:05"
    assert indonesian.moment(at) == "21 Okt 2026 15.14.05"


def test_catalogues_are_utf8_json_of_texts():
    for path in Path(CATALOGUES).glob("*.json"):
        catalogue = json.loads(path.read_text(encoding="utf-8"))
        assert all(catalogue.values())
