"""The body of a request to the Transmissions API; guide 10.19, rules API-2, API-4.

Names are those of SparkPost's API as far as PowerMTA takes them; any other name is an
error that says where it stands. Words of an error name the place as a caller writes it:
`recipients[3].address`.
"""

import re
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from sinyal.mail.job import safe_job_id

MAX_MESSAGE_ID = 512  # characters; guide 10.1
Text = Annotated[str, msgspec.Meta(max_length=1000)]


class BadBody(Exception):
    """What is wrong with a body, for the caller to read."""


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`options`."""

    smtputf8: bool = False


class Content(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`content`: a whole message."""

    email_rfc822: str


class Address(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An address that is written as an object."""

    email: Text


class Substitution(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may stand in `substitution_data` (API-4)."""

    custom_message_id: str = msgspec.field(name="*custommessageid", default="")


class ApiRecipient(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of `recipients`."""

    address: Text | Address
    return_path: Text | UnsetType = UNSET
    substitution_data: Substitution = Substitution()

    @property
    def email(self) -> str:
        address = self.address
        return address.email if isinstance(address, Address) else address


class _Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    recipients: list[msgspec.Raw]
    content: Content
    return_path: Text | UnsetType = UNSET
    campaign_id: Annotated[str, msgspec.Meta(max_length=255)] = ""
    options: Options = Options()


class Transmission(msgspec.Struct, frozen=True):
    """A request that says all it must; `return_path` "" where recipients have it."""

    recipients: tuple[ApiRecipient, ...]
    content: bytes
    return_path: str = ""
    campaign_id: str = ""
    is_utf8: bool = False


_WHOLE = msgspec.json.Decoder(_Body)
_RECIPIENT = msgspec.json.Decoder(ApiRecipient)
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`", re.DOTALL)
_PLACE = re.compile(r"(.*) - at `\$\.?(.*)`", re.DOTALL)
BARE_CR = re.compile(rb"\r(?!\n)")


def read(body: bytes) -> Transmission:
    """The transmission in a body. Errors: BadBody."""
    try:
        whole = _WHOLE.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadBody(_told(str(error), "")) from error
    if not whole.recipients:
        raise BadBody("recipients: at least one is needed")
    if safe_job_id(whole.campaign_id) != whole.campaign_id:
        raise BadBody("campaign_id: holds a character that no job id may have")
    recipients = tuple(_recipient(raw, at) for at, raw in enumerate(whole.recipients))
    return_path = "" if whole.return_path is UNSET else whole.return_path
    if whole.return_path == "":
        raise BadBody("return_path: is empty")
    for at, one in enumerate(recipients):
        if not (return_path if one.return_path is UNSET else one.return_path):
            raise BadBody(f"recipients[{at}].return_path: neither here nor above it")
    return Transmission(
        recipients,
        _content(whole.content.email_rfc822),
        return_path,
        whole.campaign_id,
        whole.options.smtputf8,
    )


def _recipient(raw: msgspec.Raw, at: int) -> ApiRecipient:
    place = f"recipients[{at}]"
    try:
        found = _RECIPIENT.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadBody(_told(str(error), place)) from error
    message_id = found.substitution_data.custom_message_id
    if len(message_id) > MAX_MESSAGE_ID or not (
        message_id.isascii() and message_id.isprintable()
    ):
        wanted = f"up to {MAX_MESSAGE_ID} printable ASCII characters"
        raise BadBody(f"{place}.substitution_data.*custommessageid: {wanted}")
    return found


def _content(text: str) -> bytes:
    """The message with CRLF line ends, which LF alone stands for."""
    octets = text.encode()
    if BARE_CR.search(octets):
        raise BadBody("content.email_rfc822: a CR stands without LF")
    octets = octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    if not octets:
        raise BadBody("content.email_rfc822: is empty")
    return octets if octets.endswith(b"\r\n") else octets + b"\r\n"


def _told(message: str, place: str) -> str:
    """What the decoder says, behind the place in the caller's words."""
    if found := _PLACE.fullmatch(message):
        message, inner = found[1], found[2].replace("[...]", "")
        place = f"{place}.{inner}" if place and inner else place or inner
    for pattern, words in ((_UNKNOWN, "is not supported"), (_MISSING, "is missing")):
        if named := pattern.fullmatch(message):
            name = named[1][:100]
            return f"{place}.{name}: {words}" if place else f"{name}: {words}"
    return f"{place}: {message}" if place else message


def explained(errors: list[tuple[str, str]]) -> bytes:
    """The body of a refusal: messages with their descriptions (API-3)."""
    rows: list[dict[str, Any]] = [
        {"message": message, "description": description}
        for message, description in errors
    ]
    return msgspec.json.encode({"errors": rows})


def counted(accepted: int, rejected: int) -> bytes:
    """The body of a 200 (API-3)."""
    return msgspec.json.encode({
        "results": {
            "total_accepted_recipients": accepted,
            "total_rejected_recipients": rejected,
        }
    })
