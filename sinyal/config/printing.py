"""A tree of lines and sections as text that reads as the same tree; guide 3.1."""

from collections.abc import Iterable, Iterator

from sinyal.config.grammar import INLINE_LIST, Line, Node, Section
from sinyal.config.redaction import shown, shown_name

INDENT = "    "
LIST = "pattern-list"


def printed(nodes: Iterable[Node], *, with_secrets: bool = False) -> str:
    """The text of `nodes`: one line each, sections indented, no comments.

    Reading it gives the same names, values and sections. Values stand as the operator
    quoted them, for only their directives know whether blanks join words (CFG-5).
    Secrets are hidden unless asked for.
    """
    lines = _lines(nodes, "", 0, with_secrets)
    text = "".join(f"{line}\n" for line in lines)
    return f"\n{text}" if text.startswith("\ufeff") else text  # else taken for a BOM


def _lines(
    nodes: Iterable[Node], parent: str, depth: int, with_secrets: bool
) -> Iterator[str]:
    margin = INDENT * depth
    for node in nodes:
        if isinstance(node, Section):
            yield margin + _opening(node, parent, with_secrets)
            yield from _lines(node.body, node.tag, depth + 1, with_secrets)
            yield f"{margin}</{node.tag}>"
        else:
            yield margin + _line(node, with_secrets)


def _opening(section: Section, parent: str, with_secrets: bool) -> str:
    """A list inside a list ends the rule that leads to it (PL-1)."""
    if section.tag == parent == LIST and section.argument:
        return f"{section.argument} {INLINE_LIST}"
    argument = section.argument
    if not with_secrets:
        argument = shown(section.tag, argument)
    return f"<{section.tag} {argument}".rstrip() + ">"


def _line(line: Line, with_secrets: bool) -> str:
    if with_secrets:
        return f"{line.name} {line.value}".rstrip()
    return f"{shown_name(line.name)} {shown(line.name, line.value)}".rstrip()
