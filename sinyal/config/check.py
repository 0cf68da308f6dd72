"""Every line held against the directive table; guide 3.3, rules CFG-18 and CFG-20."""

import difflib

from sinyal.config.block import Block, Value
from sinyal.config.directives.row import Directive, SectionTag, Status
from sinyal.config.directives.table import TABLE
from sinyal.config.files import Files
from sinyal.config.grammar import Line, Node, Section
from sinyal.config.problem import (
    UNKNOWN_DIRECTIVE,
    UNKNOWN_SECTION,
    BadValue,
    Problem,
)
from sinyal.config.redaction import shown_name

NO_EFFECT = "not done yet by sinyal: has no effect"
MAX_GUESSES = 100  # a guess costs a millisecond; a hostile file has a million lines


class Checker:
    """Turns the tree into blocks; `problems` grows as it goes."""

    def __init__(self, files: Files, root: str) -> None:
        self.problems: list[Problem] = []
        self._files = files
        self._root = root
        self._guesses = 0

    def check(self, nodes: tuple[Node, ...]) -> Block:
        """The whole file as one block."""
        whole = Block("global", file=self._root)
        self._fill(whole, nodes)
        return whole

    def _fill(self, block: Block, nodes: tuple[Node, ...]) -> None:
        for node in nodes:
            if isinstance(node, Section):
                self._section(block, node)
            else:
                self._line(block, node)

    def _line(self, block: Block, line: Line) -> None:
        row = TABLE.row(block.scope, line.name)
        if row is not None:
            self._value(block, row, line)
        elif TABLE.is_later(block.scope, line.name):
            self._warn(line, line.name, NO_EFFECT)
        else:
            self._unknown(block, line)

    def _value(self, block: Block, row: Directive, line: Line) -> None:
        earlier = block.written.get(row.name)
        if earlier is not None and not row.repeatable:
            text = f"written before in line {earlier}"
            self._warn(line, line.name, text, "this last value counts")
        block.written[row.name] = line.line
        try:
            value = row.type.parse(line.value)
        except BadValue as bad:
            self._report(line, line.name, bad.text, bad.remedy or row.type.form)
            return
        # Without effect, yet asking for what is done anyway: nothing to warn of.
        if row.status is Status.LATER and value != row.default_value:
            self._warn(line, line.name, NO_EFFECT)
        if row.type.place is not None:
            value = row.type.place(value, self._resolve)
        for path in row.type.files(value) if row.type.files else ():
            if not self._files.exists(path):
                remedy = "check the path and the permissions"
                self._report(line, line.name, f"{path} cannot be read", remedy)
        block.lines.append(Value(row, value, line.file, line.line, line.value))

    def _section(self, block: Block, section: Section) -> None:
        tag = TABLE.sections.get(section.tag)
        shown = f"<{section.tag}>"
        if tag is None:
            names = list(TABLE.sections)
            remedy = self._guess(section.tag, names) or "remove the section"
            self._report(section, shown, UNKNOWN_SECTION, remedy)
        elif block.scope not in tag.parents:
            place = " or ".join(_place(parent) for parent in tag.parents)
            text = f"does not belong in {_place(block.scope)}"
            remedy = f"move it to {place}; is a closing line missing above?"
            self._report(section, shown, text, remedy)
            if tag.status is Status.DONE:
                self._fill(Block(tag.alias_of or tag.tag), section.body)
        elif tag.status is Status.LATER:
            self._warn(section, shown, NO_EFFECT)
        else:
            self._open(block, section, tag)

    def _open(self, block: Block, section: Section, tag: SectionTag) -> None:
        name = tag.alias_of or tag.tag
        shown = f"<{section.tag}>"
        if tag.alias_of:
            text = f"another name of <{name}>"
            self._warn(section, shown, text, f"write <{name}>")
        try:
            argument = self._argument(section, tag)
        except BadValue as bad:
            form = tag.argument.form if tag.argument else f"write <{name}>"
            self._report(section, shown, bad.text, bad.remedy or form)
            argument = None
        key = "" if argument is None else str(argument)
        known = block.blocks.get((name, key))
        if known is None:
            known = Block(name, key, argument, section.file, section.line)
            if tag.argument is None or argument is not None or tag.is_optional:
                block.blocks[name, key] = known
        elif name not in {"source", "domain"}:
            text = f"opened before in line {known.line}"
            self._warn(section, shown, text, "both count as one section")
        self._fill(known, section.body)

    def _argument(self, section: Section, tag: SectionTag) -> object:
        if tag.argument is None or (tag.is_optional and not section.argument):
            if section.argument and tag.argument is None:
                raise BadValue("the section has no argument")
            return None
        value = tag.argument.parse(section.argument)
        if value == "":
            raise BadValue("the argument is empty")
        return tag.argument.place(value, self._resolve) if tag.argument.place else value

    def _unknown(self, block: Block, line: Line) -> None:
        places = TABLE.scopes_of(line.name)
        if places:
            place = " or ".join(_place(scope) for scope in places)
            text = f"does not belong in {_place(block.scope)}"
            self._report(line, line.name, text, f"move it to {place}")
            return
        remedy = self._guess(line.name, TABLE.names_in(block.scope))
        name = shown_name(line.name)
        self._report(line, name, UNKNOWN_DIRECTIVE, remedy or "remove the line")

    def _guess(self, wrong: str, names: list[str]) -> str:
        """A name like `wrong`, as a remedy."""
        self._guesses += 1
        if self._guesses > MAX_GUESSES or len(wrong) > 64:
            return ""
        found = difflib.get_close_matches(wrong.lower(), names, n=1)
        return f"did you mean {found[0]}?" if found else ""

    def _resolve(self, path: str) -> str:
        return self._files.resolve(path, self._root)

    def _report(self, node: Node, directive: str, text: str, remedy: str) -> None:
        self.problems.append(
            Problem(node.file, node.line, directive[:80], text, remedy)
        )

    def _warn(self, node: Node, directive: str, text: str, remedy: str = "") -> None:
        self.problems.append(
            Problem(node.file, node.line, directive[:80], text, remedy, is_error=False)
        )


def _place(scope: str) -> str:
    return "the global level" if scope == "global" else f"<{scope}>"
