"""The directive table and the records that hold what it describes."""

import msgspec
import pytest

from sinyal.config import settings
from sinyal.config.directives.row import Status
from sinyal.config.directives.table import DIRECTIVES, TABLE

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
    done = {row.attribute for row in rows if row.status is Status.DONE}
    assert done <= fields <= {row.attribute for row in rows}
    expected = {
        row.attribute: row.default_value for row in rows if row.attribute in fields
    }
    assert {name: getattr(record(), name) for name in fields} == expected


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
