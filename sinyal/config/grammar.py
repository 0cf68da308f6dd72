"""Text into a tree of lines and sections; guide 3.1 (CFG-1 to CFG-5)."""

import re
from collections.abc import Iterator
from typing import TypeAlias

import msgspec

from sinyal.config.problem import BadValue, Problem

MAX_DEPTH = 8  # sections inside sections; the language itself needs three

TAG = re.compile(r"[^\s<>/\"]+")
INLINE_LIST = "<pattern-list>"  # ends a rule whose own rules follow
EMPTY = re.compile(r"<([^<>]*)>\s*</([^<>]*)>")
WITH_LINES = re.compile(r"<\s*([^\s<>/]+)[^<>]*>[^<>]*[^<>\s][^<>]*</\s*([^\s<>]+)\s*>")
UNENDED = re.compile(r"<\s*[A-Za-z][A-Za-z-]*(?:\s+[^\s<>]+)?")
MACRO = "domain-macro"
NAMES = re.compile(r"[.,$]")  # what a list of domains has and a directive has not
WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')
ESCAPE = re.compile(r'\\([ "$\\])')


class Line(msgspec.Struct, frozen=True):
    """One directive; `value` is what follows its name, without the comment."""

    name: str
    value: str
    file: str
    line: int


class Section(msgspec.Struct, frozen=True):
    """`<tag argument>`, its body, `</tag>`."""

    tag: str
    argument: str
    file: str
    line: int
    body: tuple["Node", ...]


Node: TypeAlias = Line | Section


class _Open(msgspec.Struct):
    tag: str
    argument: str
    line: int
    body: list[Node]


class _Parser:
    """The sections that are open at the present line, innermost last."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.stack = [_Open("", "", 0, [])]
        self.problems: list[Problem] = []
        self.ignored_depth = 0
        self.macro: list[str] = []  # the values so far of one that may go on

    def take(self, number: int, text: str) -> None:
        if self.macro and self.continues(text):
            return
        self.end_macro()
        if text.startswith("</"):
            self.close(number, text)
        elif text.startswith("<") and text[1:].lstrip().startswith("/"):  # `< /tag >`
            self.close(number, f"</{text[1:].lstrip()[1:]}")
        elif text.startswith("<"):
            self.open(number, text)
        elif self.ignored_depth == 0:
            self.add(number, text)

    def add(self, number: int, text: str) -> None:
        if text.endswith(INLINE_LIST):
            self.push("pattern-list", text.removesuffix(INLINE_LIST).rstrip(), number)
            return
        name, *rest = text.split(None, 1)
        value = rest[0] if rest else ""
        self.stack[-1].body.append(Line(name, value, self.file, number))
        if name.lower() == MACRO and (
            value.endswith(",") or len(value.split(None, 1)) == 1
        ):
            self.macro = [value]

    def continues(self, text: str) -> bool:
        """Whether `text` belongs to the macro above, whose values go on after a comma
        or begin in the line after its name."""
        before = self.macro[-1]
        is_first = len(self.macro) == 1 and not before.endswith(",")
        if text.startswith("<") or not (before.endswith(",") or is_first):
            return False
        if not _is_list(text) or (is_first and not NAMES.search(text)):
            return False
        self.macro.append(text)
        return True

    def end_macro(self) -> None:
        """The line of a macro takes up the lines that belong to it."""
        if len(self.macro) > 1:
            line = self.stack[-1].body[-1]
            if isinstance(line, Line):
                value = " ".join(self.macro)
                self.stack[-1].body[-1] = Line(line.name, value, line.file, line.line)
        self.macro = []

    def open(self, number: int, text: str) -> None:
        body = text[1:].removesuffix(">")
        both = EMPTY.fullmatch(text) if "</" in body else None
        if both is not None:  # opened and closed on one line
            body = both[1]
        tag, *rest = body.split(None, 1) or [""]
        whole = WITH_LINES.fullmatch(text)
        if whole is not None and whole[1].lower() == whole[2].lower():
            remedy = "write its lines below the tag, one a line"
            self.report(number, f"<{tag}>", "a section on one line", remedy)
        elif text.endswith(">") and TAG.fullmatch(tag):
            self.push(tag.lower(), rest[0].rstrip() if rest else "", number)
            if both is not None:
                self.close(number, f"</{both[2]}>")
        elif UNENDED.fullmatch(text):  # what follows is meant to be inside
            self.report(
                number, f"<{tag}>", "the closing > is missing", f"write {text}>"
            )
            self.push(tag.lower(), rest[0] if rest else "", number)
        elif self.ignored_depth == 0:
            self.report(number, text, "not a section", "write <tag> or <tag argument>")

    def push(self, tag: str, argument: str, number: int) -> None:
        if len(self.stack) <= MAX_DEPTH and self.ignored_depth == 0:
            self.stack.append(_Open(tag, argument, number, []))
            return
        if self.ignored_depth == 0:
            self.report(number, f"<{tag}>", "sections are nested too deeply", "")
        self.ignored_depth += 1

    def close(self, number: int, text: str) -> None:
        # A name may be repeated in the closing tag (CFG-3).
        tag = [*text[2:].rstrip("> \t").split(None, 1), ""][0].lower()
        if self.ignored_depth:
            self.ignored_depth -= 1
        elif tag not in {section.tag for section in self.stack[1:]}:
            remedy = f"open <{tag}> before it" if tag else "write </tag>"
            self.report(number, text, "closes nothing", remedy)
        else:
            while self.stack[-1].tag != tag:
                self.report_unclosed()
                self.pop()
            self.pop()

    def pop(self) -> None:
        done = self.stack.pop()
        section = Section(
            done.tag, done.argument, self.file, done.line, tuple(done.body)
        )
        self.stack[-1].body.append(section)

    def finish(self) -> tuple[Node, ...]:
        self.end_macro()
        while len(self.stack) > 1:
            self.report_unclosed()
            self.pop()
        return tuple(self.stack[0].body)

    def report_unclosed(self) -> None:
        tag = self.stack[-1].tag
        self.report(
            self.stack[-1].line,
            f"<{tag}>",
            "the section is not closed",
            f"add </{tag}> after its last line",
        )

    def report(self, line: int, directive: str, text: str, remedy: str) -> None:
        self.problems.append(Problem(self.file, line, directive[:80], text, remedy))


def _is_list(text: str) -> bool:
    """Whether `text` is words with commas between them."""
    return all(len(part.split()) == 1 for part in text.rstrip(",").split(","))


def parse(text: str, file: str) -> tuple[tuple[Node, ...], tuple[Problem, ...]]:
    """The tree of `text`, and every fault of its structure.

    Any text has a tree: a faulty line is reported and left out. Time is linear.
    """
    parser = _Parser(file)
    for number, content in _contents(text):
        parser.take(number, content)
    return parser.finish(), tuple(parser.problems)


def _contents(text: str) -> Iterator[tuple[int, str]]:
    """The lines that hold something, numbered from 1, without their comments.

    A comment begins at any `#`, quoted or not (CFG-2).
    """
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        content = line.partition("#")[0].strip()
        if content:
            yield number, content


def words(text: str) -> list[str]:
    """The words of a value; double quotes join words and allow `\\` escapes (CFG-5).

    Errors: `BadValue` for a quote that is not closed.
    """
    found = []
    for part in WORD.finditer(text):
        bare = part[2]
        if bare is None:
            found.append(ESCAPE.sub(r"\1", part[1]))
        elif bare.startswith('"'):
            remedy = 'add the closing "; # begins a comment even inside quotes'
            raise BadValue("a double quote is not closed", remedy)
        else:
            found.append(bare)
    return found
