"""THE table of accounting columns: which a record type has, and in which order.

Source: guide 11.2 (default columns), a captured header for the order of unions.
"""

import re
from collections.abc import Iterable

# The default columns of each type, in order.
COLUMNS: dict[str, tuple[str, ...]] = {
    letter: tuple(names.split())
    for letter, names in {
        "d": """type timeLogged timeQueued orig rcpt orcpt dsnAction dsnStatus dsnDiag
            dsnMta bounceCat srcType srcMta dlvType dlvSourceIp dlvDestinationIp
            dlvEsmtpAvailable dlvSize vmta jobId envId queue vmtaPool""",
        "b": """type timeLogged timeQueued orig rcpt orcpt dsnAction dsnStatus dsnDiag
            dsnMta bounceCat srcType srcMta dlvType dlvSourceIp dlvDestinationIp
            dlvEsmtpAvailable dlvSize vmta jobId envId queue vmtaPool""",
        "t": """type timeLogged timeQueued orig rcpt orcpt dsnAction dsnStatus dsnDiag
            dsnMta bounceCat srcType srcMta dlvType dlvSourceIp dlvDestinationIp
            dlvEsmtpAvailable dlvSize vmta jobId envId queue vmtaPool""",
        "tq": """type timeLogged dsnStatus dsnDiag dsnMta dlvType dlvSourceIp
            dlvDestinationIp vmta queue""",
        "r": """type timeLogged orig rcpt orcpt srcType srcMta rcvSourceIp
            rcvDestinationIp vmta vmtaPool jobId envId""",
        "rb": """type timeLogged orig rcpt orcpt dsnStatus dsnDiag dsnMta
            dsnReportingMta bounceCat srcType srcMta envId format""",
        "rs": """type timeLogged orig rcpt orcpt dsnAction dsnStatus dsnDiag dsnMta
            bounceCat srcType srcMta envId format""",
        "f": """type timeLogged repSourceIp feedbackType format userAgent envId orig
            rcpt reportingMta dlvSourceIp reportedDomain header_From
            header_Return-Path header_X-job header_Subject""",
    }.items()
}

_OF_DELIVERIES = """totalSecondsQueued userString dlvTlsProtocol dlvTlsCipher
    rcvSmtpUser timeFirstAttempt"""

# Columns that are written only where `record-fields` names them.
OPTIONAL_COLUMNS: dict[str, tuple[str, ...]] = {
    letter: tuple(names.split())
    for letter, names in {
        "d": _OF_DELIVERIES,
        "b": _OF_DELIVERIES,
        "t": _OF_DELIVERIES,
        "tq": "userString",
        "r": "userString rcvSmtpUser",
        "rb": "",
        "rs": "",
        "f": "",
    }.items()
}

HEADER_PREFIX, ARF_PREFIX = "header_", "arf_"

_CAPITAL = re.compile(r"(?<!^)([A-Z])")


def attribute_of(column: str) -> str:
    """The attribute of `Record` that a column shows: `dlvSourceIp`: `dlv_source_ip`."""
    if column.lower().startswith(HEADER_PREFIX):
        return "headers"
    if column.lower().startswith(ARF_PREFIX):
        return "arf"
    return _CAPITAL.sub(r"_\1", column).lower()


def columns_of(
    letter: str, wanted: Iterable[str] = ("*",), *, is_attempt_timed: bool = False
) -> tuple[str, ...]:
    """The columns of a type that a `record-fields` list asks for.

    With `is_attempt_timed` the default columns have timeFirstAttempt behind timeQueued
    (track-time-first-attempt). Shape: `wanted` holds `*`, names, `!name`,
    `header_NAME`, `arf_NAME`; `type` always comes first. Names are taken
    in any case; unknown ones are passed over.
    Source: guide 3.3.11.12.
    """
    known = {name.lower(): name for name in COLUMNS[letter] + OPTIONAL_COLUMNS[letter]}
    chosen: dict[str, str] = {"type": "type"}
    for item in wanted:
        lowered = item.lower()
        if item == "*":
            chosen.update(
                (name.lower(), name)
                for name in default_columns(letter, is_attempt_timed=is_attempt_timed)
            )
        elif item.startswith("!"):
            if lowered != "!type":
                chosen.pop(lowered[1:], None)
        elif lowered in known:
            chosen[lowered] = known[lowered]
        elif lowered.startswith((HEADER_PREFIX, ARF_PREFIX)):
            chosen[lowered] = item
    return tuple(chosen.values())


def default_columns(letter: str, *, is_attempt_timed: bool) -> tuple[str, ...]:
    """What `*` stands for."""
    names = COLUMNS[letter]
    if not (is_attempt_timed and "timeQueued" in names):
        return names
    behind = names.index("timeQueued") + 1
    return (*names[:behind], "timeFirstAttempt", *names[behind:])


def union(columns: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    """The columns of one file: those of the first type, then what others add."""
    return tuple(dict.fromkeys(name for names in columns for name in names))
