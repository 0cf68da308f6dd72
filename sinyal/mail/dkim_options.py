"""What a message may say of its own signature: X-DKIM-Options; guide 8.5 (DKIM-4)."""

import msgspec


class Options(msgspec.Struct, frozen=True):
    """`selector` and `domain` of the key, the identity, q=, and a domain-key-list."""

    selector: str = ""
    domain: str = ""
    identity: str = ""
    query: str = ""
    key_list: str = ""


TAGS = {
    "s": "selector",
    "d": "domain",
    "i": "identity",
    "q": "query",
    "key-list": "key_list",
}


def options_of(value: str) -> Options:
    """The options of a field's value: `TAG=VALUE[; TAG=VALUE ...]`.

    Other tags, and what is none, are passed over; the last of equal ones counts.
    """
    found: dict[str, str] = {}
    for piece in value.split(";"):
        tag, _, text = piece.partition("=")
        attribute = TAGS.get(tag.strip().lower())
        if attribute:
            found[attribute] = _plain(text.strip())
    return Options(**found)


def _plain(text: str) -> str:
    """The text if a signature may hold it, else "": no line ends, blanks or marks."""
    is_plain = text.isascii() and text.isprintable() and not set(text) & set(' ;"')
    return text if is_plain else ""
