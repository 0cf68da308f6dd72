"""What a reload says: the names of what changed, never a value."""

from collections.abc import Iterable, Sequence

from sinyal.config import Loaded
from sinyal.config.block import Block
from sinyal.config.provenance import Provenance
from sinyal.config.vocabulary import Listener
from sinyal.control.difference import Change, difference

MOST = 200  # changes that are named; the rest are counted
NOTHING = "nothing changed"
STAYS = "what holds now stays"


def changes(old: Loaded, new: Loaded) -> tuple[Change, ...]:
    """Every directive or section that comes out differently."""
    before, after = _provenance(old), _provenance(new)
    if before is None or after is None:
        return ()
    return difference(before, after)


def named(found: Sequence[Change]) -> list[str]:
    """A line for each change: where, and which directive."""
    lines = [_name(change) for change in found[:MOST]]
    if len(found) > MOST:
        lines.append(f"and {len(found) - MOST} more")
    return lines


def needing_restart(found: Iterable[Change]) -> list[str]:
    """A line for each change that takes effect with the next start only."""
    return [
        f"{_name(change)}: needs a restart, {STAYS}"
        for change in found
        if change.needs_restart
    ]


def placed(whole: Block | None, text: str) -> str:
    """An error about a listener with the line that asks for it, where it is found."""
    if whole is None:
        return text
    for host, port, where in _listener_lines(whole):
        shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        if text.startswith(f"smtp-listener {shown}:"):
            return f"{where}: {text}"
    return text


def _listener_lines(whole: Block) -> list[tuple[str, int, str]]:
    lines = [
        (line.value.host, line.value.port, f"{line.file}:{line.line}")
        for line in whole.lines
        if isinstance(line.value, Listener)
    ]
    sections = [
        (block.argument.host, block.argument.port, f"{block.file}:{block.line}")
        for block in whole.tagged("smtp-listener")
        if block.argument
    ]
    return lines + sections


def _name(change: Change) -> str:
    where = "" if change.where == "global" else f"{change.where}: "
    came = "" if change.old else ", new"
    went = "" if change.new else ", gone"
    return f"{where}{change.directive}{came}{went}"


def _provenance(loaded: Loaded) -> Provenance | None:
    if loaded.whole is None or loaded.configuration is None:
        return None
    return Provenance(loaded.whole, loaded.configuration)
