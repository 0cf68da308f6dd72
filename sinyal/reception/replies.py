"""What reception answers, a row each; RFC 5321 4.2, 4954 6, 5248, rules SRC AUTH RLY.

Every text is one that an operator can search for in a log.
"""

from sinyal.smtp.reply import Reply, reply

MAX_QUOTED = 400  # octets of a peer's command in a reply; RFC 5321 4.5.3.1.5

SENDER_OK = reply(250, "2.1.0 sender ok")
RECIPIENT_OK = reply(250, "2.1.5 recipient ok")
VARIABLES_OK = reply(250, "2.1.0 variables ok")
ACKNOWLEDGED = reply(250, "2.0.0 ok")
RESET = reply(250, "2.0.0 reset")
NOOP = reply(250, "2.0.0 ok")
VERIFY = reply(252, "2.1.5 send some mail and see")
HELP = reply(214, "2.0.0 see RFC 5321")
QUIT = reply(221, "2.0.0 goodbye")
START_DATA = reply(354, "send the message, end with CRLF.CRLF")
START_PART = reply(354, "send the part, end with CRLF.CRLF")
PART_RECEIVED = reply(250, "2.6.0 part received")
MESSAGE_RECEIVED = reply(250, "2.6.0 message received")

START_TLS = reply(220, "2.0.0 ready to start TLS")
NO_TLS = reply(502, "5.5.1 STARTTLS is not offered")

LOGGED_IN = reply(235, "2.7.0 authentication successful")
LOGIN_FAILED = reply(535, "5.7.8 authentication failed")
LOGIN_LOCKED = reply(454, "4.7.0 too many failed logins from your address, try later")
LOGIN_UNAVAILABLE = reply(454, "4.7.0 temporary authentication failure")
LOGIN_REQUIRED = reply(530, "5.7.0 authentication required")
NO_LOGIN = reply(502, "5.5.1 AUTH is not offered")
UNKNOWN_MECHANISM = reply(504, "5.5.4 unknown authentication mechanism")
NEEDS_TLS = reply(538, "5.7.11 encryption required for this mechanism")

TOO_MANY_CONNECTIONS = reply(421, "4.3.2 too many connections, try again later")
GROUP_FULL = reply(421, "4.3.2 too many connections of your source-group, try later")
ADDRESS_FULL = reply(421, "4.7.0 too many connections from your address, try later")
SHORT_OF_MEMORY = reply(452, "4.3.2 Server resources temporarily exhausted")
TOO_MANY_RECIPIENTS = reply(452, "4.5.3 too many recipients")
MESSAGE_OVERFULL = reply(550, "5.5.3 too many recipients, none of them gets it")
TOO_MANY_HOPS = reply(554, "5.4.6 too many Received headers, a mail loop")
NO_STORAGE = reply(451, "4.3.0 the message could not be stored, try again later")
NO_SUCH_LOGIN = reply(550, "5.7.8 XCLIENT names no user of this server")

# Recipients that are taken only to be bounced (SRC-11).
BAD_RECIPIENT = reply(550, "5.1.3 bad recipient address syntax")

# The connection ends and nothing is said (SRC-8): a reply of no lines.
SILENCE = Reply(421, ())


def ready(host_name: str, version: str) -> Reply:
    """The greeting of a source that is served (SRC-6)."""
    return reply(220, f"{host_name} (sinyal v{version}) ESMTP service ready")


def not_served(host_name: str) -> Reply:
    """The greeting of a source with smtp-service no (SRC-6)."""
    return reply(521, f"{host_name} does not accept mail from you")


def hello(host_name: str) -> Reply:
    """The first line of what EHLO and HELO are answered."""
    return reply(250, f"{host_name} says hello")


def relaying_denied(command: str, *, is_debugged: bool = False) -> Reply:
    """The refusal that the seed shows, `command` being what the peer sent (RLY-2)."""
    code = "450 4.7.1" if is_debugged else "550 5.7.1"
    quoted = command[:MAX_QUOTED]
    text = f'{code[4:]} relaying denied for recipient in "{quoted}"'
    return reply(int(code[:3]), text)


def suppressed(name: str, address: str) -> Reply:
    """The refusal of a recipient that a suppression list holds (SUP-2)."""
    quoted = address[:MAX_QUOTED]
    text = f'5.7.1 recipient is in suppression list "{name}": <{quoted}>'
    return reply(550, text)


def no_virtual_mta(name: str) -> Reply:
    """The refusal of a VirtualMTA that is not configured (VM-5)."""
    shown = "".join(c if " " <= c <= "~" else "?" for c in name[:80])
    return reply(554, f'5.5.0 there is no VirtualMTA "{shown}"')


def bad_header(name: str) -> Reply:
    """The refusal of a message whose field `name` cannot be obeyed (SCH-1)."""
    return reply(550, f"5.6.0 the {name} header cannot be understood")
