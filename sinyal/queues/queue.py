"""One queue: who waits for a connection, who waits for a time, who waits to expire."""

import heapq
import itertools
from collections import deque
from collections.abc import Sequence

from sinyal.mail.envelope import QueueEntry, QueueName
from sinyal.mail.schedule import last_end, next_open
from sinyal.queues.lane import USUAL, Lane, Ranked
from sinyal.queues.limits import NEVER, Pace
from sinyal.queues.mode import Backoff, QueueSettings, entered, in_force
from sinyal.queues.reroute import is_led
from sinyal.queues.volume import volume_of

# An entry that has waited this long gets a connection of its own although fewer entries
# wait than connections are open: those may all hang in a slow transaction.
PATIENCE_S = 1.0
FORGET_S = 600.0  # what an empty queue has done is looked at that often
FORMER = -1.0  # the step of what waits under settings that hold no longer


class Queue:
    """The entries of one domain and VirtualMTA, and the connections that serve them.

    `_lanes` hold what waits for a connection alone, `_steps` a deque per back-off step:
    due times rise along it because all its entries wait equally long. What will expire
    before its next time goes to `_doomed`, ranked by age. So the head of each tells
    when the queue has to act next.
    `settings` are those that hold in its mode, `configured` those of both modes.
    Units: every time is epoch seconds.
    """

    def __init__(self, name: QueueName, settings: QueueSettings) -> None:
        self.name = name
        self.configured = settings
        self.settings = in_force(settings, None)
        self.backoff: Backoff | None = None  # None in normal mode
        self.pace = Pace(settings)
        self.open = 0  # connections, those included that are being opened
        self.idle = 0  # open ones that wait for new mail
        self.starting = 0  # open ones that are about to ask for an entry
        self.connects_at = 0.0  # no connection is opened before
        self.sends_at = 0.0  # nothing is sent before
        self.held_by = ""  # the directive that says so
        self.volume = volume_of(self.settings.max_data_volume_rate)
        self.is_leaving = False  # its mail goes to another queue
        self.retry_at = 0.0  # end of the retry mode, 0 outside of it
        self.wake_at = NEVER  # when `Queues` looks at it next
        self.is_led = is_led(self.settings, is_slow=False)
        self._waits = 0  # of the retry mode since the last success; RT-1
        self._usual = Lane()
        self._lanes = {USUAL: self._usual}  # by priority, the highest first
        self._steps: dict[float, deque[QueueEntry]] = {}
        self._waiting = 0  # entries in `_steps`
        self._doomed: list[Ranked] = []
        self._closed: list[Ranked] = []  # those with a time of their own, by it
        self._order = itertools.count()

    def __len__(self) -> int:
        idle = len(self._doomed) + len(self._closed)
        return self.ready + self._waiting + idle

    @property
    def ready(self) -> int:
        """Entries that wait for nothing but a connection."""
        if len(self._lanes) == 1:  # in one step, as every message comes by here
            return len(self._usual.fresh) + len(self._usual.due)
        return sum(map(len, self._lanes.values()))

    def is_unused(self, now: float) -> bool:
        """Whether nothing is lost with it."""
        is_idle = not (self.open or len(self)) and self.retry_at <= now
        is_fast = self.backoff is None and self.pace.is_forgotten(now)
        return is_idle and is_fast and not (self.volume and self.volume.is_spent(now))

    def slow_down(self, now: float, after: float | None) -> bool:
        """Enter backoff mode, for `after` seconds at most; false when it is in it.

        It does not make the queue wait: BK-6.
        """
        if self.backoff is not None:
            return False
        self.resume(entered(self.configured, now, after))
        return True

    def resume(self, backoff: Backoff) -> None:
        """Go on in a backoff mode that has begun before."""
        self.backoff = backoff
        self.obey(self.configured)

    def recover(self) -> bool:
        """Back to normal mode; false when it was in it."""
        if self.backoff is None:
            return False
        self.backoff = None
        self.obey(self.configured)
        return True

    def obey(self, settings: QueueSettings) -> None:
        """Go on under other settings: what waits keeps its time, its end is new."""
        self.configured = settings
        is_end_new = settings.bounce_after != self.settings.bounce_after
        self.settings = in_force(settings, self.backoff)
        self.is_led = is_led(settings, is_slow=self.backoff is not None)
        self.pace.obey(self.settings)
        self.volume = volume_of(self.settings.max_data_volume_rate, self.volume)
        if not is_end_new:
            return
        waiting = [entry for step in self._steps.values() for entry in step]
        waiting += [entry for _, _, entry in self._doomed]
        self._steps, self._doomed, self._waiting = {}, [], 0
        for entry in sorted(waiting, key=lambda one: one.due_at):
            if self._expires_at(entry) <= entry.due_at:
                self._rank(self._doomed, entry)
            else:
                self._steps.setdefault(FORMER, deque()).append(entry)
                self._waiting += 1

    def add(self, entry: QueueEntry, now: float) -> bool:
        """Offer `entry` from now on; true when the queue may have to act earlier.

        New mail wakes no queue in retry mode, unless retry-upon-new-mail; RT-3.
        """
        entry.due_at = now
        if self.retry_at and self.settings.retry_upon_new_mail:
            self.retry_at = 0.0
        if entry.schedule:
            self._wait_for_window(entry, now)
            return True
        fresh = self._lane(entry).fresh
        if fresh and _age(fresh[-1]) <= _age(entry):
            fresh.append(entry)
            return False
        if fresh:
            self._offer(entry)
        else:
            fresh.append(entry)
        return True

    def admit(self, entry: QueueEntry, now: float) -> None:
        """Take an entry of another queue: it goes on waiting as it did there."""
        if entry.due_at <= now:
            self.add(entry, now)
        elif self._expires_at(entry) <= entry.due_at:
            self._rank(self._doomed, entry)
        else:
            heapq.heappush(self._closed, (entry.due_at, next(self._order), entry))

    def release(self, count: int) -> list[QueueEntry]:
        """Out of the queue: `count` entries, in no matter what state."""
        found: list[QueueEntry] = []
        while self.ready and len(found) < count:
            found.append(self._first())
        for ranked in (self._closed, self._doomed):
            while ranked and len(found) < count:
                found.append(heapq.heappop(ranked)[2])
        for step_s, waiting in tuple(self._steps.items()):
            while waiting and len(found) < count:
                found.append(waiting.popleft())
                self._waiting -= 1
            if not waiting:
                del self._steps[step_s]
        return found

    def retry(self, entry: QueueEntry, now: float) -> None:
        """Count an attempt and offer `entry` again after its back-off step; RT-2."""
        step_s = _nth(self.settings.retry_after, entry.attempts)
        wait_s = max(step_s, self.settings.retry_recipients_after)
        entry.attempts += 1
        entry.due_at = now + wait_s
        if entry.schedule:
            self._wait_for_window(entry, now)
            return
        waiting = self._steps.get(wait_s)
        if waiting and waiting[-1].due_at > entry.due_at:  # the clock was set back
            entry.due_at = waiting[-1].due_at
        if self._expires_at(entry) <= entry.due_at:
            self._rank(self._doomed, entry)
            return
        if waiting is None:
            waiting = self._steps[wait_s] = deque()
        waiting.append(entry)
        self._waiting += 1

    def put_back(self, entry: QueueEntry, now: float) -> None:
        """Count an attempt and offer `entry` as soon as the queue can deliver."""
        entry.attempts += 1
        entry.due_at = now
        if entry.schedule:
            self._wait_for_window(entry, now)
        else:
            self._offer(entry)

    def give_back(self, entry: QueueEntry, now: float) -> None:
        """Offer an entry again that was taken and not tried."""
        entry.due_at = now
        self._offer(entry)

    def _wait_for_window(self, entry: QueueEntry, now: float) -> None:
        """Offer `entry` at its due time, or when its next window opens; SCH-2, SCH-3.

        Without another window it waits for the end of the last one, and expires.
        """
        opens_at = next_open(entry.schedule, entry.due_at)
        if opens_at is None:
            entry.due_at = last_end(entry.schedule)
            self._rank(self._doomed, entry)
            return
        entry.due_at = opens_at
        if opens_at <= now:
            self._offer(entry)
        else:
            heapq.heappush(self._closed, (opens_at, next(self._order), entry))

    def fail(self, now: float, wait_s: float | None = None) -> None:
        """Enter the retry mode, once for all connections that fail alike; RT-1.

        It lasts `wait_s`, None for the next step of retry-after.
        """
        if self.retry_at > now:
            return
        if wait_s is not None:
            self.retry_at = now + wait_s
        else:
            self.retry_at = now + _nth(self.settings.retry_after, self._waits)
            self._waits += 1

    def succeed(self) -> None:
        """Leave the retry mode and start its list anew; RT-1."""
        self.retry_at = 0.0
        self._waits = 0

    def take(self, now: float) -> QueueEntry | None:
        """The entry that has been offered longest and is not expired.

        None too while max-msg-rate leaves no room.
        """
        self._sweep(now)
        if self.sends_at > now or self.is_leaving:
            return None
        while self.ready and self.pace.message_room(now) > 0:
            entry = self._first()
            if entry.schedule and next_open(entry.schedule, now) != now:
                entry.due_at = now  # its window closed while it waited
                self._wait_for_window(entry, now)
                continue
            self.pace.tried(now)
            return entry
        return None

    def _first(self) -> QueueEntry:
        """The next entry, out of the queue: of the highest priority; there is one."""
        if len(self._lanes) == 1 and not self._usual.due:
            return self._usual.fresh.popleft()
        lane = next(lane for lane in self._lanes.values() if lane)
        entry = lane.first()
        if not lane and lane is not self._usual:
            self._lanes = {
                at: one for at, one in self._lanes.items() if one is not lane
            }
        return entry

    def _lane(self, entry: QueueEntry) -> Lane:
        priority = entry.envelope.recipients[entry.index].priority
        lane = self._lanes.get(priority)
        if lane is None:
            lanes = {**self._lanes, priority: Lane()}
            self._lanes = dict(sorted(lanes.items(), reverse=True))
            lane = self._lanes[priority]
        return lane

    def _offer(self, entry: QueueEntry) -> None:
        """Offer an entry that has waited already."""
        self._rank(self._lane(entry).due, entry)

    def advance(self, now: float) -> list[QueueEntry]:
        """Offer what is due; give out what is older than bounce-after; RT-4."""
        for waiting in self._steps.values():
            while waiting and waiting[0].due_at <= now:
                self._offer(waiting.popleft())
                self._waiting -= 1
        while self._closed and self._closed[0][0] <= now:
            self._offer(heapq.heappop(self._closed)[2])
        self._sweep(now)
        gone: list[QueueEntry] = []
        while self._doomed and self._expires_at(self._doomed[0][2]) <= now:
            gone.append(heapq.heappop(self._doomed)[2])
        return gone

    def wanted(self, now: float) -> tuple[int, int]:
        """How many idle connections to wake and how many to open now."""
        need = min(self.ready, self.pace.message_room(now)) - self.starting
        if need <= 0 or max(self.retry_at, self.sends_at) > now or self.is_leaving:
            return 0, 0
        wake = int(min(need, self.idle))
        need -= wake
        room = (self.settings.max_smtp_out or NEVER) - self.open
        room = min(room, self.pace.connect_room(now))
        if self.connects_at > now:
            room = 0
        if self._head_due_at() + PATIENCE_S > now:
            need -= self.open - self.idle - self.starting
        return wake, int(max(0, min(need, room)))

    def next_at(self, now: float) -> float:
        """When the queue has to be looked at again, if nothing happens before."""
        times = [waiting[0].due_at for waiting in self._steps.values() if waiting]
        if self._closed:
            times.append(self._closed[0][0])
        if self._doomed:
            times.append(self._expires_at(self._doomed[0][2]))
        for lane in self._lanes.values():
            times += [self._expires_at(entry) for entry in lane.heads()]
        if self.backoff is not None:
            times.append(self.backoff.until)
        if self.retry_at > now:
            times.append(self.retry_at)
        elif self.ready:
            times.append(self._room_at(now))
        if not times and not self.open and not self.is_unused(now):
            times.append(now + FORGET_S)
        return min(times, default=NEVER)

    def _room_at(self, now: float) -> float:
        """When an entry that waits may get a connection which it does not get now."""
        at = max(self.pace.message_at(now), self.sends_at)
        if not self.idle:
            at = max(at, self.pace.connect_at(now), self.connects_at)
        if at > now:
            return at
        patience_at = self._head_due_at() + PATIENCE_S if self.open else NEVER
        return patience_at if patience_at > now else NEVER

    def _head_due_at(self) -> float:
        """When the entry was offered that would be taken next; there is one."""
        lanes = self._lanes.values()
        return min(entry.due_at for lane in lanes for entry in lane.heads())

    def _sweep(self, now: float) -> None:
        for lane in self._lanes.values():
            fresh, due = lane.fresh, lane.due
            while fresh and self._expires_at(fresh[0]) <= now:
                self._rank(self._doomed, fresh.popleft())
            while due and self._expires_at(due[0][2]) <= now:
                self._rank(self._doomed, heapq.heappop(due)[2])

    def _rank(self, ranked: list[Ranked], entry: QueueEntry) -> None:
        # By what ends first: that is by age, as all but scheduled entries live as long.
        rank = self._expires_at(entry) - self.settings.bounce_after
        heapq.heappush(ranked, (rank, next(self._order), entry))

    def _expires_at(self, entry: QueueEntry) -> float:
        """When the entry is bounced: windows outrank bounce-after; RT-4, SCH-3."""
        if entry.schedule:
            return last_end(entry.schedule)
        return entry.envelope.received_at + self.settings.bounce_after


def _age(entry: QueueEntry) -> float:
    return entry.envelope.received_at


def _nth(waits_s: Sequence[float], at: int) -> float:
    """The wait after attempt `at`, counted from 0; the last one repeats."""
    return waits_s[min(at, len(waits_s) - 1)]
