"""The directive table and the records that hold what it describes."""

import csv
from pathlib import Path

import msgspec
import pytest

from sinyal.config import settings
from sinyal.config.directives.row import Status
from sinyal.config.directives.table import DIRECTIVES, TABLE
from sinyal.config.problem import BadValue
from sinyal.config.redaction import HIDDEN, is_secret, shown

GOLDEN = Path(__file__).parents[1] / "golden"
REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "powermta"
SOURCES = {"guide", "seed", "later", "observed", "sinyal"}
RECORDS = {
    "global": settings.GlobalSettings,
    "source": settings.SourceSettings,
    "domain": settings.DomainSettings,
    "virtual-mta": settings.VirtualMta,
    "virtual-mta-pool": settings.Pool,
    "acct-file": settings.AcctFile,
    "signals": settings.SignalsSettings,
    "smtp-user": settings.SmtpUser,
    "source-group": settings.SourceGroup,
    "transmissions-api": settings.TransmissionsApi,
    "rewrite-list": settings.RewriteList,
    "bounce-processor": settings.Processor,
    "feedback-loop-processor": settings.Processor,
}
# Attributes that no directive of the scope sets: arguments of sections, their bodies.
BESIDE = {
    "name",
    "pool",
    "path",
    "command",
    "domains",
    "addresses",
    "local_parts",
    "patterns",
}


@pytest.mark.parametrize("scope", RECORDS)
def test_attributes_and_defaults_of_a_record_are_those_of_the_table(scope):
    record = RECORDS[scope]
    rows = [
        row
        for row in DIRECTIVES
        if row.scope == scope and row.name != "include" and row.modern is None
    ]
    fields = set(record.__struct_fields__) - BESIDE
    done = {row.attribute for row in rows if row.is_done and not row.reason}
    assert done <= fields <= {row.attribute for row in rows}
    expected = {
        row.attribute: row.default_value for row in rows if row.attribute in fields
    }
    assert {name: getattr(record(), name) for name in fields} == expected


# Where the guide prints one default and sinyal takes another, and why.
OWN_DEFAULTS = {
    ("global", "total-max-smtp-out"): "that of the larger licence",
    ("domain", "use-dane"): "that of the later edition",
    ("domain", "max-rcpt-per-message"): "what show settings prints",
    ("source-group", "reserved-smtp-in"): "the printed one would leave nothing",
    ("signals", "tracking-domain"): "the host of upload-url serves our links",
    ("global", "enable-signals"): "depends on <signals>",
    ("virtual-mta-pool", "enable-signals"): "that of the level above",
    ("smtp-listener", "tls-certificate"): "that of the level above",
    ("domain", "add-x-msys-api-header"): "that of ordinary domains",
}


def golden(name):
    return list(csv.DictReader((GOLDEN / name).read_text().splitlines()))


@pytest.mark.parametrize(
    "fact", golden("directives.csv"), ids=lambda fact: f"{fact['scope']}-{fact['name']}"
)
def test_every_directive_of_the_guide_is_a_row_with_the_guides_facts(fact):
    place = (fact["scope"], fact["name"])
    row = TABLE.row(*place)
    if row is None:
        section = TABLE.sections[fact["name"]]
        assert fact["scope"] in section.parents
        return
    if row.modern is not None:
        return
    assert row.repeatable == fact["repeatable"].startswith("yes")
    assert row.reload != fact["restart_required"].startswith(("yes", "pmtahttp"))
    if place not in OWN_DEFAULTS:
        assert row.default_value == default_of(row, fact["default"])


def default_of(row, printed):
    """The value that the guide prints; of a sentence, none."""
    plain = printed.partition(" (")[0]
    if row.repeatable or plain in {"", "none", "off"}:
        return row.default_value
    try:
        return row.type.parse(plain)
    except BadValue:
        assert " " in plain or plain == "*", printed
        return row.type.absent


def test_the_golden_facts_are_those_of_the_reference():
    if not REFERENCE.exists():
        pytest.skip("the reference is not beside the checkout")
    for name in ("directives.csv", "directive_frequency.csv"):
        whole = csv.DictReader((REFERENCE / name).read_text().splitlines())
        ours = golden(name)
        assert [{key: row[key] for key in ours[0]} for row in whole] == ours


def test_a_row_without_effect_says_why():
    for row in DIRECTIVES:
        section = TABLE.sections.get(row.scope)
        assert row.is_done or row.reason or section.reason


@pytest.mark.parametrize(
    "row",
    [row for row in DIRECTIVES if not row.is_done and not row.repeatable],
    ids=lambda row: f"{row.scope}-{row.name}",
)
def test_the_default_of_a_row_without_effect_can_be_written(row):
    if row.default:
        assert row.type.parse(row.default) == row.default_value


def test_a_directive_has_one_row_in_a_scope():
    assert len(TABLE.rows) == len(DIRECTIVES)


def test_every_scope_is_global_or_a_section():
    known = {"global", *TABLE.sections}
    assert {row.scope for row in DIRECTIVES} <= known


@pytest.mark.parametrize("row", DIRECTIVES, ids=lambda row: f"{row.scope}-{row.name}")
def test_every_row_says_what_it_means_and_where_it_comes_from(row):
    assert row.summary and not row.summary.endswith(".")
    assert row.source.split()[0].rstrip(",") in SOURCES
    assert row.type.form.startswith("write ")
    assert row.status in Status


def test_the_seeds_directives_are_all_done():
    names = {row.name for row in DIRECTIVES if row.status is Status.DONE}
    assert {
        "upload-url",
        "engagement-tracking",
        "customer-id",
        "smtp-max-auth-failure-rate",
        "rewrite-list",
        "smtp-server-tls-allow-tlsv1.3",
        "bounce-after",
    } <= names


def test_records_are_frozen():
    for record in RECORDS.values():
        assert issubclass(record, msgspec.Struct)
        assert record.__struct_config__.frozen


@pytest.mark.parametrize(
    "row",
    [row for row in DIRECTIVES if row.type.is_secret],
    ids=lambda row: f"{row.scope}-{row.name}",
)
def test_what_the_table_calls_a_secret_is_hidden_where_files_are_shown(row):
    assert "sesame" not in shown(row.name, "siphash sesame")
    if row.type.name not in {"path of a PEM file", "privacy policy"}:
        assert shown(row.name, "sesame") == HIDDEN


def test_no_directive_with_the_name_of_a_secret_has_another_type():
    for row in DIRECTIVES:
        assert row.type.is_secret or not is_secret(row.name), row.name
