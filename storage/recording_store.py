"""Recordings in an object store: any that speaks Amazon S3's protocol.

Its client works in threads of this store's own. Its asynchronous half would hand results over from threads that
Python does not know of, and a process that ends meanwhile is aborted.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from obstore.exceptions import AlreadyExistsError, BaseError, NotModifiedError, PreconditionError

if TYPE_CHECKING:
    from obstore.store import S3Store

_T = TypeVar("_T")

THREADS = 8
"""Requests at once."""
CHUNK = 256 << 10
"""Bytes of a recording that are in memory at a time, for each listener."""
CONNECTING, SILENT = timedelta(seconds=5), timedelta(seconds=30)
"""How long the store may take to be reached, and to say something."""
TRIES = 2
"""Of a request, before whoever asked is told: uploads have a longer patience of their own."""
RETRYING = timedelta(seconds=20)

_log = logging.getLogger(__name__)


class StoreUnavailableError(Exception):
    """The object store does not answer, or refuses. Its text names the kind of trouble, and no key."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as the store knows it."""

    size: int
    tag: str
    """Another one for other content; empty where the store gives none."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where the store is. What is None comes from the usual environment of AWS."""

    name: str
    prefix: str = ""
    endpoint: str | None = None
    """None: Amazon's own, by the region."""
    region: str | None = None
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)

    def opened(self) -> S3Store:
        from obstore.store import S3Store  # forty milliseconds that a start without a store need not spend

        given: dict[str, Any] = {
            "endpoint": self.endpoint,
            "region": self.region,
            "access_key_id": self.access_key,
            "secret_access_key": self.secret_key,
        }
        return S3Store(
            self.name,
            prefix=self.prefix or None,
            client_options={
                "allow_http": self.endpoint is not None and self.endpoint.startswith("http://"),
                "connect_timeout": CONNECTING,
                "read_timeout": SILENT,
                "timeout": timedelta(hours=1),
            },
            retry_config={"max_retries": TRIES, "retry_timeout": RETRYING},
            **{name: value for name, value in given.items() if value is not None},
        )


class RecordingStore:
    """Objects by the path that a call's row has. Everything here raises StoreUnavailableError."""

    def __init__(self, bucket: Bucket) -> None:
        self._store = bucket.opened()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="recording-store")

    async def put(self, file: Path, path: str, content_type: str) -> Stored:
        """The whole file, in parts if it is large; what was there is replaced at once or not at all."""

        def put() -> None:
            self._store.put(path, file, attributes={"Content-Type": content_type})

        await self._asked(put)
        stored = await self.look(path)
        if stored is None:
            raise StoreUnavailableError("an object is not there after it was put")
        return stored

    async def replace(self, file: Path, path: str, content_type: str, before: Stored | None) -> bool:
        """As `put`, but in one part. False, and nothing is changed, if what is there is not `before` any more.

        None: there was nothing.
        """
        mode: Any = "create" if before is None else {"e_tag": before.tag}

        def replace() -> bool:
            try:
                self._store.put(path, file, attributes={"Content-Type": content_type}, mode=mode, use_multipart=False)
            except (AlreadyExistsError, PreconditionError, NotModifiedError, FileNotFoundError):
                return False
            return True

        return await self._asked(replace)

    async def look(self, path: str) -> Stored | None:
        """None if it is not there."""

        def look() -> Stored | None:
            try:
                found = self._store.head(path)
            except FileNotFoundError:
                return None
            return Stored(found["size"], found["e_tag"] or "")

        return await self._asked(look)

    async def read(self, path: str, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """The bytes from `start` up to `end`, which is not among them, a chunk at a time.

        Raises StoreUnavailableError too if they are gone.
        """
        if start >= end:
            return

        chunks = await self._asked(lambda: iter(self._store.get(path, options={"range": (start, end)}).stream(CHUNK)))
        while (chunk := await self._asked(lambda: next(chunks, None))) is not None:
            yield bytes(chunk)

    async def fetch(self, path: str, into: Path) -> bool:
        """Writes it to a file. False if it is not there."""

        def fetch() -> bool:
            try:
                chunks = self._store.get(path).stream(CHUNK)
            except FileNotFoundError:
                return False
            with into.open("wb") as file:
                file.writelines(chunks)
            return True

        return await self._asked(fetch)

    async def remove(self, paths: Sequence[str]) -> None:
        """Those that are there."""

        def remove() -> None:
            for path in paths:
                try:
                    self._store.delete(path)
                except FileNotFoundError:
                    _log.debug("an object was gone before it was removed")

        await self._asked(remove)

    async def close(self) -> None:
        """Waits for requests that nobody waits for any more."""
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self.close()

    async def _asked(self, work: Callable[[], _T]) -> _T:
        def do() -> _T:
            with _told():
                return work()

        return await asyncio.get_running_loop().run_in_executor(self._threads, do)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except BaseError as error:  # its text holds addresses, headers and what the store wrote
        raise StoreUnavailableError(f"the object store refused or did not answer: {type(error).__name__}") from None
    except OSError as error:
        raise StoreUnavailableError(f"a recording could not be read or written: {type(error).__name__}") from None
