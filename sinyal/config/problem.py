"""What the operator wrote wrong, as a value; guide 3.1 (CFG-18)."""

import msgspec

UNKNOWN_DIRECTIVE = "unknown directive"
UNKNOWN_SECTION = "unknown section"


class Problem(msgspec.Struct, frozen=True):
    """One fault of a configuration file, and how to mend it.

    Shape: printed `file:line: directive: problem, remedy`. With `is_error` false the
    file still loads: the line has no effect, or is read in a way worth knowing.
    """

    file: str
    line: int
    directive: str
    text: str
    remedy: str = ""
    is_error: bool = True

    @property
    def is_unknown(self) -> bool:
        """Whether the name is unknown: a lenient reader leaves the line out."""
        return self.text in {UNKNOWN_DIRECTIVE, UNKNOWN_SECTION}

    def __str__(self) -> str:
        said = f"{self.text}, {self.remedy}" if self.remedy else self.text
        about = f"{self.directive}: " if self.directive else ""
        return f"{self.file}:{self.line}: {about}{said}"


class BadValue(ValueError):
    """A value that its directive does not take; `remedy` is "" for the usual form."""

    def __init__(self, text: str, remedy: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.remedy = remedy
