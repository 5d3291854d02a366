"""Customers from a file: read in a thread, a thousand rows at a time, each thousand kept before the next is read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import Any

from pydantic import Field

from control_api.assistant.field import kept
from control_api.people import customers
from control_api.people.customer_files import rows_of, text_of
from control_api.people.customer_rows import MOST, RowError, Rows, read_rows
from control_api.web.asked import Asked
from control_api.web.bodies import Form, Upload, parts
from control_api.web.errors import bad, not_found
from control_api.web.shapes import Body, File, Shown, is_small
from storage.customers import Upserted

contract = customers.contract.again()

FILE_BYTES, FIELD_BYTES = 50 << 20, 1 << 10
CHUNK = 1000
"""Rows in one transaction."""
TOLD = 1000
"""Rows whose errors are told."""

_readers = ThreadPoolExecutor(2, thread_name_prefix="import")
"""A file is read for seconds: whatever else goes to a thread does not wait for it."""


class ImportForm(Body):
    file: File = Field(
        description=f"UTF-8, .csv with a header or .json with an array of objects, up to 50 MB and {MOST} rows"
    )


class ImportDone(Shown):
    imported: int = Field(description="customers that are new")
    updated: int
    skipped: int = Field(description="rows that were not taken: blank ones, and those in error")
    errors: list[RowError] = Field(description=f"of the first {TOLD} rows in error")


@contract.post("/import", status=200, limit="5/minute", uploads=ImportForm)
async def import_file(asked: Asked) -> ImportDone:
    """Upsert customers by phone from a CSV or JSON file. A bad row fails alone."""
    async with parts(asked.request, file_limit=FILE_BYTES, field_limit=FIELD_BYTES) as form:
        return await imported(asked, the_file(form))


def the_file(form: Form) -> Upload:
    """What a form has under `file`, if it has nothing else. Raises RefusedError."""
    unknown = next((name for name in (*form.fields, *form.files) if name != "file"), None)
    if unknown is not None:
        raise bad(f"{unknown} is not a known field")
    if "file" in form.fields:
        raise bad("file must be a file")
    if "file" not in form.files:
        raise bad("file is required")
    return form.files["file"]


async def imported(asked: Asked, upload: Upload, *, list_id: str | None = None) -> ImportDone:
    """Upserts every customer of a CSV or JSON file, and puts them on a contact list if one is named.

    Errors are those of the first `TOLD` bad rows; `skipped` counts the others too. A file that cannot be read to its
    end is refused before anything is kept. Raises RefusedError.
    """
    done = ImportDone(imported=0, updated=0, skipped=0, errors=[])
    read = partial(asyncio.get_running_loop().run_in_executor, _readers)
    with text_of(upload) as text:
        rows = await read(rows_of, upload, text)
        while (chunk := await read(_chunk, asked, rows)).count:
            became = await _keep(asked, chunk, list_id) if chunk.customers else Upserted()
            errors = sorted([*chunk.errors, *chunk.refused(became.refused)], key=lambda error: error.row)
            done.imported += became.created
            done.updated += became.updated
            done.skipped += chunk.count - became.created - became.updated
            done.errors += errors[: TOLD - len(done.errors)]
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
    return read_rows(islice(rows, CHUNK), asked.organisation, asked.now, partial(kept, asked))
