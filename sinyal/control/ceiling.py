"""How many messages an hour the limits of a file allow; guide 3.3.10, rules LIM COLD.

A message has one recipient, as message rates count recipients (LIM-2); a connection
delivers a message in `message_s` seconds.
"""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

import msgspec

from sinyal.config.configuration import DEFAULT_VMTA
from sinyal.config.patterns import EVERY, DomainPattern, domain_pattern
from sinyal.config.provenance import Provenance, Setting
from sinyal.config.vocabulary import Rate
from sinyal.control.layout import Group, Place, Row, rows_of_setting
from sinyal.control.queue_examples import examples

HOUR_S = 3600.0
DAY_HOURS = 24

Named: TypeAlias = dict[str, Setting]  # by attribute


class Limit(msgspec.Struct, frozen=True):
    """One limit as messages an hour, how it is written, and the setting behind it."""

    hourly: float
    said: str
    setting: Setting


class Ceiling(msgspec.Struct, frozen=True, omit_defaults=True):
    """The limit that binds first in one place.

    Shape: `kind` is `queue`, `cold`, `virtual-mta` or `server`; `per_hour` None is
    without a limit; `limit` as written, with its row's `places`.
    """

    kind: str
    name: str
    per_hour: float | None
    limit: str = ""
    places: tuple[Place, ...] = ()
    is_default: bool = False
    has_effect: bool = True


TITLES = {
    "queue": "messages an hour of each queue, at {} s a message on each connection",
    "virtual-mta": "of all queues of each VirtualMTA",
    "server": "of the server",
}


def ceilings(provenance: Provenance, message_s: float) -> tuple[Ceiling, ...]:
    """For each queue, VirtualMTA and the server the limit that binds first."""
    server = list(_server_limits(provenance, message_s))
    vmtas = {
        name: list(_vmta_limits(provenance, name, message_s))
        for name in provenance.configuration.virtual_mtas
    }
    found = list(_queues(provenance, message_s, vmtas, server))
    for name, limits in vmtas.items():
        found.append(_binding("virtual-mta", f"*/{name}", [*limits, *server]))
    found.append(_binding("server", "*/*", server))
    return tuple(found)


def groups(found: Iterable[Ceiling], message_s: float) -> list[Group]:
    """The ceilings for a terminal."""
    rows: dict[str, list[Row]] = {kind: [] for kind in TITLES}
    for one in found:
        kind = "queue" if one.kind == "cold" else one.kind
        rows[kind].append(_row(one))
    return [
        Group(TITLES[kind].format(f"{message_s:g}"), tuple(listed))
        for kind, listed in rows.items()
        if listed
    ]


def _row(one: Ceiling) -> Row:
    name = "  of these, to cold ones" if one.kind == "cold" else one.name
    figure = "unlimited" if one.per_hour is None else _figure(one.per_hour)
    return Row(
        name,
        f"{figure:>11}  {one.limit}".rstrip(),
        one.places,
        one.is_default,
        has_effect=one.has_effect,
    )


def _figure(hourly: float) -> str:
    return f"{hourly:,.0f}" if hourly >= 10 else f"{hourly:,.1f}"


def _queues(
    provenance: Provenance,
    message_s: float,
    vmtas: dict[str, list[Limit]],
    server: list[Limit],
) -> Iterator[Ceiling]:
    """Each pattern of the file in its owner's queues, and one queue without any."""
    owned: dict[str, list[DomainPattern]] = {"": [domain_pattern(EVERY)]}
    for pattern, _, owner in provenance.entries:
        owned.setdefault(owner, []).append(pattern)
    for owner, patterns in owned.items():
        vmta, label = _vmta(provenance, owner)
        above = [*vmtas.get(vmta, ()), *server]
        for domain, shown in examples(patterns):
            settings = _named(provenance.of_queue(domain, vmta))
            limits = [*_queue_limits(settings, message_s), *above]
            yield _binding("queue", f"{shown}{label}", limits)
            yield from _cold(provenance, f"{shown}{label}", vmta, settings)


def _vmta(provenance: Provenance, owner: str) -> tuple[str, str]:
    """A VirtualMTA whose queues the owner's entries rule, and how to call them."""
    pool = provenance.configuration.pools.get(owner)
    if pool is not None:
        member = pool.members[0] if pool.members else DEFAULT_VMTA
        return member, f"/{member}, each of pool {owner}"
    return owner or DEFAULT_VMTA, f"/{owner}" if owner else ""


def _named(settings: Iterable[Setting]) -> Named:
    return {setting.row.attribute: setting for setting in settings}


def _queue_limits(settings: Named, message_s: float) -> Iterator[Limit]:
    yield from _rate(settings["max_msg_rate"])
    connects, each = settings["max_connect_rate"], settings["max_msg_per_connection"]
    if connects.value is not None and each.value:
        hourly = _hourly(connects.value) * each.value
        said = f"{_written(connects)} x {_written(each)}"
        yield Limit(hourly, said, connects)
    yield from _connections(settings["max_smtp_out"], message_s)


def _vmta_limits(
    provenance: Provenance, name: str, message_s: float
) -> Iterator[Limit]:
    settings = _named(provenance.of_virtual_mta(name))
    yield from _rate(settings["max_smtp_msg_rate"])
    yield from _connections(settings["max_smtp_out"], message_s)


def _server_limits(provenance: Provenance, message_s: float) -> Iterator[Limit]:
    settings = _named(provenance.of_file())
    yield from _connections(settings["total_max_smtp_out"], message_s)


def _rate(setting: Setting) -> Iterator[Limit]:
    if setting.value is not None:
        yield Limit(_hourly(setting.value), _written(setting), setting)


def _connections(setting: Setting, message_s: float) -> Iterator[Limit]:
    if setting.value:
        hourly = setting.value * HOUR_S / message_s
        yield Limit(hourly, _written(setting), setting)


def _hourly(rate: Rate) -> float:
    return rate.count * HOUR_S / rate.window_s


def _cold(
    provenance: Provenance, name: str, vmta: str, settings: Named
) -> Iterator[Ceiling]:
    """What goes to cold VirtualMTAs first, by the last day's quota (COLD-1, 2)."""
    quota = settings["max_cold_virtual_mta_msg"]
    cold = _named(provenance.of_virtual_mta(vmta))["cold_virtual_mta"]
    daily = [count for count in quota.value or () if count]
    if daily and cold.origins:
        hourly = daily[-1] * len(cold.origins) / DAY_HOURS
        yield _ceiling("cold", name, Limit(hourly, _written(quota), quota))


def _binding(kind: str, name: str, limits: Iterable[Limit]) -> Ceiling:
    """The lowest limit; of equals the first."""
    least = min(limits, key=lambda limit: limit.hourly, default=None)
    return Ceiling(kind, name, None) if least is None else _ceiling(kind, name, least)


def _ceiling(kind: str, name: str, limit: Limit) -> Ceiling:
    row = next(iter(rows_of_setting(limit.setting)))
    return Ceiling(
        kind,
        name,
        round(limit.hourly, 3),
        limit.said,
        row.places,
        row.is_default,
        row.has_effect,
    )


def _written(setting: Setting) -> str:
    row = next(iter(rows_of_setting(setting)))
    return f"{row.name} {row.value}"
