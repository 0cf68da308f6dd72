"""Text into rules: a pattern between slashes and what follows from it.

Source: guide 3.3.14 (PL), 3.3.15 (SPL), 10.8 (CAT), 10.17 (ROLL), 12.9 (DLV-7).
"""

import re
from collections.abc import Callable
from typing import Any

from sinyal.config.addresses import HOST, canonical_domain, domain, email, name
from sinyal.config.amounts import duration, integer
from sinyal.config.expression import Pattern
from sinyal.config.limits import split
from sinyal.config.patterns import domain_pattern
from sinyal.config.problem import BadValue
from sinyal.config.reactions import Reaction, ReplyRule
from sinyal.config.reporting import enable_signals
from sinyal.config.rollup import RollupRule
from sinyal.config.values import header_names, items, word
from sinyal.config.vocabulary import (
    Alias,
    FilterRule,
    FromDomainRule,
    Macro,
    PatternRule,
    SignalsDecision,
)

NESTED = "<pattern-list>"  # the last word of a rule with rules of its own
REGEX = re.compile(r"/(.*)/(?:\s+([^/]*))?")  # the last slash closes (CFG-15)
CATEGORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
SIMPLE_ACTIONS = frozenset({
    "mode=normal",
    "mode=backoff",
    "skip-mx",
    "bounce-queue",
    "bounce-rcpt",
    "disable-source-ip",
    "defer-queue",
})
TIMED_ACTIONS = ("reenable-after", "backoff-to-normal-after")


def regex_and_rest(text: str) -> tuple[Pattern, str]:
    """`/REGEX/` and what follows; blanks may stand in the pattern."""
    if not text.startswith("/"):
        raise BadValue(f'"{text[:40]}" does not begin with /')
    found = REGEX.fullmatch(text)
    if found is None:
        raise BadValue(
            "the closing / is missing", "write the whole /REGEX/ on one line"
        )
    return Pattern(found[1]), (found[2] or "").strip()


def pattern_rule(kind: str) -> Callable[[str], PatternRule]:
    """A reader of the rules `kind` of a pattern-list (PL-1)."""

    def rule(text: str) -> PatternRule:
        header = ""
        if kind == "*":
            return _with_results(PatternRule(kind=kind), text)
        if kind == "header":
            header, text = split(text, "a header's name and /REGEX/")
            (header,) = header_names(header)
        pattern, rest = regex_and_rest(text)
        made = PatternRule(kind=kind, header=header.lower(), pattern=pattern)
        return _with_results(made, rest)

    return rule


def _with_results(rule: PatternRule, text: str) -> PatternRule:
    results: dict[str, Any] = {}
    is_nested = text.endswith(NESTED)
    plain = text.removesuffix(NESTED).strip().rstrip(",").strip()
    for result in items(plain) if plain else ():
        key, value = _result(result)
        if key in results:
            raise BadValue(f'"{result[:40]}" is a second result of its kind')
        results[key] = value
    if not results and not is_nested:
        raise BadValue("the rule has no result", "add virtual-mta=NAME")
    return PatternRule(
        kind=rule.kind, header=rule.header, pattern=rule.pattern, **results
    )


def _result(text: str) -> tuple[str, Any]:
    if text.lower().startswith("call-to:"):
        return "call_to", name(text.partition(":")[2].strip())
    key, equals, value = (part.strip() for part in text.partition("="))
    if equals and key.lower() == "virtual-mta":
        return "virtual_mta", name(value)
    if equals and key.lower() == "recipient-priority":
        priority = integer(value)
        if priority > 100:
            raise BadValue(f"{priority} is not a priority", "write 0 to 100")
        return "recipient_priority", priority
    raise BadValue(f'"{text[:40]}" is not a result')


def reply_rule(text: str) -> ReplyRule:
    """`/REGEX/ ACTION[,ACTION...]` of a smtp-pattern-list (SPL-2, SPL-3)."""
    pattern, rest = regex_and_rest(text)
    actions = tuple(action.lower() for action in items(rest)) if rest else ()
    if not actions:
        raise BadValue("the rule has no action", "add mode=backoff or another one")
    for action in actions:
        _check_action(action)
    _check_together(actions)
    return ReplyRule(pattern, _reaction(actions))


def _reaction(actions: tuple[str, ...]) -> Reaction:
    found: dict[str, Any] = {}
    for action in actions:
        key, _, value = action.partition("=")
        attribute = key.replace("-", "_")
        if key == "mode":
            found[attribute] = value
        else:
            found[attribute] = duration(value) if key in TIMED_ACTIONS else True
    return Reaction(**found)


def _check_action(action: str) -> None:
    key, equals, value = action.partition("=")
    if equals and key in TIMED_ACTIONS:
        duration(value)
    elif action not in SIMPLE_ACTIONS:
        raise BadValue(f'"{action[:40]}" is not an action')


def _check_together(actions: tuple[str, ...]) -> None:
    """What may not stand in one rule (SPL-3)."""
    names = [action.partition("=")[0] for action in actions]
    if names.count("mode") > 1:
        raise BadValue("two modes in one rule", "keep one of them")
    if "skip-mx" in names and "bounce-queue" in names:
        raise BadValue("skip-mx and bounce-queue in one rule", "keep one of them")
    if names.count("reenable-after") > 1:
        raise BadValue("two reenable-after in one rule", "keep one of them")
    for action, before in (
        ("reenable-after", "disable-source-ip"),
        ("backoff-to-normal-after", "mode=backoff"),
    ):
        if action in names and before not in actions[: names.index(action)]:
            raise BadValue(f"{action} without {before}", "add it before")
    if names.count("backoff-to-normal-after") > 1:
        raise BadValue("two backoff-to-normal-after in one rule", "keep one of them")


def category_rule(text: str) -> tuple[Pattern, str]:
    """`/REGEX/ CATEGORY`; any name may be a category (CAT-1)."""
    pattern, category = regex_and_rest(text)
    if not category:
        raise BadValue("the category is missing")
    if not CATEGORY.fullmatch(category):
        raise BadValue(f'"{category[:40]}" is not a category')
    return pattern, category


def rollup_rule(text: str) -> RollupRule:
    """`MX-PATTERN QUEUE.rollup [rollup-by-ip]` (ROLL-2)."""
    parts = text.split()
    if len(parts) not in {2, 3} or (len(parts) == 3 and parts[2] != "rollup-by-ip"):
        raise BadValue(f'"{text[:60]}" is not a rollup rule')
    if not parts[1].lower().endswith(".rollup"):
        raise BadValue(f'"{parts[1][:40]}" does not end in .rollup')
    domain_pattern(parts[0])
    return RollupRule(parts[0].lower(), parts[1].lower(), len(parts) == 3)


def alias(text: str) -> Alias:
    """`SOURCE TARGET[,TARGET...]` (DLV-7)."""
    source, rest = split(text, "an address and where its mail goes")
    plain = source.lower()
    local, at, host = plain.rpartition("@")
    if at and not (local and HOST.fullmatch(canonical_domain(host))):
        raise BadValue(f'"{source[:60]}" is not NAME@DOMAIN, NAME or *@DOMAIN')
    if "*" in (local or plain) and local != "*":
        raise BadValue(f'"{source[:60]}" has a * that is not alone before the @')
    targets = tuple(email(target) for target in items(rest))
    if not targets:
        raise BadValue("the targets are missing")
    return Alias(f"{local}@{canonical_domain(host)}" if at else plain, targets)


def from_domain_rule(text: str) -> FromDomainRule:
    """`DOMAIN-PATTERN TARGET-DOMAIN`; guide 3.3.18.2 (RW-2)."""
    pattern, target = split(text, "a domain pattern and a domain")
    domain_pattern(pattern)
    return FromDomainRule(pattern, domain(target))


def header_patterns(text: str) -> tuple[str, ...]:
    """Names of headers, and `/REGEX/` for them; guide 3.3.10.27."""
    found = items(text)
    for part in found:
        if part.startswith("/"):
            regex_and_rest(part)
        else:
            header_names(part)
    return found


def identity(text: str) -> str:
    """Whose key signs: an address, `@DOMAIN`, a domain, or a keyword (DKIM-2)."""
    found = word(text)
    if found.lower() in {"sender-or-from", "strict-from"}:
        return found.lower()
    local, at, host = found.rpartition("@")
    if at and local:
        return email(found)
    domain(host if at else found)
    return found


def macro(text: str) -> Macro:
    """`NAME VALUE[,VALUE...]`; guide 3.3.1.33.4 (CFG-17)."""
    label, *rest = text.split(None, 1) or [""]
    if not label:
        raise BadValue("the value is missing")
    if not (label.isascii() and label.replace("_", "a").isalnum()):
        raise BadValue(
            f'"{label[:40]}" is not a macro name', "use letters, digits and _"
        )
    return Macro(label, items(rest[0] if rest else ""))


def filter_rule(text: str) -> FilterRule:
    """A line of a signals-filter; guide 10.1.4.3.1."""
    pattern, *rest = text.split(None, 1) or [""]
    action = ",".join(items(rest[0])) if rest else ""
    domain_pattern(pattern)
    if action == "disable-signals":
        return FilterRule(pattern, SignalsDecision(enabled=False))
    if action.partition(",")[0] != "enable-signals":
        raise BadValue("neither enable-signals nor disable-signals follows the pattern")
    switch = enable_signals("true" + action.removeprefix("enable-signals"))
    return FilterRule(
        pattern, SignalsDecision(enabled=True, subaccount_id=switch.subaccount_id)
    )


def pattern_with_macros(text: str) -> str:
    """A domain pattern; one with `$NAME` is read when the macros are known (CFG-17)."""
    found = word(text)
    if "$" not in found:
        domain_pattern(found)
    return found
