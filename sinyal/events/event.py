"""A Signals event: what one line of an event file says; API events-ingest."""

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One event in the API's spelling of types; field meanings are in `fields.FIELDS`.

    Units: `timestamp` epoch seconds UTC, `queue_time` milliseconds, `msg_size` octets.
    Absent is the field's default: "" or 0.
    """

    type: str
    event_id: str
    timestamp: int
    message_id: str
    custom_message_id: str = ""
    recv_method: str = ""
    delv_method: str = ""
    rcpt_to: str = ""
    raw_rcpt_to: str = ""
    recipient_domain: str = ""
    routing_domain: str = ""
    msg_from: str = ""
    friendly_from: str = ""
    friendly_name: str = ""
    sending_domain: str = ""
    subject: str = ""
    campaign_id: str = ""
    binding: str = ""
    binding_group: str = ""
    ip_pool: str = ""
    sending_ip: str = ""
    ip_address: str = ""
    msg_size: int = 0
    num_retries: int = 0
    queue_time: int = 0
    outbound_tls: str = ""
    bounce_class: int = 0
    error_code: str = ""
    raw_reason: str = ""
    reason: str = ""
    fbtype: str = ""
    report_by: str = ""
    report_to: str = ""
    user_agent: str = ""
    target_link_url: str = ""
    target_link_name: str = ""
    open_tracking: bool = False
    initial_pixel: bool = False
    click_tracking: bool = False
    subaccount_id: int = 0
    node_name: str = ""
    customer_id: int = 0
