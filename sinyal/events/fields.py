"""THE table of event fields: one row per field; wire, store, search and docs read it.

Source: API events-ingest (field descriptions), seed (table of terms).
"""

from enum import Enum

import msgspec


class Kind(Enum):
    """What a field holds once an event is stored."""

    TEXT = "text"
    WORD = "word"  # text of a small vocabulary
    INTEGER = "integer"
    SWITCH = "switch"  # true or false
    TIME = "time"  # on the wire Unix seconds in a string


class Field(msgspec.Struct, frozen=True):
    """One row. `is_computed` marks what the service works out itself."""

    name: str
    kind: Kind
    meaning: str
    is_computed: bool = False


TEXT, WORD, INTEGER = Kind.TEXT, Kind.WORD, Kind.INTEGER
SWITCH, TIME = Kind.SWITCH, Kind.TIME

FIELDS: tuple[Field, ...] = (
    Field("type", WORD, "Event type, in the API's spelling"),
    Field("event_id", TEXT, "Identity of the event, unique for ever"),
    Field("timestamp", TIME, "When it happened"),
    Field("message_id", TEXT, "Identity of the recipient copy, 20 hex digits"),
    Field("custom_message_id", TEXT, "The sender's own message identity"),
    Field("recv_method", WORD, "How the message was injected"),
    Field("delv_method", WORD, "How the message was delivered"),
    Field("rcpt_to", TEXT, "Recipient address in lower case"),
    Field("raw_rcpt_to", TEXT, "Recipient address as given"),
    Field("recipient_domain", WORD, "Domain of the recipient", is_computed=True),
    Field("routing_domain", WORD, "Domain the message was routed to"),
    Field("msg_from", TEXT, "Envelope sender"),
    Field("friendly_from", TEXT, "Address of the Sender or From header"),
    Field("friendly_name", TEXT, "Display name of the From header"),
    Field("sending_domain", WORD, "Domain of friendly_from", is_computed=True),
    Field("subject", TEXT, "Subject, decoded"),
    Field("campaign_id", WORD, "Job id of the MTA"),
    Field("binding", WORD, "VirtualMTA"),
    Field("binding_group", WORD, "VirtualMTA pool"),
    Field("ip_pool", WORD, "VirtualMTA pool"),
    Field("sending_ip", WORD, "Local address of the delivery"),
    Field("ip_address", TEXT, "Remote address: receiving host, or browser"),
    Field("msg_size", INTEGER, "Octets delivered"),
    Field("num_retries", INTEGER, "Attempts made before this one"),
    Field("queue_time", INTEGER, "Milliseconds between injection and this event"),
    Field("outbound_tls", WORD, "1 delivered over TLS, 0 in the clear"),
    Field("bounce_class", INTEGER, "Bounce classification code"),
    Field("error_code", WORD, "SMTP code of the remote reply"),
    Field("raw_reason", TEXT, "Remote reply as received"),
    Field("reason", TEXT, "Remote reply with addresses masked"),
    Field("fbtype", WORD, "Feedback type of a complaint"),
    Field("report_by", WORD, "Who sent the complaint report"),
    Field("report_to", TEXT, "Where the complaint report was sent"),
    Field("user_agent", TEXT, "Browser or mail program"),
    Field("target_link_url", TEXT, "Where a clicked link leads"),
    Field("target_link_name", WORD, "Name of a clicked link"),
    Field("open_tracking", SWITCH, "Open pixels were put in"),
    Field("initial_pixel", SWITCH, "The top pixel was put in"),
    Field("click_tracking", SWITCH, "Links were wrapped"),
    Field("subaccount_id", INTEGER, "Subaccount, 0 the primary account"),
    Field("node_name", WORD, "Host name of the MTA"),
    Field("customer_id", INTEGER, "Account of the API key", is_computed=True),
)


class EventType(msgspec.Struct, frozen=True):
    """One row per event type: its spelling in searches and on the ingest wire."""

    name: str
    wire: str
    envelope: str
    meaning: str


EVENT_TYPES: tuple[EventType, ...] = (
    EventType("injection", "reception", "message_event", "Accepted into the queue"),
    EventType("delivery", "delivery", "message_event", "Accepted by the receiver"),
    EventType("bounce", "inband", "message_event", "Refused by the receiver"),
    EventType("delay", "tempfail", "message_event", "Refused for now"),
    EventType("out_of_band", "outofband", "message_event", "Bounced after delivery"),
    EventType("spam_complaint", "feedback", "message_event", "Marked as spam"),
    EventType("policy_rejection", "rejection", "message_event", "Refused on injection"),
    EventType("initial_open", "initial_open", "track_event", "Top pixel was fetched"),
    EventType("open", "open", "track_event", "Bottom pixel was fetched"),
    EventType("click", "click", "track_event", "A wrapped link was followed"),
)
