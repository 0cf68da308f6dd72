"""Problems that a whole section has, at the line that opens it."""

from sinyal.config.block import Block
from sinyal.config.problem import Problem


def fault_of(block: Block, text: str, remedy: str) -> Problem:
    """An error of the section."""
    return Problem(block.file, block.line, _shown(block), text, remedy)


def advice_of(block: Block, text: str, remedy: str = "") -> Problem:
    """A warning about the section."""
    return Problem(block.file, block.line, _shown(block), text, remedy, is_error=False)


def _shown(block: Block) -> str:
    return f"<{block.scope} {block.key}>" if block.key else f"<{block.scope}>"
