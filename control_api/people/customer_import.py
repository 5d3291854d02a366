"""Customers from a file: read in a thread, a thousand rows at a time, each thousand kept before the next is read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from time import monotonic
from typing import Any

from aiohttp import web
from pydantic import Field

from control_api.assistant.field import kept
from control_api.people import customers
from control_api.people.customer_columns import ColumnMapping, mapping_of
from control_api.people.customer_files import rows_of, text_of
from control_api.people.customer_rows import INVALID_PHONE, MOST, RowError, Rows, read_rows
from control_api.people.event_stream import MEDIA, EventStream, wanted
from control_api.people.phone_spelling import HOW
from control_api.web.asked import Asked
from control_api.web.bodies import Form, Upload, parts
from control_api.web.errors import RefusedError, bad, not_found
from control_api.web.shapes import Body, File, Shown, is_small
from storage.customers import Upserted
from storage.errors import DatabaseUnavailableError

contract = customers.contract.again()

FILE_BYTES, FIELD_BYTES = 50 << 20, 64 << 10
CHUNK = 1000
"""Rows in one transaction."""
TOLD = 1000
"""Rows whose errors are told."""
PACE = 0.25
"""Seconds from one progress event to the next, at least."""

_readers = ThreadPoolExecutor(2, thread_name_prefix="import")
"""A file is read for seconds: whatever else goes to a thread does not wait for it."""


class ImportForm(Body):
    file: File = Field(
        description=f"UTF-8, .csv with a header or .json with an array of objects, up to 50 MB and {MOST} rows"
    )
    mapping: dict[str, str | None] | None = Field(
        None,
        description="column of a CSV file → field of a customer, or `metadata.<name>`, or null to leave it out; "
        "columns that are not named go by their own names",
    )


class Progress(Shown):
    """So far."""

    total: int = Field(description="rows of the file")
    rows: int = Field(0, description="of them, that were read")
    created: int = 0
    updated: int = 0
    failed: int = Field(0, description="rows in error")


class Failure(Shown):
    """After the first event: before it, an error is answered as everywhere."""

    detail: str


Tell = Callable[[Progress], Awaitable[None]]


def _is_left_out(value: object) -> bool:
    return value is None


class ImportDone(Shown):
    imported: int = Field(description="customers that are new")
    updated: int
    skipped: int = Field(description="rows that were not taken: blank ones, and those in error")
    errors: list[RowError] = Field(description=f"of the first {TOLD} rows in error")
    hint: str | None = Field(None, exclude_if=_is_left_out, description="how phones are written, if one was refused")


@contract.post("/import", status=200, limit="5/minute", uploads=ImportForm, media=(MEDIA,))
async def import_file(asked: Asked) -> ImportDone | web.StreamResponse:
    """Upsert customers by phone from a CSV or JSON file. A bad row fails alone."""
    async with parts(asked.request, file_limit=FILE_BYTES, field_limit=FIELD_BYTES) as form:
        return await answered(asked, form)


async def answered(asked: Asked, form: Form, *, list_id: str | None = None) -> ImportDone | web.StreamResponse:
    """What an import comes to, at its end; or, if events are wanted, progress and then that. Raises RefusedError."""
    upload, mapping = _file(form), mapping_of(form.fields.get("mapping"))
    work = partial(imported, asked, upload, mapping, list_id=list_id)
    if not wanted(asked.request):
        return await work()
    stream = EventStream(asked.request, by_alias=asked.vocabulary.by_alias)
    try:
        await stream.send("done", await work(tell=_paced(partial(stream.send, "progress"))))
    except Exception as error:
        if not stream.begun:
            raise
        await stream.send("error", Failure(detail=_sentence(error)))
        if not isinstance(error, RefusedError | DatabaseUnavailableError):
            raise
    return stream.answer


def _file(form: Form) -> Upload:
    """Raises RefusedError, also if there is something else in the form."""
    unknown = next((name for name in (*form.fields, *form.files) if name not in ImportForm.model_fields), None)
    if unknown is not None:
        raise bad(f"{unknown} is not a known field")
    if "file" in form.fields:
        raise bad("file must be a file")
    if "mapping" in form.files:
        raise bad("mapping must be a JSON object, and no file")
    if "file" not in form.files:
        raise bad("file is required")
    return form.files["file"]


def _paced(send: Tell) -> Tell:
    """The first, the last, and between them no more than anybody reads."""
    due = 0.0

    async def tell(progress: Progress) -> None:
        nonlocal due
        if monotonic() >= due or progress.rows == progress.total:
            due = monotonic() + PACE
            await send(progress)

    return tell


def _sentence(error: Exception) -> str:
    match error:
        case RefusedError():
            return error.detail
        case DatabaseUnavailableError():
            said = str(error)
            return f"{said[:1].upper()}{said[1:]}"
    return "Internal error"


async def _untold(progress: Progress) -> None:
    """Nobody asked."""


async def imported(
    asked: Asked, upload: Upload, mapping: ColumnMapping, *, list_id: str | None = None, tell: Tell = _untold
) -> ImportDone:
    """Upserts every customer of a CSV or JSON file, and puts them on a contact list if one is named.

    Errors are those of the first `TOLD` bad rows; `skipped` counts the others too. A file that cannot be read to its
    end is refused before anything is kept, and before progress is told. Raises RefusedError.
    """
    done = ImportDone(imported=0, updated=0, skipped=0, errors=[])
    read = partial(asyncio.get_running_loop().run_in_executor, _readers)
    with text_of(upload) as text:
        total, rows = await read(rows_of, upload, text, mapping)
        progress = Progress(total=total)
        await tell(progress)
        while (chunk := await read(_chunk, asked, rows)).count:
            became = await _keep(asked, chunk, list_id) if chunk.customers else Upserted()
            errors = sorted([*chunk.errors, *chunk.refused(became.refused)], key=lambda error: error.row)
            done.imported += became.created
            done.updated += became.updated
            done.skipped += chunk.count - became.created - became.updated
            done.errors += errors[: TOLD - len(done.errors)]
            if any(error.reason == INVALID_PHONE for error in errors):
                done.hint = HOW.format(country=asked.services.country)
            progress.rows += chunk.count
            progress.created, progress.updated = done.imported, done.updated
            progress.failed += len(errors)
            await tell(progress)
    return done


async def _keep(asked: Asked, chunk: Rows, list_id: str | None) -> Upserted:
    async with asked.begin() as work:
        if list_id is not None and await work.lists.get(list_id) is None:
            raise not_found("Contact list")
        # A name that is only the phone was made up: it is no news of a customer who has one.
        news = [
            fields - {"name"} if customer.name == customer.phone else fields
            for customer, fields in zip(chunk.customers, chunk.given, strict=True)
        ]
        done = await work.customers.upsert(chunk.customers, news, now=asked.now, fits=is_small)
        if list_id is not None:
            await work.lists.put(list_id, done.ids)
    return done


def _chunk(asked: Asked, rows: Iterator[tuple[int, Any]]) -> Rows:
    return read_rows(islice(rows, CHUNK), asked.organisation, asked.now, partial(kept, asked), asked.services.country)
