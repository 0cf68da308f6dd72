"""Text into values of accounting and of event upload; guide 3.3.11, 10.1.

Every function takes what follows a directive's name, comment removed, and raises
`BadValue` when that is not such a value.
"""

import re

from sinyal.config.grammar import words
from sinyal.config.problem import BadValue
from sinyal.config.values import SWITCHES, boolean, items, word
from sinyal.config.vocabulary import EnableSignals, RecordFields

# Long and short names of accounting records; guide 11.2.
RECORD_TYPES = {
    "d": "d",
    "delivery": "d",
    "b": "b",
    "bounce": "b",
    "t": "t",
    "transient": "t",
    "tq": "tq",
    "transient-queue": "tq",
    "r": "r",
    "receipt": "r",
    "received": "r",
    "rb": "rb",
    "remote-bounce": "rb",
    "rs": "rs",
    "remote-status": "rs",
    "f": "f",
    "feedback-loop": "f",
    "fbl": "f",
}
# How many words may follow a privacy policy.
PRIVACY = {
    "retain": (0,),
    "redact": (0, 1),
    "siphash": (1,),
    "siphash-hexkey": (1,),
    "hmac-sha256": (1,),
    "hmac-sha256-hexkey": (1,),
}
SUBACCOUNT = re.compile(r"true,(?:subaccount=)?(\d{1,9})")


def privacy(text: str) -> str:
    """How addresses are hidden; guide 3.3.11.16. The key is told to nobody."""
    method, *rest = words(text) or [""]
    if len(rest) not in PRIVACY.get(method.lower(), ()):
        raise BadValue("not retain, redact, siphash, siphash-hexkey or hmac-sha256")
    return text


def record_types(text: str) -> tuple[str, ...]:
    """Letters of accounting records in the order written; guide 3.3.11.11."""
    return tuple(dict.fromkeys(_record_type(name) for name in items(text)))


def _record_type(name: str) -> str:
    found = RECORD_TYPES.get(name.lower())
    if found is None:
        raise BadValue(f'"{name[:40]}" is not a record type')
    return found


def record_fields(text: str) -> RecordFields:
    """`TYPE FIELD[,FIELD...]`; guide 3.3.11.12."""
    record, *rest = text.split(None, 1) or [""]
    if not rest:
        raise BadValue("the fields are missing")
    return RecordFields(_record_type(record), items(rest[0]))


def enable_signals(text: str) -> EnableSignals:
    """`true[,subaccount=N]`, `false`, or the name of a filter; guide 10.1.4.1.1."""
    plain = ",".join(items(text))
    switch = SWITCHES.get(plain.lower())
    if switch is not None:
        return EnableSignals(switch)
    if "," not in plain and plain:
        return EnableSignals(enabled=False, filter_name=plain)
    found = SUBACCOUNT.fullmatch(plain.lower().replace("yes,", "true,", 1))
    if found is None:
        raise BadValue(f'"{plain[:40]}" is not a Signals switch')
    return EnableSignals(enabled=True, subaccount_id=int(found[1]))


def api_key(text: str) -> str:
    """40 hex digits; guide 10.1.4.2.1."""
    found = word(text)
    if not re.fullmatch(r"[0-9A-Fa-f]{40}", found):
        raise BadValue(f"the key has {len(found)} characters, not 40 hex digits")
    return found


def http_url(text: str) -> str:
    """An absolute http or https URL."""
    found = word(text)
    if re.match(r"\w+://[^/\s]*@", found):
        raise BadValue("the URL has a user name or a password in it", "leave it out")
    if not re.fullmatch(r"https?://[^/\s?#@]+(?:/\S*)?", found):
        raise BadValue(f'"{found[:40]}" is not an http or https URL')
    return found


def engagement(text: str) -> str:
    """`yes`, `no` or `sparkpost` (pixels and links by this server); seed."""
    found = word(text).lower()
    if found == "sparkpost":
        return found
    return "yes" if boolean(text) else "no"
