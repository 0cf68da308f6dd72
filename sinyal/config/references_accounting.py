"""What the lines of one `<acct-file>` say of each other; guide 3.3.11."""

from collections.abc import Iterator

from sinyal.config.block import Block
from sinyal.config.faults import advice_of
from sinyal.config.grammar import words
from sinyal.config.problem import Problem

HMAC_OCTETS = 32  # a shorter key is weaker than the hash; RFC 2104 3
OF_FILES = ("max_size", "move_to", "move_interval", "delete_after", "sync")
OF_FILES_TOO = ("world_readable", "count_moved_records")


def check_accounting(whole: Block) -> Iterator[Problem]:
    """Advice about accounting files."""
    for file in whole.tagged("acct-file"):
        yield from _privacy(file)
        if file.key.startswith("|"):
            yield from _pipe(file)
        else:
            yield from _moving(file)


def _privacy(file: Block) -> Iterator[Problem]:
    method, *rest = words(str(file.settings().get("privacy_policy", "retain")))
    if not rest or not method.lower().startswith("hmac-sha256"):
        return
    is_hex = method.lower().endswith("-hexkey")
    octets = len(rest[0]) // 2 if is_hex else len(rest[0].encode())
    if octets < HMAC_OCTETS:
        text = f"the key of privacy-policy has {octets} octets"
        yield advice_of(file, text, f"write {HMAC_OCTETS} of them or more")


def _pipe(file: Block) -> Iterator[Problem]:
    written = file.settings()
    for attribute in (*OF_FILES, *OF_FILES_TOO):
        if attribute in written:
            name = attribute.replace("_", "-")
            yield advice_of(file, f"{name} has no effect on a program", "remove it")


def _moving(file: Block) -> Iterator[Problem]:
    written = file.settings()
    if written.get("move_to") and written.get("delete_after") is not None:
        text = "delete-after has no effect beside move-to"
        yield advice_of(file, text, "remove one of the two")
