"""Octets of a configuration file into text; guide 3.1 (CFG-1)."""

import codecs

from sinyal.config.problem import BadValue

UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
MAX_LINE = 65_536  # octets; the longest lists of operators have some thousands


def decoded(octets: bytes) -> tuple[str, list[tuple[int, str, str]]]:
    """The text, and faults as (line, what is wrong, remedy).

    UTF-8, with or without a byte order mark. Comments may be in any other code, as
    editors of old files left them: what is not UTF-8 in them is replaced. Anywhere
    else it is a fault, and so is a line too long to be meant; both lines are left out.
    Errors: `BadValue` for a file in UTF-16.
    """
    if octets.startswith(UTF16) or (len(octets) > 1 and 0 in octets[:2]):
        raise BadValue("the file is UTF-16", "save it as UTF-8")
    octets = octets.removeprefix(codecs.BOM_UTF8)
    if len(octets) < MAX_LINE and 0 not in octets:
        try:
            return octets.decode(), []
        except UnicodeDecodeError:
            pass  # line by line, to find which
    lines: list[str] = []
    faults: list[tuple[int, str, str]] = []
    for number, line in enumerate(octets.split(b"\n"), 1):
        try:
            lines.append(_line(line))
        except BadValue as bad:
            lines.append("")
            faults.append((number, bad.text, bad.remedy))
    return "\n".join(lines), faults


def _line(line: bytes) -> str:
    """One line; without its comment where that is not UTF-8."""
    if len(line) > MAX_LINE:
        raise BadValue(f"the line has more than {MAX_LINE} octets", "divide it")
    if 0 in line:
        raise BadValue("the line has an octet 0 in it", "take it out")
    try:
        return line.decode()
    except UnicodeDecodeError:
        pass
    try:
        return line.partition(b"#")[0].decode()
    except UnicodeDecodeError:
        raise BadValue("the line is not UTF-8", "save the file as UTF-8") from None
