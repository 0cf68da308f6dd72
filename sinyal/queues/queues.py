"""All queues of a worker: which may open a connection, which entry goes next."""

import heapq
import itertools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import msgspec

from sinyal.config.vocabulary import Rate
from sinyal.mail.envelope import QueueEntry, QueueName
from sinyal.queues.lane import USUAL
from sinyal.queues.limits import NEVER
from sinyal.queues.mode import Backoff, QueueSettings
from sinyal.queues.queue import Queue
from sinyal.queues.reasons import Reason, message_limit, reason_of
from sinyal.queues.reroute import Reroutes
from sinyal.queues.source_limits import Destinations, SourceLimits
from sinyal.queues.vmta_limits import VmtaLimits
from sinyal.queues.volume import Volume

UNLIMITED = 0
SLACK = 64  # void wakes that may stay
MOVED_AT_ONCE = 2000  # entries of a queue that change to another in one turn


class QueueStatus(msgspec.Struct, frozen=True):
    """A queue at a glance. Units: `retry_at` epoch seconds, 0 outside of retry mode."""

    name: QueueName
    entries: int
    ready: int
    open: int
    retry_at: float


class Queues:
    """Decides from the time alone, without I/O; every call costs O(log n) at most.

    Shape: `total_max_smtp_out` and what `vmta_max_smtp_out` answers for a VirtualMTA
    are counts of connections, 0 for no limit; `vmta_max_msg_rate` answers how often a
    recipient may be tried over all its queues; LIM-1, LIM-2.
    """

    def __init__(  # noqa: PLR0913 - all limits meet here
        self,
        settings_for: Callable[[QueueName], QueueSettings],
        total_max_smtp_out: int = UNLIMITED,
        vmta_max_smtp_out: Callable[[str], int] = lambda vmta: UNLIMITED,
        vmta_max_msg_rate: Callable[[str], Rate | None] = lambda vmta: None,
        members_of: Callable[[str], Sequence[str]] = lambda pool: (),
        vmta_max_volume_rate: Callable[[str], Rate | None] = lambda vmta: None,
        destinations: Callable[[], Destinations] = Destinations,
    ) -> None:
        self.sources = SourceLimits(settings_for, destinations)
        self._settings_for = settings_for
        self._total_max = total_max_smtp_out
        self._vmtas = VmtaLimits(
            vmta_max_smtp_out, vmta_max_msg_rate, vmta_max_volume_rate
        )
        self._queues: dict[QueueName, Queue] = {}
        self._wakes: list[tuple[float, int, Queue]] = []
        self._order = itertools.count()
        # VirtualMTA: its queues that want a connection, in turn
        self._runnable: dict[str, dict[QueueName, Queue]] = {}
        self._open: Counter[str] = Counter()
        self._idle = 0
        self._gone: list[QueueEntry] = []
        self._recovered: list[QueueName] = []
        self._has_priorities = False  # any queue's is not the usual one
        self._reroutes = Reroutes(self._look, members_of)
        # Queues whose mail leaves, and for which one; None: the end of their reroute
        self._leaving: dict[QueueName, QueueName | None] = {}

    def __len__(self) -> int:
        """How many entries wait."""
        return sum(len(queue) for queue in self._queues.values()) + len(self._gone)

    @property
    def open(self) -> int:
        """How many connections are open."""
        return self._open.total()

    def status(self) -> list[QueueStatus]:
        """Every queue that is in use."""
        return [
            QueueStatus(queue.name, len(queue), queue.ready, queue.open, queue.retry_at)
            for queue in self._queues.values()
        ]

    def reason(self, name: QueueName, now: float) -> Reason | None:
        """Why a queue sends nothing; None when it may, or when nothing waits in it."""
        queue = self._queues.get(name)
        if queue is None or not len(queue):
            return None
        found = reason_of(queue, now)
        if found is not None:
            return found
        if (tried := self._vmtas.tried(name.vmta)) and not tried.room(now):
            return message_limit("max-smtp-msg-rate", tried.next_at(now))
        most = self._vmtas.max_smtp_out(name.vmta)
        if most and self._open[name.vmta] >= most and not queue.open:
            return Reason("all connections of its VirtualMTA are busy", "max-smtp-out")
        if self._total_max and self.open >= self._total_max and not queue.open:
            return Reason("all connections are busy", "total-max-smtp-out")
        return None

    def names(self) -> list[QueueName]:
        """The queues that are in use."""
        return list(self._queues)

    def limit(self, total_max_smtp_out: int) -> None:
        """Go on under other limits: connections, 0 for any number, and rates."""
        self._total_max = total_max_smtp_out
        self._vmtas.obey()

    def obey(self, name: QueueName, now: float) -> None:
        """Ask for the settings of a queue anew: they may have changed."""
        queue = self._queues.get(name)
        if queue is None:
            return
        settings = self._settings_for(name)
        if settings != queue.configured:
            queue.obey(settings)
            self._has_priorities |= settings.queue_priority != USUAL
            self._lead(queue)
        self._consider(queue, now)

    def add(self, entry: QueueEntry, now: float) -> None:
        """Offer a new or recovered entry from now on."""
        queue = self._queues.get(entry.queue)
        if queue is None or queue.is_led:
            entry.queue = self._reroutes.final(entry.queue)
            queue = self._queue(entry.queue)
        # The short ways here and in `take` save 11 of 15 us a message.
        if queue.add(entry, now):
            self._consider(queue, now)
        elif not self._is_runnable(queue.name):
            self._offer(queue, now)

    def move(self, name: QueueName, to: QueueName, now: float) -> None:
        """Hand all that waits in a queue to another; what is under way comes back."""
        queue = self._queue(name)
        queue.is_leaving = True
        self._leaving[name] = to
        self._consider(queue, now)

    def ready(self, now: float) -> list[QueueName]:
        """A queue's name for each connection to be opened, or woken, for it now."""
        self._advance(now)
        found: list[QueueName] = []
        total_room = self._total_max - self.open if self._total_max else NEVER
        opened: Counter[str] = Counter()
        for level in self._levels():
            for vmta, runnable in self._runnable.items():
                limit = self._vmtas.max_smtp_out(vmta)
                free = limit - self._open[vmta] - opened[vmta] if limit else NEVER
                if (tried := self._vmtas.tried(vmta)) and not tried.room(now):
                    continue
                room = min(total_room, free)
                for name, count, opening in self._turns(runnable, room, now, level):
                    found += [name] * count
                    total_room -= opening
                    opened[vmta] += opening
        return found

    def _levels(self) -> list[int]:
        """Priorities of the queues that want a connection, the highest first; PRI-1."""
        if not self._has_priorities:
            return [USUAL]
        queues = (one for some in self._runnable.values() for one in some.values())
        return sorted({one.settings.queue_priority for one in queues}, reverse=True)

    def opened(self, name: QueueName, now: float) -> None:
        """A connection is being opened for the queue; it will call `take`."""
        queue = self._queue(name)
        queue.pace.opened(now)
        queue.open += 1
        queue.starting += 1
        self._open[name.vmta] += 1
        self._consider(queue, now)

    def rested(self, name: QueueName, now: float) -> None:
        """A connection found nothing to take and waits for new mail."""
        queue = self._queue(name)
        queue.idle += 1
        self._idle += 1
        self._consider(queue, now)

    def woken(self, name: QueueName, now: float) -> None:
        """A resting connection goes on: it will call `take`."""
        queue = self._queue(name)
        queue.idle -= 1
        self._idle -= 1
        queue.starting += 1
        self._consider(queue, now)

    def closed(self, name: QueueName, now: float) -> None:
        """A connection that was not resting has ended."""
        queue = self._queue(name)
        queue.open -= 1
        queue.starting = min(queue.starting, queue.open - queue.idle)
        self._open[name.vmta] -= 1
        self._consider(queue, now)

    def hold(self, name: QueueName, until: float, now: float) -> None:
        """A limit lets no connection of the queue come about before then."""
        queue = self._queue(name)
        queue.connects_at = until
        self._consider(queue, now)

    def reserve(
        self, entry: QueueEntry, octets: int, source_ip: str, now: float
    ) -> bool:
        """Whether so many octets may be sent for a taken entry (LIM-2).

        If not it is back in its queue, which sends nothing until they may.
        """
        name = entry.queue
        queue = self._queue(name)
        own = self.sources.volume(name, source_ip)
        volumes = [
            one
            for one in (queue.volume, self._vmtas.volume(name.vmta), own)
            if one is not None
        ]
        for at, volume in enumerate(volumes):
            if volume.reserve(octets, now):
                continue
            for other in volumes[:at]:
                other.settle(octets, now, is_delivered=False)
            until = volume.next_at(octets, now)
            if volume is own:
                self.sources.hold(name, source_ip, until)
            else:
                queue.sends_at = until
                queue.held_by = self._rate_name(queue, volume)
            queue.give_back(entry, now)
            self._consider(queue, now)
            return False
        return True

    def transferred(
        self,
        name: QueueName,
        octets: int,
        source_ip: str,
        now: float,
        *,
        is_delivered: bool,
    ) -> None:
        """A transfer for which room was reserved has ended."""
        queue = self._queues.get(name)
        volumes = (
            queue.volume if queue else None,
            self._vmtas.volume(name.vmta),
            self.sources.volume(name, source_ip),
        )
        for volume in volumes:
            if volume is not None:
                volume.settle(octets, now, is_delivered=is_delivered)

    def take(
        self, name: QueueName, now: float, source_ip: str | None = None
    ) -> QueueEntry | None:
        """The next entry for a connection of the queue; it is out of the queue then.

        `source_ip` is that of the connection, None for mail that is not sent.
        """
        queue = self._queue(name)
        tried = self._vmtas.tried(name.vmta)
        is_free = tried is None or tried.room(now) > 0
        if source_ip is not None and is_free:
            is_free = self.sources.may_send(name, source_ip, now)
        entry = queue.take(now) if is_free else None
        if entry:
            if tried:
                tried.spend(now)
            if source_ip is not None:
                self.sources.tried(name, source_ip, now)
        queue.starting = max(0, queue.starting - 1)
        if self._is_runnable(name):  # it wants no more connections than before
            self._offer(queue, now)
        return entry

    def retry(self, entry: QueueEntry, now: float) -> None:
        """The recipient was answered 4xx: it waits its step of retry-after; RT-2."""
        queue = self._queue(entry.queue)
        queue.retry(entry, now)
        if queue.is_led:
            self._lead(queue)
        self._consider(queue, now)

    def put_back(self, entry: QueueEntry, now: float) -> None:
        """The queue could not deliver: the entry waits for the queue only."""
        queue = self._queue(entry.queue)
        queue.put_back(entry, now)
        if queue.is_led:
            self._lead(queue)
        self._consider(queue, now)

    def failed(self, name: QueueName, now: float, wait_s: float | None = None) -> None:
        """No connection came about: the queue is in retry mode; RT-1.

        It lasts `wait_s`, None for the next step of retry-after.
        """
        queue = self._queue(name)
        queue.fail(now, wait_s)
        self._consider(queue, now)

    def succeeded(self, name: QueueName, now: float) -> None:
        """A recipient was delivered: the retry mode ends; RT-1."""
        queue = self._queue(name)
        was_retrying = queue.retry_at
        queue.succeed()
        if queue.backoff and queue.configured.backoff_to_normal_after_delivery:
            self.recover(name, now)
        elif was_retrying:
            self._consider(queue, now)

    def slow_down(
        self, name: QueueName, now: float, after: float | None = None
    ) -> bool:
        """Put the queue into backoff mode; true when it was in normal mode (BK-1).

        `after` seconds end it, None: backoff-to-normal-after of its settings (BK-6).
        """
        queue = self._queue(name)
        has_changed = queue.slow_down(now, after)
        self._lead(queue)
        self._consider(queue, now)
        return has_changed

    def recover(self, name: QueueName, now: float) -> bool:
        """Put the queue into normal mode; true when it was in backoff mode (BK-1)."""
        queue = self._queue(name)
        has_changed = queue.recover()
        if has_changed:
            self._recovered.append(name)
        self._consider(queue, now)
        return has_changed

    def recovered(self) -> list[QueueName]:
        """The queues that have left backoff mode since this was asked last."""
        names, self._recovered = self._recovered, []
        return names

    def backoffs(self) -> dict[QueueName, Backoff]:
        """The queues in backoff mode; `resume` takes them back after a restart."""
        return {
            name: queue.backoff for name, queue in self._queues.items() if queue.backoff
        }

    def resume(self, backoffs: Mapping[QueueName, Backoff], now: float) -> None:
        """Put queues back into the backoff mode in which they were."""
        for name, backoff in backoffs.items():
            if backoff.until > now:
                queue = self._queue(name)
                queue.resume(backoff)
                self._lead(queue)
                self._consider(queue, now)

    def expired(self, now: float) -> list[QueueEntry]:
        """The entries older than bounce-after, each given out once; RT-4."""
        self._advance(now)
        gone, self._gone = self._gone, []
        return gone

    def next_wake(self, now: float) -> float | None:
        """When to ask again if nothing happens before, `now` for at once."""
        if self._gone or self._leaving:
            return now
        while self._wakes and self._wakes[0][0] != self._wakes[0][2].wake_at:
            heapq.heappop(self._wakes)
        full = self._vmtas.full(now)
        times = [until for vmta, until in full.items() if self._runnable.get(vmta)]
        if self._wakes:
            times.append(self._wakes[0][0])
        return min(times, default=None)

    def _rate_name(self, queue: Queue, volume: Volume) -> str:
        """The directive that bounds the octets of `volume`."""
        if volume is not queue.volume:
            return "max-smtp-data-volume-rate"
        is_twin = queue.backoff and queue.configured.backoff_max_data_volume_rate
        return "backoff-max-data-volume-rate" if is_twin else "max-data-volume-rate"

    def _look(self, name: QueueName) -> tuple[QueueSettings, bool]:
        queue = self._queues.get(name)
        if queue is None:
            return self._settings_for(name), False
        return queue.configured, queue.backoff is not None

    def _lead(self, queue: Queue) -> None:
        """Let the mail of a queue leave if its settings say so."""
        if queue.is_led and self._reroutes.final(queue.name) != queue.name:
            queue.is_leaving = True
            self._leaving[queue.name] = None

    def _pass_on(self, now: float) -> None:
        """Move a slice of what leaves; the rest is due at once."""
        for name, to in tuple(self._leaving.items()):
            queue = self._queue(name)
            is_staying = to is None and self._reroutes.final(name) == name
            for entry in () if is_staying else queue.release(MOVED_AT_ONCE):
                entry.queue = to or self._reroutes.final(name)
                other = self._queue(entry.queue)
                other.admit(entry, now)
                self._consider(other, now)
            if is_staying or not len(queue):
                queue.is_leaving = False
                del self._leaving[name]
            self._consider(queue, now)

    def _queue(self, name: QueueName) -> Queue:
        queue = self._queues.get(name)
        if queue is None:
            queue = self._queues[name] = Queue(name, self._settings_for(name))
            self._has_priorities |= queue.configured.queue_priority != USUAL
        return queue

    def _advance(self, now: float) -> None:
        """Look at every queue whose time has come."""
        if self._leaving:
            self._pass_on(now)
        while self._wakes and self._wakes[0][0] <= now:
            wake_at, _, queue = heapq.heappop(self._wakes)
            if wake_at != queue.wake_at:
                continue  # an earlier look made this one void
            queue.wake_at = NEVER
            if queue.backoff and queue.backoff.until <= now:
                queue.recover()
                self._recovered.append(queue.name)
            self._gone += queue.advance(now)
            self._consider(queue, now)

    def _consider(self, queue: Queue, now: float) -> None:
        """Put the queue where it belongs after any change of it."""
        self._offer(queue, now)
        wake_at = queue.next_at(now)
        if wake_at < queue.wake_at:
            queue.wake_at = wake_at
            heapq.heappush(self._wakes, (wake_at, next(self._order), queue))
            if len(self._wakes) > 2 * len(self._queues) + SLACK:
                self._compact()
        elif queue.is_unused(now):
            queue.wake_at = NEVER
            self._queues.pop(queue.name, None)

    def _is_runnable(self, name: QueueName) -> bool:
        return name in self._runnable.get(name.vmta, ())

    def _offer(self, queue: Queue, now: float) -> None:
        """Count the queue among those that want a connection, or not."""
        runnable = self._runnable.setdefault(queue.name.vmta, {})
        wake, fresh = queue.wanted(now)
        if wake or fresh:
            runnable.setdefault(queue.name, queue)
        else:
            runnable.pop(queue.name, None)

    def _turns(
        self, runnable: dict[QueueName, Queue], room: float, now: float, level: int
    ) -> list[tuple[QueueName, int, int]]:
        """(name, connections, how many of them are new); a queue served goes last."""
        turns: list[tuple[QueueName, int, int]] = []
        for name, queue in runnable.items():
            if room <= 0 and not self._idle:
                break
            if self._has_priorities and queue.settings.queue_priority != level:
                continue
            wake, fresh = queue.wanted(now)
            opening = int(min(fresh, max(0, room)))
            room -= opening
            if wake + opening:
                turns.append((name, wake + opening, opening))
        for name, _, _ in turns:
            runnable[name] = runnable.pop(name)
        return turns

    def _compact(self) -> None:
        """Drop the void wakes: they would stay, with their queues, until their time."""
        self._wakes = [
            (queue.wake_at, at, queue)
            for at, queue in enumerate(self._queues.values())
            if queue.wake_at != NEVER
        ]
        heapq.heapify(self._wakes)
        self._order = itertools.count(len(self._queues))
