"""AUTH as a client says it, by the best mechanism in common; RFC 4954, 2195."""

from collections.abc import Awaitable, Callable

from sinyal.smtp import sasl
from sinyal.smtp.reply import Reply, reply

NO_MECHANISM = reply(504, "5.5.4 no authentication mechanism in common")

# (what is sent, what a log may show of it)
Ask = Callable[[bytes, bytes], Awaitable[Reply]]


async def login(
    ask: Ask, offered: str, user: str, password: str, mechanism: str = ""
) -> Reply:
    """The last reply to AUTH; `offered` is what EHLO named, "" for `mechanism` any."""
    names = offered.upper().split()
    wanted = (mechanism,) if mechanism else sasl.MECHANISMS
    chosen = next((name for name in wanted if name in names), "")
    if chosen == "CRAM-MD5":
        return await _cram_md5(ask, user, password)
    if chosen == "LOGIN":
        return await _login(ask, user, password)
    if chosen == "PLAIN":
        response = sasl.encode(sasl.plain_response(user, password))
        return await ask(f"AUTH PLAIN {response}\r\n".encode(), b"AUTH PLAIN ***\r\n")
    return NO_MECHANISM


async def _cram_md5(ask: Ask, user: str, password: str) -> Reply:
    start = b"AUTH CRAM-MD5\r\n"
    answer = await ask(start, start)
    if answer.code != 334:
        return answer
    challenge = sasl.decode(answer.text) or b""
    response = sasl.encode(sasl.cram_md5_response(user, password, challenge))
    return await ask(response.encode() + b"\r\n", b"***\r\n")


async def _login(ask: Ask, user: str, password: str) -> Reply:
    start = b"AUTH LOGIN\r\n"
    answer = await ask(start, start)
    for word in (user, password):
        if answer.code != 334:
            break
        octets = sasl.encode(word.encode()).encode() + b"\r\n"
        answer = await ask(octets, b"***\r\n")
    return answer
