"""Text into plain values: words, lists, switches, choices, secrets; guide 3.2.

Every function takes what follows a directive's name, comment removed, and raises
`BadValue` when that is not such a value.
"""

from collections.abc import Callable, Mapping

from sinyal.config.grammar import words
from sinyal.config.problem import BadValue
from sinyal.config.vocabulary import TlsFiles

SWITCHES = {"yes": True, "true": True, "no": False, "false": False}
IF_OPTIONS_PRESENT = "if-x-dkim-options-present"


def word(text: str) -> str:
    """The only word of the value; `""` is an explicit empty one (CFG-6)."""
    found = words(text)
    if len(found) > 1:
        raise BadValue(f'"{found[1][:40]}" is one word too many')
    if not found:
        raise BadValue("the value is missing")
    return found[0]


def text_line(text: str) -> str:
    """The value as one text: quoted, or the rest of the line as it stands."""
    return word(text) if text.startswith('"') else (text or word(text))


def items(text: str) -> tuple[str, ...]:
    """The parts of a comma separated list; blanks around commas are free (CFG-8)."""
    plain = word(text) if text.startswith('"') or not text else text
    parts = tuple(part.strip() for part in plain.split(","))
    if parts == ("",):
        return ()
    if "" in parts:
        raise BadValue("the list has an empty part", "write one comma between parts")
    return parts


def boolean(text: str) -> bool:
    """Errors: `BadValue` for anything but yes, no, true, false (CFG-7)."""
    found = SWITCHES.get(word(text).lower())
    if found is None:
        raise BadValue(f'"{text[:40]}" is not a switch')
    return found


def signing(text: str) -> bool | str:
    """A switch, or the keyword that leaves it to the message (DKIM-1)."""
    found = word(text).lower()
    return found if found == IF_OPTIONS_PRESENT else boolean(text)


def certificate(text: str) -> TlsFiles:
    """`FILENAME [PASSWORD]`; guide 3.3.1.9. The password is told to nobody."""
    found = words(text)
    if len(found) > 2:
        raise BadValue(f"{len(found)} words where a path and a password belong")
    return TlsFiles(*found)


def two_paths(text: str) -> tuple[str, ...]:
    """Two paths; guide 3.3.1.34.1."""
    found = tuple(words(text))
    if len(found) != 2:
        raise BadValue(f"{len(found)} words where two paths belong")
    if found[0].rstrip("/") == found[1].rstrip("/"):
        raise BadValue("both paths are the same", "name two directories")
    return found


def secret(text: str) -> str:
    """One word or a quoted text; a fault is told without the text."""
    try:
        return word(text)
    except BadValue as bad:
        reason = bad.text if not text else "it has blanks or a double quote too many"
        raise BadValue(reason, bad.remedy) from None


def one_of(
    *choices: str, refused: Mapping[str, str] | None = None
) -> Callable[[str], str]:
    """A reader of one word out of `choices`; `refused` says of other words why not."""
    reasons = refused or {}

    def choice(text: str) -> str:
        found = word(text).lower()
        if found in reasons:
            raise BadValue(f"{found} is refused: {reasons[found]}")
        if found not in choices:
            raise BadValue(f'"{found[:40]}" is not one of the choices')
        return found

    return choice


def header_name(text: str) -> str:
    """The name of one header field, "" for none; RFC 5322 2.2."""
    found = header_names(text)
    if len(found) > 1:
        raise BadValue(f"{len(found)} names where one belongs")
    return found[0] if found else ""


def header_names(text: str) -> tuple[str, ...]:
    """Names of header fields; RFC 5322 2.2."""
    names = items(text)
    for name in names:
        if not all("!" <= letter <= "~" and letter != ":" for letter in name):
            raise BadValue(f'"{name[:40]}" is not the name of a header')
    return names
