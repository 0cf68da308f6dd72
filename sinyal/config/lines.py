"""One line held against its row of the directive table; guide 3.2, rule CFG-20."""

import re
from collections.abc import Iterator

from sinyal.config.block import Block, Value
from sinyal.config.directives.row import Directive, Status
from sinyal.config.files import Files
from sinyal.config.grammar import Line
from sinyal.config.keys import KeyCheck, KeyFile
from sinyal.config.problem import BadValue, Problem

PLACEHOLDER = re.compile(r"\{\{|\{%|\$\{\w*\}|<[A-Za-z][A-Za-z0-9_ .-]*>|%%\w+%%")
CURLED = tuple("\u201c\u201d\u201e\u2018\u2019\u00ab")  # as word processors quote
CURLY = ("the quotes are typographic ones", 'write straight ones: "')
CHMOD = "chmod o-r it"
NOT_FILLED_IN = "a template's placeholder is not filled in"


class LineReader:
    """Reads lines of known directives; `problems` grows as it goes."""

    def __init__(self, files: Files, root: str) -> None:
        self.problems: list[Problem] = []
        self._files = files
        self._root = root
        self._keys = KeyCheck(files)

    def read(self, block: Block, row: Directive, line: Line) -> None:
        """Add the line to `block`, unless its value is bad."""
        earlier = block.written.get(row.name)
        if earlier is not None and not row.repeatable:
            text = f"written before in line {earlier}"
            self._warn(line, text, "this last value counts")
        block.written[row.name] = line.line
        if not row.type.is_free and PLACEHOLDER.search(line.value):
            self._report(line, NOT_FILLED_IN, "write the value itself")
            return
        try:
            if line.value.startswith(CURLED) and not row.type.is_secret:
                raise BadValue(*CURLY)
            value = row.type.parse(line.value)
        except BadValue as bad:
            self._report(line, bad.text, bad.remedy or row.type.form)
            return
        if not self._is_taken(row, line, value):
            return
        for text in _advice(row, value):
            self._warn(line, text)
        if row.type.place is not None:
            value = row.type.place(value, self.resolve)
        if row.status is Status.DONE and row.type.files is not None:
            self._look_for(row.type.files(value), line)
            if row.type.is_pem:
                self._look_into(value, line)
        block.lines.append(Value(row, value, line.file, line.line, line.value))

    def resolve(self, path: str) -> str:
        """An absolute path; a relative one is beside the configuration file."""
        return self._files.resolve(path, self._root)

    def _is_taken(self, row: Directive, line: Line, value: object) -> bool:
        """Whether the row's status lets the value in; the default always may."""
        if row.status is Status.DONE or value == row.default_value:
            return True
        if row.status is Status.REFUSED:
            self._report(line, "this value is refused", row.reason)
            return False
        if row.reason:
            self._warn(line, f"has no effect here: {row.reason}")
        return True

    def _look_for(self, paths: tuple[str, ...], line: Line) -> None:
        for path in paths:
            if not self._files.exists(path):
                remedy = "check the path and the permissions"
                self._report(line, f"{path} cannot be read", remedy)

    def _look_into(self, value: KeyFile, line: Line) -> None:
        """Report a file that does not hold what it should, or holds it for all."""
        if self._keys.is_open(value):
            self._warn(line, "every local user may read the private key", CHMOD)
        try:
            self._keys.check(value)
        except BadValue as bad:
            self._report(line, bad.text, bad.remedy or "write a PEM file that does")

    def _report(self, line: Line, text: str, remedy: str) -> None:
        self.problems.append(
            Problem(line.file, line.line, line.name[:80], text, remedy)
        )

    def _warn(self, line: Line, text: str, remedy: str = "") -> None:
        name = line.name[:80]
        self.problems.append(
            Problem(line.file, line.line, name, text, remedy, is_error=False)
        )


def _advice(row: Directive, value: object) -> Iterator[str]:
    """What is worth knowing of the patterns in a value."""
    for pattern in row.type.patterns(value) if row.type.patterns else ():
        yield from pattern.advice
