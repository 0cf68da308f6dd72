"""Keys, batches and loads in SQL: SQLite by default, PostgreSQL by URL.

Calls block; make them from a thread when on an event loop.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection

from sinyal.store.error import StoreError

METADATA = sa.MetaData()

API_KEYS = sa.Table(
    "api_keys",
    METADATA,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("short_key", sa.String(4), nullable=False),
    sa.Column("label", sa.String, nullable=False),
    sa.Column("grants", sa.String, nullable=False),
    sa.Column("customer_id", sa.BigInteger, nullable=False),
    sa.Column("subaccount_id", sa.BigInteger, nullable=False),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("tracking_key_id", sa.LargeBinary, nullable=False),
    sa.Column("tracking_secret", sa.LargeBinary, nullable=False),
)

BATCHES = sa.Table(
    "batches",
    METADATA,
    sa.Column("batch_id", sa.String(36), primary_key=True),
    sa.Column("event_id", sa.String(36), nullable=False),
    sa.Column("customer_id", sa.BigInteger, nullable=False),
    sa.Column("subaccount_id", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("finished_at", sa.Float, nullable=False),
    sa.Column("number_succeeded", sa.Integer, nullable=False),
    sa.Column("number_duplicates", sa.Integer, nullable=False),
    sa.Column("number_failed", sa.Integer, nullable=False),
    sa.Column("error_type", sa.String(20), nullable=False),
    sa.Index("batches_by_digest", "customer_id", "digest"),
    sa.Index("batches_by_time", "customer_id", "finished_at", "event_id"),
)

LOADS = sa.Table(
    "loads",
    METADATA,
    sa.Column("load_id", sa.String(36), primary_key=True),
    sa.Column("plan", sa.LargeBinary, nullable=False),
)


class Account(msgspec.Struct, frozen=True):
    """Whom an API key belongs to and what it may do; `subaccount_id` 0 is primary."""

    customer_id: int
    subaccount_id: int
    grants: frozenset[str]

    def may(self, grant: str) -> bool:
        return grant in self.grants


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key at its creation; the key itself is kept only as a digest.

    `tracking_key_id` and `tracking_secret` are what `engagement.token.derive_key`
    makes of it: opens and clicks sealed by the sender can be unsealed here.
    """

    key: str
    label: str
    account: Account
    created_at: float
    tracking_key_id: bytes
    tracking_secret: bytes


class BatchStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a batch: one row of `GET /api/v1/events/ingest`.

    Units: `finished_at` epoch seconds. `error_type` is "" for a success; `digest` is
    the SHA-256 of the decompressed body in hexadecimal, "" when there is none.
    """

    batch_id: str
    event_id: str
    customer_id: int
    subaccount_id: int
    digest: str
    finished_at: float
    number_succeeded: int = 0
    number_duplicates: int = 0
    number_failed: int = 0
    error_type: str = ""


class BatchFilters(msgspec.Struct, frozen=True, kw_only=True):
    """Which batches are asked for; empty means any. Units: epoch seconds, [from, to).

    `before` is the (finished_at, event_id) of the last row of the page before.
    """

    customer_id: int
    from_at: float
    to_at: float
    types: tuple[str, ...] = ()
    error_types: tuple[str, ...] = ()
    batch_ids: tuple[str, ...] = ()
    event_ids: tuple[str, ...] = ()
    subaccounts: tuple[int, ...] = ()
    before: tuple[float, str] | None = None
    per_page: int = 1000


class ControlStore:
    """Accounts' keys, the verdict on each batch, and the loads under way.

    Errors: `StoreError` when the database fails.
    """

    def __init__(self, url: str) -> None:
        with _named_errors():
            self._engine = sa.create_engine(url)
            if self._engine.dialect.name == "sqlite":
                sa.event.listen(self._engine, "connect", _make_durable)
            METADATA.create_all(self._engine)

    def add_key(self, key: ApiKey) -> bool:
        """True when the key was added, False when it is known already."""
        row = {
            "digest": digest_of(key.key),
            "short_key": key.key[:4],
            "label": key.label,
            "grants": " ".join(sorted(key.account.grants)),
            "customer_id": key.account.customer_id,
            "subaccount_id": key.account.subaccount_id,
            "created_at": key.created_at,
            "tracking_key_id": key.tracking_key_id,
            "tracking_secret": key.tracking_secret,
        }
        known = sa.select(API_KEYS.c.digest).where(API_KEYS.c.digest == row["digest"])
        with self._transaction() as connection:
            if connection.execute(known).first() is not None:
                return False
            connection.execute(API_KEYS.insert(), row)
        return True

    def account_of(self, key: str) -> Account | None:
        """The account of an API key, or None for an unknown key."""
        wanted = sa.select(API_KEYS).where(API_KEYS.c.digest == digest_of(key))
        with self._transaction() as connection:
            row = connection.execute(wanted).first()
        return None if row is None else _account(row)

    def tracking_keys(self, grant: str) -> list[tuple[bytes, bytes, Account]]:
        """Identity, secret and account of the tracking keys that have the grant."""
        with self._transaction() as connection:
            rows = connection.execute(sa.select(API_KEYS)).all()
        found = [
            (row.tracking_key_id, row.tracking_secret, _account(row)) for row in rows
        ]
        return [key for key in found if key[2].may(grant)]

    def has_batch(self, customer_id: int, digest: str) -> bool:
        """True when an earlier batch of the account had the same text."""
        wanted = sa.select(BATCHES.c.batch_id).where(
            BATCHES.c.customer_id == customer_id,
            BATCHES.c.digest == digest,
            BATCHES.c.error_type != "duplicate_batch",
        )
        with self._transaction() as connection:
            return connection.execute(wanted.limit(1)).first() is not None

    def open_load(self, load_id: str, plan: bytes) -> None:
        """Write down, durably, what is about to be inserted under `load_id`.

        A plan of that identity gives way: a commit may have failed in name only.
        """
        with self._transaction() as connection:
            connection.execute(LOADS.delete().where(LOADS.c.load_id == load_id))
            connection.execute(LOADS.insert(), {"load_id": load_id, "plan": plan})

    def open_loads(self) -> list[tuple[str, bytes]]:
        """The loads that a crash may have cut short: (load id, plan)."""
        with self._transaction() as connection:
            return [(row[0], row[1]) for row in connection.execute(sa.select(LOADS))]

    def finish_load(self, load_id: str, statuses: Sequence[BatchStatus]) -> None:
        """Record the batches' verdicts and forget the load, in one transaction.

        It may be done again: a commit may have failed in name only.
        """
        rows = [msgspec.structs.asdict(status) for status in statuses]
        ids = [status.batch_id for status in statuses]
        with self._transaction() as connection:
            if rows:
                earlier = BATCHES.delete().where(BATCHES.c.batch_id.in_(ids))
                connection.execute(earlier)
                connection.execute(BATCHES.insert(), rows)
            connection.execute(LOADS.delete().where(LOADS.c.load_id == load_id))

    def finished(self, batch_ids: Sequence[str]) -> set[str]:
        """Those of the batches that have their verdict."""
        wanted = sa.select(BATCHES.c.batch_id).where(BATCHES.c.batch_id.in_(batch_ids))
        with self._transaction() as connection:
            return {row[0] for row in connection.execute(wanted)}

    def forget_batches(self, before_at: float) -> int:
        """Remove verdicts older than `before_at`; the number removed."""
        old = BATCHES.delete().where(BATCHES.c.finished_at < before_at)
        with self._transaction() as connection:
            return int(connection.execute(old).rowcount)

    def batches(self, filters: BatchFilters) -> tuple[list[BatchStatus], int]:
        """A page of verdicts, newest first, and the number of all that match."""
        matching = sa.and_(*_conditions(filters))
        page = sa.select(BATCHES).where(matching)
        if filters.before is not None:
            at, event_id = filters.before
            key = sa.tuple_(BATCHES.c.finished_at, BATCHES.c.event_id)
            page = page.where(key < sa.tuple_(sa.literal(at), sa.literal(event_id)))
        page = page.order_by(BATCHES.c.finished_at.desc(), BATCHES.c.event_id.desc())
        count = sa.select(sa.func.count()).select_from(BATCHES).where(matching)
        with self._transaction() as connection:
            found = connection.execute(page.limit(filters.per_page)).mappings()
            rows = [BatchStatus(**dict(row)) for row in found]
            return rows, int(connection.execute(count).scalar_one())

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        with _named_errors(), self._engine.begin() as connection:
            yield connection


def digest_of(key: str) -> str:
    """The form in which a key is kept: keys are 160 random bits, so no salt."""
    return hashlib.sha256(key.lower().encode()).hexdigest()


@contextmanager
def _named_errors() -> Iterator[None]:
    try:
        yield
    except sa.exc.DBAPIError as error:
        raise StoreError(str(error.orig)) from error
    except (sa.exc.SQLAlchemyError, ModuleNotFoundError) as error:
        raise StoreError(f"control store: {error}") from error


def _account(row: sa.Row[Any]) -> Account:
    return Account(row.customer_id, row.subaccount_id, frozenset(row.grants.split()))


def _conditions(filters: BatchFilters) -> list[sa.ColumnElement[bool]]:
    row = BATCHES.c
    found = [
        row.customer_id == filters.customer_id,
        row.finished_at >= filters.from_at,
        row.finished_at < filters.to_at,
    ]
    if len(set(filters.types)) == 1:
        is_error = filters.types[0] == "error"
        found.append((row.error_type != "") if is_error else (row.error_type == ""))
    lists = (
        (row.error_type, filters.error_types),
        (row.batch_id, filters.batch_ids),
        (row.event_id, filters.event_ids),
        (row.subaccount_id, filters.subaccounts),
    )
    found.extend(column.in_(values) for column, values in lists if values)
    return found


def _make_durable(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
