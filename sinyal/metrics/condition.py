"""Conditions of a WHERE clause; values are bound by the engine, never written into SQL.

Source: API events-search (filters, keyword matching), API metrics (filters).
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

# What cuts a text into tokens; the engine's `translate` turns each into the first.
TEXT_SEPARATORS = " -_"
DOMAIN_SEPARATORS = ".-_ "

LATEST = 2**32 - 1  # the last second that a DateTime can hold


class Condition(msgspec.Struct, frozen=True):
    """A piece of SQL that is true or false for an event, with what it binds."""

    sql: str
    parameters: dict[str, Any] = {}


def all_of(conditions: Iterable[Condition]) -> Condition:
    """True when every one is; without any, always."""
    return _joined(conditions, " AND ", "1")


def any_of(conditions: Iterable[Condition]) -> Condition:
    """True when at least one is; without any, never."""
    return _joined(conditions, " OR ", "0")


def within(from_at: float, to_at: float) -> Condition:
    """Events of the half-open window. Units: epoch seconds."""
    bound = {"from_at": _second(from_at), "to_at": _second(to_at)}
    return Condition(
        "timestamp >= toDateTime({from_at:Int64}, 'UTC') "
        "AND timestamp < toDateTime({to_at:Int64}, 'UTC')",
        bound,
    )


def one_of_texts(column: str, values: Sequence[str]) -> Condition:
    """The column equals one of the values."""
    name = f"{column}_texts"
    return Condition(f"{column} IN {{{name}:Array(String)}}", {name: list(values)})


def one_of_numbers(column: str, values: Sequence[int]) -> Condition:
    """The column equals one of the values."""
    name = f"{column}_numbers"
    return Condition(f"{column} IN {{{name}:Array(Int64)}}", {name: list(values)})


def keyword(column: str, terms: Sequence[str]) -> Condition:
    """The text has all tokens of at least one term; parts of a token never match.

    Source: API events-search, keyword matching.
    """
    return any_of(
        all_of(
            _token(column, TEXT_SEPARATORS, [token], f"{column}_{at}_{place}")
            for place, token in enumerate(tokens)
        )
        for at, term in enumerate(terms)
        if (tokens := _cut(term, TEXT_SEPARATORS))
    )


def labels(column: str, terms: Sequence[str]) -> Condition:
    """The domain has the labels of at least one term, in a row.

    `example.com` finds `info.example.com` and `example.com.uk`.
    Source: API events-search, keyword matching.
    """
    return any_of(
        _token(column, DOMAIN_SEPARATORS, tokens, f"{column}_{at}")
        for at, term in enumerate(terms)
        if (tokens := _cut(term, DOMAIN_SEPARATORS))
    )


def _token(column: str, separators: str, tokens: Sequence[str], name: str) -> Condition:
    """The tokens stand in a row; a substring search between separators says so."""
    mark = separators[0]
    same = mark * (len(separators) - 1)
    text = f"translate(lowerUTF8({column}), '{separators[1:]}', '{same}')"
    wanted = mark + mark.join(tokens) + mark
    sql = f"position(concat('{mark}', {text}, '{mark}'), lowerUTF8({{{name}:String}}))"
    return Condition(f"{sql} > 0", {name: wanted})


def _second(at: float) -> int:
    return min(max(math.ceil(at), 0), LATEST)


def _cut(term: str, separators: str) -> list[str]:
    table = str.maketrans(dict.fromkeys(separators, " "))
    return [token for token in term.translate(table).split(" ") if token]


def _joined(conditions: Iterable[Condition], word: str, none: str) -> Condition:
    rows = list(conditions)
    if not rows:
        return Condition(none)
    bound = {name: value for row in rows for name, value in row.parameters.items()}
    return Condition(word.join(f"({row.sql})" for row in rows), bound)
