"""Values that nobody but the server may read, left out of what is shown.

A secret is known by its directive's name, so that a misspelled or unknown line hides
its value too.
"""

import re

HIDDEN = "(hidden)"

WHOLLY = re.compile(
    r"pass(?:w|$)|p[as][aswor]{1,7}d|pwd"  # and its misspellings
    r"|secret|token|api[-_]?key|credential",
    re.IGNORECASE,
)
AFTER_FIRST_WORD = re.compile(r"certificate$|^privacy-policy$", re.IGNORECASE)
FIRST_WORD = re.compile(r'("(?:[^"\\]|\\.)*"|\S+)\s+\S')
JOINED = re.compile(r"[=:]")
USER_INFO = re.compile(r"(://)[^/\s@]+@")


def is_secret(name: str) -> bool:
    """Whether the directive's whole value is a secret."""
    return bool(WHOLLY.search(name))


def shown(name: str, text: str) -> str:
    """The value as written, a secret in it replaced.

    The key of a certificate may have a password as the second word (guide 3.3.1.23),
    privacy-policy a key (later 3.3.11).
    """
    if text in {"", '""'}:
        return text
    if is_secret(name):
        return HIDDEN
    first = FIRST_WORD.match(text) if AFTER_FIRST_WORD.search(name) else None
    if first:
        return f"{first[1]} {HIDDEN}"
    return USER_INFO.sub(rf"\1{HIDDEN}@", text)


def shown_name(name: str) -> str:
    """A directive's name; of `password=x`, a mistake, only what is before the sign."""
    first, *rest = JOINED.split(name, maxsplit=1)
    return f"{first}={HIDDEN}" if rest and is_secret(first) else name
