"""Lines with macros turned into lines without; guide 3.3.1.33.4, later editions."""

import msgspec

from sinyal.config.block import Block, Value
from sinyal.config.macros import Macros
from sinyal.config.problem import BadValue, Problem


def expand_macros(whole: Block) -> list[Problem]:
    """Put every value of its macros in the place of each line that names some.

    The argument of `<domain>` is not among them: its entries are numbered elsewhere.
    What cannot be expanded is left out and reported.
    """
    macros = Macros(whole.settings().get("domain_macro", ()))
    problems: list[Problem] = []
    for block in whole.walk():
        if any("$" in line.text and line.row.type.expand for line in block.lines):
            block.lines = [
                made
                for line in block.lines
                for made in _expanded(line, macros, problems)
            ]
    return problems


def _expanded(line: Value, macros: Macros, problems: list[Problem]) -> list[Value]:
    if line.row.type.expand is None or "$" not in line.text:
        return [line]
    try:
        values = list(line.row.type.expand(line.value, macros))
    except BadValue as bad:
        problems.append(
            Problem(line.file, line.line, line.row.name, bad.text, bad.remedy)
        )
        return []
    return [msgspec.structs.replace(line, value=value) for value in values]
