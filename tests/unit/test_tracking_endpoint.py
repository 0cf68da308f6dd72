import asyncio
from pathlib import Path
from typing import Any

from sinyal.engagement.token import Copy, Engagement, TrackingKey, derive_key, seal
from sinyal.events.codec import Rejected, decode_line
from sinyal.store.error import StoreError
from sinyal.tracking.endpoint import Endpoint
from sinyal.tracking.journal import Journal
from sinyal.tracking.keyring import KeyRing, OwnedKey

KEY = derive_key("0123456789abcdef0123456789abcdef01234567")
COPY = Copy(message_id="000028f8a769d2b47e10", customer_id=123, rcpt_to="a@b.example")
CLICK = "/f/a/" + seal(KEY, Engagement(COPY, "click", "https://b.example/"), bytes(12))
OPEN = "/q/" + seal(KEY, Engagement(COPY, "initial_open"), bytes(11) + b"1")


class Keys:
    """A key store that counts how often it is read."""

    def __init__(self, *keys: TrackingKey, customer_id: int = 123) -> None:
        self.rows = {key.key_id: key for key in keys}
        self.customer_id = customer_id
        self.subaccount_id = 0
        self.readings = 0
        self.is_broken = False

    def read(self) -> dict[bytes, OwnedKey]:
        self.readings += 1
        if self.is_broken:
            raise StoreError("disk I/O error")
        return {
            key_id: OwnedKey(key, self.customer_id, self.subaccount_id)
            for key_id, key in self.rows.items()
        }


class Visit:
    """An endpoint on a directory, with a clock that stands still until moved."""

    def __init__(self, root: Path, keys: Keys) -> None:
        self.now = 1_772_616_400.0
        self.journal = Journal(root)
        ring = KeyRing(keys.read, lambda: self.now)
        self.endpoint = Endpoint(ring, self.journal, lambda: self.now, ["127.0.0.1"])

    async def get(self, path: str, forwarded: str = "", method: str = "GET") -> int:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> Any:
            raise AssertionError("a GET has no body")

        headers = [(b"user-agent", b"Mozilla/5.0")]
        if forwarded:
            headers.append((b"x-forwarded-for", forwarded.encode()))
        scope = {
            "path": path,
            "method": method,
            "headers": headers,
            "client": ("127.0.0.1", 1234),
        }
        await self.endpoint(scope, receive, send)
        return int(sent[0]["status"])

    def lines(self) -> list[bytes]:
        whole = b"".join(path.read_bytes() for path in self.journal.segments())
        return whole.splitlines()


def test_hits_are_in_the_journal_when_they_are_answered(tmp_path: Path) -> None:
    async def scene() -> None:
        visit = Visit(tmp_path, Keys(KEY))
        assert await visit.get(CLICK, "198.51.100.9, 203.0.113.80") == 302
        assert await visit.get(OPEN) == 200
        click, opened = (line.partition(b"\t") for line in visit.lines())
        assert (click[0], opened[0]) == (b"123", b"123")
        event = decode_line(click[2])
        assert not isinstance(event, Rejected)
        assert (event.type, event.ip_address) == ("click", "203.0.113.80")
        assert event.target_link_url == "https://b.example/"
        second = decode_line(opened[2])
        assert not isinstance(second, Rejected)
        assert (second.type, second.ip_address) == ("initial_open", "127.0.0.1")
        await visit.journal.close()

    asyncio.run(scene())


def test_a_hit_counts_for_the_account_of_the_key_not_for_the_one_in_the_token(
    tmp_path: Path,
) -> None:
    async def scene() -> None:
        keys = Keys(KEY, customer_id=9)
        keys.subaccount_id = 4
        visit = Visit(tmp_path, keys)
        assert await visit.get(CLICK) == 302
        account, _tab, wire = visit.lines()[0].partition(b"\t")
        event = decode_line(wire)
        assert not isinstance(event, Rejected)
        assert (account, event.subaccount_id) == (b"9", 4)
        await visit.journal.close()

    asyncio.run(scene())


def test_keys_that_cannot_be_read_make_no_redirect_and_no_failure(
    tmp_path: Path,
) -> None:
    async def scene() -> None:
        keys = Keys(KEY)
        keys.is_broken = True
        visit = Visit(tmp_path, keys)
        assert await visit.get(CLICK) == 404
        assert await visit.get(OPEN) == 200
        await visit.journal.close()

    asyncio.run(scene())


def test_forged_and_malformed_tokens_are_not_counted(tmp_path: Path) -> None:
    async def scene() -> None:
        visit = Visit(tmp_path, Keys(KEY))
        foreign = derive_key("f" * 40)
        forged = seal(
            foreign, Engagement(COPY, "click", "https://e.example/"), bytes(12)
        )
        for token in ("", "x", "é", "A" * 9000, forged, CLICK[5:-1], "../../etc"):
            assert await visit.get("/f/a/" + token) == 404
            assert await visit.get("/q/" + token) == 200
        assert await visit.get(CLICK, method="HEAD") == 302
        assert visit.lines() == []
        await visit.journal.close()

    asyncio.run(scene())


def test_a_new_key_is_known_at_its_first_use(tmp_path: Path) -> None:
    async def scene() -> None:
        keys = Keys()
        visit = Visit(tmp_path, keys)
        foreign = derive_key("f" * 40)
        keys.rows[foreign.key_id] = foreign
        other = seal(
            foreign, Engagement(COPY, "click", "https://e.example/"), bytes(12)
        )
        assert await visit.get("/f/a/" + other) == 302
        keys.rows[KEY.key_id] = KEY
        assert await visit.get(CLICK) == 302
        await visit.journal.close()

    asyncio.run(scene())


def test_forged_tokens_do_not_make_the_keys_be_read_each_time(tmp_path: Path) -> None:
    async def scene() -> None:
        keys = Keys(KEY)
        visit = Visit(tmp_path, keys)
        for _ in range(50):
            assert await visit.get("/f/a/" + "A" * 40) == 404
        assert keys.readings == 1
        for number in range(200):
            assert await visit.get(f"/f/a/{number:0>40}") == 404
            assert await visit.get(f"/f/a/{number:0<40}") == 404
        assert keys.readings <= 20
        await visit.journal.close()

    asyncio.run(scene())


def test_hits_that_come_while_the_keys_are_read_wait_for_them(tmp_path: Path) -> None:
    async def scene() -> None:
        keys = Keys(KEY)
        visit = Visit(tmp_path, keys)
        assert (
            await asyncio.gather(*(visit.get(CLICK) for _ in range(20))) == [302] * 20
        )
        assert keys.readings == 1
        assert len(visit.lines()) == 20
        await visit.journal.close()

    asyncio.run(scene())
