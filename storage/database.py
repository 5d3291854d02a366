"""The database behind units of work. Which one it is only this file, `tenancy`, `searching` and the migrations know."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self, TypeVar

import orjson
from sqlalchemy import URL, NullPool, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from storage import sqlite
from storage.agents import Agents
from storage.analyses import Analyses
from storage.answer_times import AnswerTimes
from storage.attempt_tallies import AttemptTallies
from storage.attempts import Attempts
from storage.calls import Calls
from storage.campaigns import Campaigns
from storage.contact_lists import ContactLists
from storage.contacts import Contacts
from storage.credits import Credits
from storage.customers import Customers
from storage.deliveries import Deliveries
from storage.errors import BUSY, DatabaseUnavailableError, UnusableDatabaseError, unavailable
from storage.flows import Flows
from storage.idempotency import IdempotencyKeys
from storage.ids import EVENT, new_id
from storage.integrations import Integrations
from storage.keeping import Keeping
from storage.keys import Keys
from storage.moments import Moments
from storage.names import Names
from storage.nodes import Nodes
from storage.numbers import Numbers
from storage.organisations import Organisations
from storage.outbox import Outbox
from storage.overview import Overviews
from storage.phones import Phones
from storage.queues import Members, Queues
from storage.records import OutboxEvent
from storage.reports import Reports
from storage.runs import Runs
from storage.scripts import Scripts
from storage.sealed_json import SealedJson
from storage.speakers import Speakers
from storage.statistics import Statistics
from storage.tenancy import Tenancy
from storage.trainings import Trainings
from storage.transfers import Transfers
from storage.webhooks import Webhooks

__all__ = ["Database", "DatabaseUnavailableError", "UnitOfWork", "UnusableDatabaseError", "to_the_end"]

_T = TypeVar("_T")

READERS = 4
"""SQLite connections that only read. They see the last commit and wait for no writer."""


class UnitOfWork:
    """One transaction, bound to the organisation it was opened for."""

    def __init__(self, connection: AsyncConnection, organisation: str | None) -> None:
        self._connection = connection
        tenancy = Tenancy(connection, organisation)
        self.organisations = Organisations(tenancy)
        self.keys = Keys(tenancy)
        self.keeping = Keeping(tenancy)
        self.agents = Agents(tenancy)
        self.flows = Flows(tenancy)
        self.campaigns = Campaigns(tenancy)
        self.calls = Calls(tenancy)
        self.names = Names(tenancy)
        self.moments = Moments(tenancy)
        self.analyses = Analyses(tenancy)
        self.answer_times = AnswerTimes(tenancy)
        self.outbox = Outbox(tenancy)
        self.overviews = Overviews(tenancy)
        self.customers = Customers(tenancy)
        self.lists = ContactLists(tenancy)
        self.scripts = Scripts(tenancy)
        self.nodes = Nodes(tenancy)
        self.numbers = Numbers(tenancy)
        self.integrations = Integrations(tenancy)
        self.webhooks = Webhooks(tenancy)
        self.deliveries = Deliveries(tenancy)
        self.speakers = Speakers(tenancy)
        self.statistics = Statistics(tenancy)
        self.runs = Runs(tenancy)
        self.contacts = Contacts(tenancy)
        self.attempts = Attempts(tenancy)
        self.attempt_tallies = AttemptTallies(tenancy)
        self.phones = Phones(tenancy)
        self.credits = Credits(tenancy)
        self.idempotency = IdempotencyKeys(tenancy)
        self.queues = Queues(tenancy)
        self.members = Members(tenancy)
        self.transfers = Transfers(tenancy)
        self.trainings = Trainings(tenancy)
        self.reports = Reports(tenancy)
        self.sealed = SealedJson(tenancy)
        self.organisation = organisation
        self.has_announced = False

    def of(self, organisation: str) -> UnitOfWork:
        """The same transaction in the eyes of one organisation: to read on, once it is known whose it is."""
        if self.organisation not in (None, organisation):
            raise ValueError("a unit of work of another organisation")
        return UnitOfWork(self._connection, organisation)

    async def announce(self, topic: str, body: Mapping[str, Any], *, organisation: str | None = None) -> None:
        """Tells of a change in the transaction that makes it. An unbound unit of work names whose change it is."""
        await self.announce_all([(topic, body)], organisation=organisation)

    async def announce_all(
        self, news: Sequence[tuple[str, Mapping[str, Any]]], *, organisation: str | None = None
    ) -> None:
        """As `announce`, of several changes in their order, in one statement."""
        owner = organisation or self.organisation
        if owner is None:
            raise ValueError("an event of nobody")
        if news:
            now = datetime.now(UTC)
            await self.outbox.add([OutboxEvent(new_id(EVENT), owner, topic, body, now) for topic, body in news])
            self.has_announced = True


class Database:
    """SQLite or PostgreSQL, by its URL. Opens nothing until the first unit of work. Raises UnusableDatabaseError.

    All it does raises DatabaseUnavailableError while the database is down, and works again once it is back.
    """

    def __init__(self, url: str) -> None:
        try:
            parsed = make_url(url)
        except ArgumentError:
            raise UnusableDatabaseError("the database URL cannot be understood") from None
        match parsed.drivername:
            case "sqlite+aiosqlite":
                self._writer, self._reader = _sqlite(parsed)
                self._builder = self._writer
            case "postgresql+asyncpg":
                self._writer, self._builder = _postgresql(parsed)
                self._reader = self._writer
            case _:
                raise UnusableDatabaseError(
                    "the database URL must begin with sqlite+aiosqlite:// or postgresql+asyncpg://"
                )
        self.announced = asyncio.Event()
        """Set after a commit with an event in it. Whoever passes events on clears it before looking for them."""

    @asynccontextmanager
    async def begin(self, organisation: str | None = None) -> AsyncIterator[UnitOfWork]:
        """Commits at the end; rolls back when the block raises or is cancelled.

        The commit is not torn by a cancellation: it is waited for, and the cancellation raised after it. On SQLite one
        block at a time writes, and the next one waits for it: do nothing slow inside. On PostgreSQL a statement that
        failed fails the whole block, and who says nothing for a minute loses it.
        """
        async with _connection(self._writer) as connection:
            await connection.execution_options(organisation=organisation)
            await connection.begin()
            work = UnitOfWork(connection, organisation)
            yield work
            try:
                await to_the_end(connection.commit())
            finally:
                if work.has_announced:
                    self.announced.set()

    @asynccontextmanager
    async def read(self, organisation: str | None = None) -> AsyncIterator[UnitOfWork]:
        """One consistent view, beside any writer. A write in it fails."""
        async with _connection(self._reader) as connection:
            await connection.execution_options(organisation=organisation, reads_only=True)
            yield UnitOfWork(connection, organisation)

    async def is_secured(self) -> bool:
        """False if the row security of PostgreSQL does not hold whom this server signs in as. SQLite knows no users."""
        if self._reader.dialect.name != "postgresql":
            return True
        from storage import postgresql

        async with _connection(self._reader) as connection:
            return await connection.scalar(postgresql.NOT_HELD) is False

    async def close(self) -> None:
        await self._writer.dispose()
        await self._reader.dispose()

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[AsyncConnection]:
        """The bare connection of a write transaction that may take its time, for migrations."""
        async with _connection(self._builder) as connection, connection.begin():
            yield connection

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self.close()


def _sqlite(url: URL) -> tuple[AsyncEngine, AsyncEngine]:
    wrong = sqlite.install()
    if wrong is not None:
        raise UnusableDatabaseError(wrong)
    if url.database in (None, "", ":memory:"):
        raise UnusableDatabaseError("a SQLite database needs a file: sqlite+aiosqlite:///path")
    try:
        Path(url.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        Path(url.database).touch(mode=0o600)  # nobody else's to read, and so are the files that SQLite puts beside it
    except OSError as error:
        raise UnusableDatabaseError(f"the database's file cannot be made: {error.strerror}") from None
    writer = _engine(url, pool_size=1, max_overflow=0, pool_timeout=sqlite.BUSY_SECONDS)
    reader = _engine(url, pool_size=READERS, max_overflow=0, pool_timeout=sqlite.BUSY_SECONDS)
    for engine, settings, begin in (
        (writer, sqlite.WRITER_SETTINGS, "BEGIN IMMEDIATE"),
        (reader, sqlite.READER_SETTINGS, "BEGIN"),
    ):
        _prepare(engine, settings, begin)
        event.listen(engine.sync_engine, "handle_error", unavailable)
    return writer, reader


def _postgresql(url: URL) -> tuple[AsyncEngine, AsyncEngine]:
    from storage import postgresql  # who uses SQLite does without its driver

    unknown = postgresql.unknown_options(url.query)
    if unknown:
        raise UnusableDatabaseError(f"the database URL has an unknown option: {unknown[0]}")
    engine = _engine(
        url,
        pool_size=postgresql.CONNECTIONS,
        max_overflow=0,
        pool_timeout=postgresql.WAITS_SECONDS,
        pool_use_lifo=True,  # the same few again and again: they have their statements prepared
        connect_args=postgresql.arguments(patient=False),
    )
    patient = _engine(url, poolclass=NullPool, connect_args=postgresql.arguments(patient=True))
    postgresql.prepare(engine.sync_engine)
    postgresql.prepare(patient.sync_engine)
    return engine, patient


@asynccontextmanager
async def _connection(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    try:
        async with engine.connect() as connection:
            yield connection
    except PoolTimeoutError:
        raise DatabaseUnavailableError(BUSY) from None


def _engine(url: URL, **options: Any) -> AsyncEngine:
    return create_async_engine(
        url,
        json_serializer=lambda value: orjson.dumps(value).decode(),
        json_deserializer=orjson.loads,
        hide_parameters=True,  # an error's text may be logged, and parameters are callers' words
        **options,
    )


def _prepare(engine: AsyncEngine, settings: tuple[str, ...], begin: str) -> None:
    """Takes transactions out of the driver's hands: it would begin them late, and none at all for a read."""

    @event.listens_for(engine.sync_engine, "connect")
    def set_up(connection: Any, record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for setting in settings:
            cursor.execute(setting)
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def start(connection: Any) -> None:
        connection.exec_driver_sql(begin)


async def to_the_end(work: Coroutine[Any, Any, _T]) -> _T:
    """A cancellation of the waiting task is raised when the work is done, not before."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as request:
            cancelled = request
    if cancelled is not None:
        raise cancelled from task.exception()
    return task.result()
