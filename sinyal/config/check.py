"""Every line held against the directive table; guide 3.3, rules CFG-18 and CFG-20."""

import difflib

import msgspec

from sinyal.config.block import Block
from sinyal.config.directives.row import Modern, SectionTag, Status
from sinyal.config.directives.table import REGEX, TABLE
from sinyal.config.files import Files
from sinyal.config.grammar import INLINE_LIST, Line, Node, Section
from sinyal.config.lines import (
    CURLED,
    CURLY,
    NOT_FILLED_IN,
    PLACEHOLDER,
    LineReader,
)
from sinyal.config.problem import (
    UNKNOWN_DIRECTIVE,
    UNKNOWN_SECTION,
    BadValue,
    Problem,
)
from sinyal.config.redaction import shown_name

MAX_GUESSES = 100  # a guess costs a millisecond; a hostile file has a million lines
LIST = "pattern-list"
CONFLICT = ("=======", ">>>>>>>", "<<<<<<<")
FOREIGN_COMMENTS = ("//", "/*", "*/", ";", "--", "!", "'")


class Checker:
    """Turns the tree into blocks; `problems` grows as it goes."""

    def __init__(self, files: Files, root: str) -> None:
        self._lines = LineReader(files, root)
        self.problems = self._lines.problems
        self._root = root
        self._guesses = 0
        self._early: list[tuple[Line, str]] = []  # lists named before they stand

    def check(self, nodes: tuple[Node, ...]) -> Block:
        """The whole file as one block."""
        whole = Block("global", file=self._root)
        self._fill(whole, whole, nodes)
        for line, name in self._early:
            if (LIST, name) in whole.blocks:
                text = f"<{LIST} {name}> stands below this line"
                self._report(line, line.name, text, "move the list above it")
        return whole

    def _fill(self, whole: Block, block: Block, nodes: tuple[Node, ...]) -> None:
        for node in nodes:
            if isinstance(node, Section):
                self._section(whole, block, node)
            else:
                self._line(whole, block, node)

    def _line(self, whole: Block, block: Block, line: Line) -> None:
        row = TABLE.row(block.scope, line.name)
        if row is None:
            self._unknown(block, line)
        elif row.modern is not None:
            self._older(whole, block, row.modern, line)
        else:
            whole_line = f"{line.name} {line.value}"
            if row.name.startswith("/"):  # the line is a value without a name
                line = Line(row.name, whole_line.strip(), line.file, line.line)
            name = line.value.strip('"')
            if row.name == LIST and (LIST, name) not in whole.blocks:
                self._early.append((line, name))
            self._lines.read(block, row, line)

    def _older(self, whole: Block, block: Block, modern: Modern, line: Line) -> None:
        """A line as what took its place (Modern)."""
        value = modern.form.replace("{}", line.value)
        if modern.is_older:
            written = " and ".join(_written(name, value) for name in modern.names)
            self._warn(line, line.name, "an older name", f"write {written[:80]}")
        for name in modern.names:
            if name.startswith("<"):
                tag = name.strip("<>")
                self._section(
                    whole, block, Section(tag, value, line.file, line.line, ())
                )
            else:
                self._line(whole, block, Line(name, value, line.file, line.line))

    def _section(self, whole: Block, block: Block, section: Section) -> None:
        tag = TABLE.sections.get(section.tag)
        shown = f"<{section.tag}>"
        if tag is not None and block.scope == tag.tag == LIST:
            self._nested_list(whole, block, section)
        elif tag is None:
            names = list(TABLE.sections)
            remedy = self._guess(section.tag, names) or "remove the section"
            self._report(section, shown, UNKNOWN_SECTION, remedy)
        elif block.scope not in tag.parents:
            place = " or ".join(_place(parent) for parent in tag.parents)
            text = f"does not belong in {_place(block.scope)}"
            remedy = f"move it to {place}; is a closing line missing above?"
            self._report(section, shown, text, remedy)
            self._fill(whole, Block(tag.alias_of or tag.tag), section.body)
        else:
            if tag.status is not Status.DONE:
                self._warn(section, shown, f"has no effect here: {tag.reason}")
            self._open(whole, block, section, tag)

    def _open(
        self, whole: Block, block: Block, section: Section, tag: SectionTag
    ) -> None:
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
            known.written_key = section.argument
            if tag.argument is None or argument is not None or tag.is_optional:
                block.blocks[name, key] = known
        elif name not in {"source", "domain"}:
            text = f"opened before in line {known.line}"
            self._warn(section, shown, text, "both count as one section")
        if name in TABLE.scopes:
            self._fill(whole, known, section.body)

    def _nested_list(self, whole: Block, block: Block, section: Section) -> None:
        """A rule that ends in a list of its own: the list's block, then the rule."""
        name, _, rest = section.argument.partition(" ")
        inner = Block(LIST, f"line {section.line}", None, section.file, section.line)
        self._fill(whole, inner, section.body)
        block.blocks[LIST, inner.key] = inner
        value = f"{rest.strip()} {INLINE_LIST}".strip()
        self._line(whole, block, Line(name, value, section.file, section.line))
        last = block.lines[-1] if block.lines else None
        if last is not None and last.line == section.line:
            rules = tuple(line.value for line in inner.lines)
            rule = msgspec.structs.replace(last.value, rules=rules)
            block.lines[-1] = msgspec.structs.replace(last, value=rule)

    def _argument(self, section: Section, tag: SectionTag) -> object:
        if PLACEHOLDER.search(section.argument):
            raise BadValue(NOT_FILLED_IN, "write the value itself")
        if section.argument.startswith(CURLED):
            raise BadValue(*CURLY)
        if tag.argument is None or (tag.is_optional and not section.argument):
            if section.argument and tag.argument is None:
                raise BadValue("the section takes no argument")
            return None
        value = tag.argument.parse(section.argument)
        if value == "":
            raise BadValue("the argument is empty")
        place = tag.argument.place
        return place(value, self._lines.resolve) if place else value

    def _unknown(self, block: Block, line: Line) -> None:
        if PLACEHOLDER.match(line.name):
            self._report(line, "", NOT_FILLED_IN, "write the lines themselves")
            return
        places = TABLE.scopes_of(line.name)
        if places:
            place = " or ".join(_place(scope) for scope in places)
            text = f"does not belong in {_place(block.scope)}"
            self._report(line, line.name, text, f"move it to {place}")
            return
        remedy = _habit(block.scope, line)
        if not remedy and self._guesses < MAX_GUESSES:
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

    def _report(self, node: Node, directive: str, text: str, remedy: str) -> None:
        self.problems.append(
            Problem(node.file, node.line, directive[:80], text, remedy)
        )

    def _warn(self, node: Node, directive: str, text: str, remedy: str = "") -> None:
        self.problems.append(
            Problem(node.file, node.line, directive[:80], text, remedy, is_error=False)
        )


def _habit(scope: str, line: Line) -> str:
    """The remedy of a line that would be right in another language or section."""
    if line.name.startswith(CONFLICT):
        return "settle the conflict that a merge left here"
    if scope == "smtp-pattern-list" and line.name.startswith("/"):
        return "write reply before the /REGEX/"
    if line.name.startswith(FOREIGN_COMMENTS):
        return "begin a comment with #"
    if (scope, REGEX) in TABLE.rows and scope != "global" and line.value:
        return "write /REGEX/ first"
    return ""


def _written(name: str, value: str) -> str:
    if name.startswith("<"):
        return f"{name.rstrip('>')} {value}>"
    return f"{name} {value}"


def _place(scope: str) -> str:
    return "the global level" if scope == "global" else f"<{scope}>"
