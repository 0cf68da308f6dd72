"""Macros in SPF records; RFC 7208 7."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import quote

import msgspec

MAX_NAME = 253  # characters of a name that is asked for; RFC 7208 7.3
TOKEN = re.compile(
    r"%\{([A-Za-z])(\d{0,6})(r?)([-.+,/_=]{0,16})\}|%([%_-])|([!-$&-~]+)",
    re.IGNORECASE,
)
TEXT_TOKEN = re.compile(TOKEN.pattern.replace("[!-$&-~]", "[ !-$&-~]"), re.IGNORECASE)
LETTERS = frozenset("slodipvh")
TEXT_LETTERS = LETTERS | frozenset("crt")  # only in an explanation; RFC 7208 7.2
LITERALS = {"%": "%", "_": " ", "-": "%20"}
TOP_LABEL = re.compile(
    r"\.(?:[A-Za-z0-9]*[A-Za-z][A-Za-z0-9]*|[A-Za-z0-9]+-[A-Za-z0-9-]*[A-Za-z0-9])\.?"
)


class MacroError(ValueError):
    """Text that is no macro-string."""


class Macro(msgspec.Struct, frozen=True):
    """A letter in lower case, and what is done to its value; RFC 7208 7.3.

    `parts` right-hand parts are kept, 0 for all of them.
    """

    letter: str
    parts: int = 0
    is_reversed: bool = False
    delimiters: str = "."
    is_escaped: bool = False

    def applied(self, value: str) -> str:
        """What stands for the macro when its letter has this value."""
        pieces = _split(value, self.delimiters or ".")
        if self.is_reversed:
            pieces.reverse()
        result = ".".join(pieces[-self.parts :])
        return quote(result, safe="-._~") if self.is_escaped else result


MacroString = tuple[str | Macro, ...]


def parse(text: str, *, is_explanation: bool = False) -> MacroString:
    """A macro-string in pieces. Errors: MacroError."""
    return tuple(_pieces(text, is_explanation))


def _pieces(text: str, is_explanation: bool) -> Iterator[str | Macro]:
    token = TEXT_TOKEN if is_explanation else TOKEN
    letters = TEXT_LETTERS if is_explanation else LETTERS
    at = 0
    while at < len(text):
        found = token.match(text, at)
        if found is None:
            raise MacroError(f"no macro-string: {text[:80]!r}")
        at = found.end()
        letter, parts, is_reversed, delimiters, literal, plain = found.groups()
        if letter is None:
            yield plain or LITERALS[literal]
            continue
        if letter.lower() not in letters or (parts and not int(parts)):
            raise MacroError(f"unknown macro {found[0]}")
        yield Macro(
            letter.lower(),
            int(parts or 0),
            bool(is_reversed),
            delimiters,
            letter.isupper(),
        )


def parse_domain(text: str) -> MacroString:
    """A domain-spec: it ends in a macro or in a top label. Errors: MacroError."""
    pieces = parse(text)
    if not pieces:
        raise MacroError("a domain is missing")
    ends_in_macro = text.endswith(("}", "%%", "%_", "%-"))
    last = pieces[-1]
    if not ends_in_macro and not (isinstance(last, str) and _has_top_label(last)):
        raise MacroError(f"no domain: {text[:80]!r}")
    return pieces


def _has_top_label(literal: str) -> bool:
    dot = (
        literal.rstrip(".").rfind(".") if literal.endswith(".") else literal.rfind(".")
    )
    return dot >= 0 and TOP_LABEL.fullmatch(literal, dot) is not None


def letters_in(pieces: MacroString) -> frozenset[str]:
    """The letters whose values `expand` will ask for."""
    return frozenset(piece.letter for piece in pieces if isinstance(piece, Macro))


def expand(pieces: MacroString, value_of: Callable[[str], str]) -> str:
    """The text, each macro replaced."""
    return "".join(
        piece if isinstance(piece, str) else piece.applied(value_of(piece.letter))
        for piece in pieces
    )


def as_name(text: str) -> str:
    """An expanded domain as it is asked for: without the last dot, cut on the left."""
    name = text.removesuffix(".")
    while len(name) > MAX_NAME and "." in name:
        name = name.partition(".")[2]
    return name


def _split(value: str, delimiters: str) -> list[str]:
    if delimiters == ".":
        return value.split(".")
    return re.split("[" + re.escape(delimiters) + "]", value)
