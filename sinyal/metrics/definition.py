"""THE tables of metrics and dimensions: API, pages and documents read their rows.

Source: API metrics (definitions and formulas), API events (bounce classes).
"""

from enum import Enum

import msgspec

from sinyal.events.bounce_class import BOUNCE_CLASSES
from sinyal.metrics.condition import Condition


class Unit(Enum):
    """What a metric's number counts."""

    EVENTS = "events"
    MESSAGES = "messages"  # distinct ones
    OCTETS = "octets"


class Metric(msgspec.Struct, frozen=True):
    """One row. `condition` is the SQL of the events that make up the number.

    `less` is the condition of events that are taken off again.
    """

    name: str
    label: str
    condition: str
    meaning: str
    unit: Unit = Unit.EVENTS
    less: str = ""

    @property
    def aggregate(self) -> str:
        """The SQL of the number over any set of events."""
        if self.unit is Unit.MESSAGES:
            return f"uniqExactIf(message_id, {self.condition})"
        if self.unit is Unit.OCTETS:
            return f"sumIf(msg_size, {self.condition})"
        plain = f"countIf({self.condition})"
        return f"toInt64({plain}) - countIf({self.less})" if self.less else plain


class Rate(msgspec.Struct, frozen=True):
    """One row: a share, made of two metrics."""

    name: str
    label: str
    of: str
    part: str
    whole: str


class Dimension(msgspec.Struct, frozen=True):
    """One row: what a report can be grouped by."""

    name: str
    label: str

    def equals(self, value: str) -> Condition:
        """Events whose value is exactly this one."""
        bound = f"exact_{self.name}"
        return Condition(f"{self.text} = {{{bound}:String}}", {bound: value})

    @property
    def text(self) -> str:
        """The SQL of the value as text."""
        return f"toString({self.name})"


def _classes(group: str, *others: int) -> str:
    codes = [row.code for row in BOUNCE_CLASSES if row.group == group]
    return f"bounce_class IN ({', '.join(map(str, sorted([*codes, *others])))})"


# 26 came from older senders, 0 is a bounce without a class.
ADMIN = _classes("admin", 26)
HARD = _classes("hard")
BLOCK = _classes("block")
UNKNOWN = _classes("undetermined", 0)
FAILED = f"type = 'bounce' AND NOT {ADMIN}"
CAME_BACK = f"type = 'out_of_band' AND NOT {ADMIN}"
ALL_FAILED = f"type IN ('bounce', 'out_of_band') AND NOT {ADMIN}"
READ = "type IN ('initial_open', 'open', 'click')"
SOFT = f"NOT {HARD} AND NOT {BLOCK} AND NOT {UNKNOWN}"
SENT = f"type = 'delivery' OR ({FAILED})"

METRICS: tuple[Metric, ...] = (
    Metric("count_targeted", "Targeted",
           "type IN ('injection', 'policy_rejection')", "Everything handed in"),
    Metric("count_injected", "Injected", "type = 'injection'",
           "Accepted into the queue"),
    Metric("count_rejected", "Rejected", "type = 'policy_rejection'",
           "Refused before queueing"),
    Metric("count_sent", "Sent", SENT, "Attempts that came to an end"),
    Metric("count_delivered", "Delivered", "type = 'delivery'",
           "Accepted by the receiver"),
    Metric("count_delivered_first", "Delivered at once",
           "type = 'delivery' AND num_retries = 0", "Accepted at the first attempt"),
    Metric("count_delivered_subsequent", "Delivered later",
           "type = 'delivery' AND num_retries > 0", "Accepted after a deferral"),
    Metric("count_accepted", "Accepted", "type = 'delivery'",
           "Delivered and not bounced later", less="type = 'out_of_band'"),
    Metric("count_delayed", "Deferred", "type = 'delay'",
           "Refused for now; tried again"),
    Metric("count_delayed_first", "Deferred at first",
           "type = 'delay' AND num_retries = 0", "Refused at the first attempt"),
    Metric("count_bounce", "All bounces", ALL_FAILED,
           "In band and out of band, without those of our own policy"),
    Metric("count_inband_bounce", "Bounced", FAILED, "Refused during the delivery"),
    Metric("count_outofband_bounce", "Out-of-band", CAME_BACK,
           "Bounced after delivery"),
    Metric("count_hard_bounce", "Hard bounces", f"{ALL_FAILED} AND {HARD}",
           "The address does not exist"),
    Metric("count_soft_bounce", "Soft bounces", f"{ALL_FAILED} AND {SOFT}",
           "A passing failure that lasted"),
    Metric("count_block_bounce", "Blocks", f"{ALL_FAILED} AND {BLOCK}",
           "Sender or content refused"),
    Metric("count_undetermined_bounce", "Undetermined", f"{ALL_FAILED} AND {UNKNOWN}",
           "Reply of no known pattern"),
    Metric("count_admin_bounce", "Admin bounces",
           f"type IN ('bounce', 'out_of_band') AND {ADMIN}",
           "Failed by our own policy"),
    Metric("count_spam_complaint", "Complaints", "type = 'spam_complaint'",
           "Marked as spam by the recipient"),
    Metric("count_initial_rendered", "Initial opens", "type = 'initial_open'",
           "Top pixel was fetched"),
    Metric("count_unique_initial_rendered", "Unique initial opens",
           "type = 'initial_open'", "Messages whose top pixel was fetched",
           Unit.MESSAGES),
    Metric("count_rendered", "Opens", "type = 'open'", "Bottom pixel was fetched"),
    Metric("count_unique_rendered", "Unique opens", "type = 'open'",
           "Messages whose bottom pixel was fetched", Unit.MESSAGES),
    Metric("count_unique_confirmed_opened", "Confirmed opens", READ,
           "Messages with an open or a click", Unit.MESSAGES),
    Metric("count_clicked", "Clicks", "type = 'click'", "A link was followed"),
    Metric("count_unique_clicked", "Unique clicks", "type = 'click'",
           "Messages with a click", Unit.MESSAGES),
    Metric("total_msg_volume", "Volume", "type = 'delivery'",
           "Octets delivered", Unit.OCTETS),
)  # fmt: skip

RATES: tuple[Rate, ...] = (
    Rate("rate_delivered", "Delivery rate", "of sent", "count_delivered", "count_sent"),
    Rate("rate_inband_bounce", "Bounce rate", "of sent",
         "count_inband_bounce", "count_sent"),
    Rate("rate_delayed", "Deferral rate", "at first, of accepted",
         "count_delayed_first", "count_accepted"),
    Rate("rate_outofband_bounce", "Late bounce rate", "of delivered",
         "count_outofband_bounce", "count_delivered"),
    Rate("rate_spam_complaint", "Complaint rate", "of accepted",
         "count_spam_complaint", "count_accepted"),
    Rate("rate_opened", "Open rate", "of accepted",
         "count_unique_confirmed_opened", "count_accepted"),
    Rate("rate_clicked", "Click rate", "unique, of accepted",
         "count_unique_clicked", "count_accepted"),
)  # fmt: skip

DIMENSIONS: tuple[Dimension, ...] = (
    Dimension("campaign_id", "Campaign"),
    Dimension("ip_pool", "IP pool"),
    Dimension("sending_ip", "Sending IP"),
    Dimension("recipient_domain", "Recipient domain"),
    Dimension("sending_domain", "Sending domain"),
    Dimension("subaccount_id", "Subaccount"),
)

METRIC = {row.name: row for row in METRICS}
RATE = {row.name: row for row in RATES}
DIMENSION = {row.name: row for row in DIMENSIONS}
