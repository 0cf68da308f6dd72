"""Injection over HTTP: the Transmissions API; guide 10.19, rules API-1 to API-4."""

import asyncio
import hmac

import msgspec

from sinyal.config.settings import SourceSettings, TransmissionsApi
from sinyal.reception.acceptance import accept
from sinyal.reception.door import Door
from sinyal.reception.transaction import Feeder
from sinyal.reception.transmissions_body import (
    BadBody,
    Transmission,
    counted,
    explained,
    read,
)
from sinyal.reception.transmissions_envelope import admitted
from sinyal.runtime.http_server import Head, Response
from sinyal.runtime.smtp_dialog import Peer
from sinyal.smtp.reply import Reply

PATH = "/api/v1/transmissions"
SOURCE = "{transmissions-api}"
USUAL_OCTETS = 32 * 1024 * 1024  # of a message, where the operator sets no limit
LIST_OCTETS = 16 * 1024 * 1024  # of a body, for what is not the message
LARGEST_BODY = 96 * 1024 * 1024  # octets, whatever max-message-size says
THREADED_OCTETS = 1024 * 1024  # a body over it is read in a thread
LOGGED_CHARACTERS = 4_000  # of a body with log-data
OFF = TransmissionsApi()


class Transmissions:
    """What answers the requests; `Application` of `runtime.http_server`."""

    def __init__(self, door: Door) -> None:
        self._door = door

    # -- called by the server

    def opened(self, peer: Peer) -> None:
        if self._settings.log_tls:
            self._log(peer, f"TLS {peer.tls_protocol} {peer.tls_cipher}")

    def admit(self, head: Head) -> Response | int:
        """A refusal, or how many octets of body are read."""
        if head.path != PATH:
            return self._refused(head, 404, "Not Found", f"only {PATH} is served")
        if head.method != "POST":
            refused = self._refused(head, 405, "Method Not Allowed", "use POST")
            return msgspec.structs.replace(refused, headers=(("Allow", "POST"),))
        if not self._is_known(head.headers.get("authorization", "")):
            text = "the Authorization header holds no known API key"
            return self._refused(head, 403, "Forbidden", text)
        kind = head.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            text = "the Content-Type must be application/json"
            return self._refused(head, 400, "Bad Request", text)
        if self._door.is_short_of_memory:
            return self.busy(head)
        limit = self._source(head.peer).max_message_size or USUAL_OCTETS
        # JSON doubles line ends and quotes.
        return min(2 * limit + LIST_OCTETS, LARGEST_BODY)

    def too_large(self, head: Head) -> Response:
        text = "the message is larger than max-message-size allows"
        return self._refused(head, 413, "Content Too Large", text)

    def busy(self, head: Head) -> Response:
        text = "too many requests at one time, try again later"
        return self._refused(head, 503, "Service Unavailable", text)

    def broken(self, status: int, reason: str, peer: Peer) -> Response:
        self._log(peer, f"{status} {reason}")
        message = "Bad Request" if status < 500 else "Internal Server Error"
        return Response(status, explained([(message, reason)]))

    async def answer(self, head: Head, body: bytes) -> Response:
        if self._settings.log_data:
            self._log_body(head.peer, "body", body)
        try:
            if len(body) > THREADED_OCTETS:
                transmission = await asyncio.to_thread(read, body)
            else:
                transmission = read(body)
            response = await self._inject(head, transmission)
        except BadBody as error:
            response = self._refused(head, 400, "Bad Request", str(error))
        if self._settings.log_data:
            self._log_body(head.peer, f"answer {response.status}", response.body)
        return response

    # -- one message

    async def _inject(self, head: Head, transmission: Transmission) -> Response:
        source = self._source(head.peer)
        limit = source.max_message_size or USUAL_OCTETS
        if len(transmission.content) > limit:
            return self.too_large(head)
        if transmission.is_utf8 and not source.allow_smtputf8:
            raise BadBody("options.smtputf8: allow-smtputf8 is off for this source")
        found = admitted(self._door, source, transmission)
        feeder = Feeder(
            source=source, peer=head.peer, hello=None, user="", origin="api"
        )
        reply = accept(self._door, feeder, found.transaction, transmission.content)
        if not isinstance(reply, Reply):
            reply = await reply
        if not reply.is_positive:
            return self._not_taken(head, reply)
        accepted, rejected = len(found.transaction.recipients), found.rejected
        if self._settings.log_requests:
            self._log(head.peer, f"200 {accepted} accepted, {rejected} rejected")
        return Response(200, counted(accepted, rejected))

    def _not_taken(self, head: Head, reply: Reply) -> Response:
        if reply.is_transient:
            return self._refused(head, 503, "Service Unavailable", str(reply))
        return self._refused(head, 400, "Bad Request", str(reply))

    # -- what is known

    @property
    def _settings(self) -> TransmissionsApi:
        return self._door.configuration.transmissions_api or OFF

    def _source(self, peer: Peer) -> SourceSettings:
        return self._door.configuration.source_for(peer.remote_ip, SOURCE)

    def _is_known(self, key: str) -> bool:
        """Whether it is one of the keys, each compared in constant time."""
        shown = key.encode("latin-1", "replace")
        found = [
            hmac.compare_digest(shown, known.encode())
            for known in self._settings.api_key
        ]
        return any(found)

    def _refused(self, head: Head, status: int, message: str, text: str) -> Response:
        if self._settings.log_requests:
            self._log(head.peer, f"{head.method[:20]} {status} {text}")
        return Response(status, explained([(message, text)]))

    def _log_body(self, peer: Peer, what: str, body: bytes) -> None:
        shown = body[:LOGGED_CHARACTERS].decode("utf-8", "replace")
        self._log(peer, f"{what} {shown!r}")

    def _log(self, peer: Peer, text: str) -> None:
        self._door.log(f"api-in {peer.remote_ip}:{peer.remote_port} {text}")
