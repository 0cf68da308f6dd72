"""`HOST:PORT` on the command line; an IPv6 address stands in brackets."""

from typing import NamedTuple

import typer


class Endpoint(NamedTuple):
    """Where to listen or connect."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def endpoint(text: str) -> Endpoint:
    """The endpoint that `text` names.

    Errors: `typer.BadParameter`, which says what would be right.
    """
    host, colon, number = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (colon and host and number.isdecimal() and int(number) < 65536):
        raise typer.BadParameter(f"{text!r} is not HOST:PORT")
    return Endpoint(host, int(number))
