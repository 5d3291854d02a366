"""A campaign's ledger as a file: a row for each attempt that is over, in the order in which they ended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from aiohttp import web

from control_api.campaigns import csv_cells, flow_moves
from control_api.campaigns.analytics import campaign
from control_api.credits import PARTS
from control_api.web.asked import Asked
from control_api.web.serving import tell_limits
from control_api.web.vocabulary import PATH_WORDS, Vocabulary
from storage.attempts import Ended
from storage.dialing import Attempt
from storage.records import Scope

contract = flow_moves.contract.again()

SLICE = 500
"""Attempts in one read."""
COLUMNS = (
    "customer_uuid",
    "phone",
    "attempt",
    "decided_at",
    "ended_at",
    "outcome",
    "reason",
    "talk_seconds",
    "cost",
    "call_uuid",
)


@contract.get("/{flow_uuid}/attempts.csv", limit="10/minute", media=(csv_cells.MEDIA,), errors=(400,))
async def attempts_csv(asked: Asked, flow_uuid: str) -> web.StreamResponse:
    """Get every attempt that is over as CSV; phones for who has the scope voice:contacts:read."""
    async with asked.read() as work:
        await campaign(work, flow_uuid)
    shows_phones = Scope.CONTACTS_READ in asked.caller.scopes
    answer = web.StreamResponse(headers=csv_cells.headers(f"{flow_uuid}-attempts.csv"))
    tell_limits(asked.request, answer)
    await answer.prepare(asked.request)
    await answer.write(csv_cells.written([_columns(asked.vocabulary, shows_phones=shows_phones)]).encode())
    last: Ended | None = None
    while True:
        async with asked.read() as work:
            part = await work.attempts.ended(flow_uuid, last, SLICE)
        if not part:
            return answer
        await answer.write(await asyncio.to_thread(_rows, part, shows_phones))
        last = Ended.of(part[-1])


def _columns(vocabulary: Vocabulary, *, shows_phones: bool) -> list[str]:
    words = PATH_WORDS if vocabulary.by_alias else {}
    return [words.get(name, name) for name in COLUMNS if shows_phones or name != "phone"]


def _rows(part: Sequence[Attempt], shows_phones: bool) -> bytes:
    return csv_cells.written(_row(attempt, shows_phones) for attempt in part).encode()


def _row(attempt: Attempt, shows_phones: bool) -> list[object]:
    time.sleep(0)  # or the event loop would wait for Python's 5 ms to be over
    assert attempt.ended_at is not None
    return [
        attempt.customer_id,
        *([attempt.phone] if shows_phones else []),
        attempt.number,
        f"{attempt.decided_at:%Y-%m-%dT%H:%M:%SZ}",
        f"{attempt.ended_at:%Y-%m-%dT%H:%M:%SZ}",
        attempt.outcome,
        attempt.reason,
        round(attempt.talk_seconds, 1),
        attempt.cost / PARTS,
        attempt.id,
    ]
