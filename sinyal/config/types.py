"""THE table of value types, by the name that rows of the directive table use."""

from sinyal.config import kinds_named, kinds_plain, values
from sinyal.config.kind import Type

__all__ = ["TYPES", "Type", "choice"]

TYPES: dict[str, Type] = {
    kind.name: kind
    for kinds in (
        kinds_plain.PLAIN,
        kinds_plain.SECRETS,
        kinds_named.ON_DISK,
        kinds_named.NAMES,
        kinds_named.WITH_MACROS,
        kinds_named.PATTERNS,
    )
    for kind in kinds
}


def choice(*words: str) -> Type:
    """A type of one word out of `words`."""
    listed = ", ".join(words)
    return Type(listed, f"write one of: {listed}", values.one_of(*words))
