"""Header fields that an operator keeps in a file; guide 3.3.1.33.3, RFC 5322 2.2."""

import re

from sinyal.config.problem import BadValue

FIELD = re.compile(rb"[!-9;-~]{1,76}[ \t]*:[^\x00\r\n]{0,996}")
FOLDED = re.compile(rb"[ \t]+[^ \t\x00\r\n][^\x00\r\n]{0,990}")


def header_lines(octets: bytes) -> bytes:
    """The fields with CRLF at the end of each line; empty lines are left out.

    Errors: `BadValue` for a line that is neither a field nor a folded part of one.
    """
    lines = [
        line.rstrip() for line in octets.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    ]
    whole: list[bytes] = []
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        is_good = FIELD.fullmatch(line) or (whole and FOLDED.fullmatch(line))
        if not is_good:
            raise BadValue(
                f"line {number} of the file is no header field", "write NAME: VALUE"
            )
        whole.append(line + b"\r\n")
    return b"".join(whole)
