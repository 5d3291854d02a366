"""Tells others of calls that are over: their own server, and Langfuse. At least once, whoever dies meanwhile."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from control_api.links.verdict import WAITS
from control_api.records.audible import audible
from processors.tools.options import Retries
from processors.tools.requests import NEVER_AGAIN, Outside, RequestError
from server.briefing import plan_of
from server.messages import langfuse
from server.messages.posting import post
from server.messages.report import Past, report
from storage.database import Database, DatabaseUnavailableError, UnitOfWork, to_the_end
from storage.ids import EVENT, new_id
from storage.report_records import CallReport, ReportKind
from storage.sealing import Seal, SealedError

_log = logging.getLogger(__name__)

AT_ONCE = 16
LOOK_SECONDS = 1.0
LEASE = timedelta(minutes=6)
"""Longer than the longest try that a server may be given."""
NOBODY = "its flow does not ask for it any more, or its plan cannot be read"
BEGUN_IN_VAIN = 20
"""Tries after which it is given up whatever was the matter: what ends a process would end the next."""


class Reporter:
    def __init__(
        self,
        database: Database,
        seal: Seal,
        outside: Outside,
        *,
        url: str,
        waits: Sequence[float] = WAITS,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`url` is how the outside reaches this server; `waits` are seconds after each try that failed."""
        self._database, self._seal, self._outside, self._url = database, seal, outside, url
        self._waits, self._clock = waits, clock

    async def keep(self) -> None:
        """Runs until cancelled; what it is at then is put back, for whoever comes next."""
        busy: set[asyncio.Task[None]] = set()
        try:
            while True:
                taken = await self._taken(AT_ONCE - len(busy)) if len(busy) < AT_ONCE else []
                busy |= {asyncio.create_task(self._see_to(one)) for one in taken}
                if busy:
                    _, busy = await asyncio.wait(busy, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                else:
                    await asyncio.sleep(LOOK_SECONDS)
        finally:
            for task in busy:
                task.cancel()
            await asyncio.gather(*busy, return_exceptions=True)

    async def look_once(self) -> int:
        """Sends what is due, at most `AT_ONCE` reports. How many there were."""
        taken = await self._taken(AT_ONCE)
        await asyncio.gather(*map(self._see_to, taken))
        return len(taken)

    async def _taken(self, most: int) -> list[CallReport]:
        now = self._clock()
        try:
            async with self._database.read() as work:
                if not await work.reports.is_any_due(now):
                    return []
            async with self._database.begin() as work:
                return await work.reports.take(most, now=now, until=now + LEASE, lease=new_id(EVENT))
        except DatabaseUnavailableError as away:
            _log.warning("reports of calls wait for the database", extra={"error": str(away)})
        except (SQLAlchemyError, OSError):
            _log.exception("reports of calls could not be taken yet")
        return []

    async def _see_to(self, due: CallReport) -> None:
        about = {"call": due.call_id, "kind": due.kind, "try": due.tries}
        try:
            await self._send(due)
        except asyncio.CancelledError:
            await to_the_end(self._put_back(due))
            raise
        except DatabaseUnavailableError as away:
            _log.warning("a report of a call waits for the database", extra={**about, "error": str(away)})
        except Exception:  # noqa: BLE001 - one call's trouble is not the next one's
            _log.exception("a report of a call could not be sent: it is tried again", extra=about)

    async def _put_back(self, due: CallReport) -> None:
        """As if it had not been begun."""
        try:
            async with self._database.begin(due.organisation_id) as work:
                await work.reports.put_back(due, due_at=self._clock(), tries=due.tries - 1, trouble=due.trouble)
        except (SQLAlchemyError, OSError):
            _log.warning("a report of a call is sent once its lease is over", extra={"call": due.call_id})

    async def _send(self, due: CallReport) -> None:
        async with self._database.read(due.organisation_id) as work:
            past = await self._past(work, due.call_id)
        if past is None or due.tries > BEGUN_IN_VAIN:
            await self._finish(due, NOBODY if past is None else due.trouble or "it was begun too often")
            return
        retries: Retries | None = None
        try:
            if due.kind is ReportKind.SERVER and past.plan.server is not None:
                retries = past.plan.server.retries
                told = await asyncio.to_thread(report, past)
                await post(self._outside, past.plan.server, told, event=due.event_id)
            elif due.kind is ReportKind.LANGFUSE and past.plan.observability is not None:
                await langfuse.send(self._outside, past.plan.observability, past)
            else:
                await self._finish(due, NOBODY)
                return
        except RequestError as error:
            await self._again(due, error, retries)
        else:
            await self._finish(due, None)

    async def _again(self, due: CallReport, error: RequestError, retries: Retries | None) -> None:
        waits = self._waits if retries is None else _waits(retries)
        never = NEVER_AGAIN if retries is None else {*NEVER_AGAIN, *retries.not_after}
        if due.tries > len(waits) or error.status in never or 300 <= error.status < 400:
            _log.warning("a report of a call was given up", extra={"call": due.call_id, "kind": due.kind})
            await self._finish(due, str(error))
            return
        at = self._clock() + timedelta(seconds=waits[due.tries - 1])
        async with self._database.begin(due.organisation_id) as work:
            await work.reports.put_back(due, due_at=at, tries=due.tries, trouble=str(error))

    async def _finish(self, due: CallReport, trouble: str | None) -> None:
        async with self._database.begin(due.organisation_id) as work:
            await work.reports.finish(due, trouble)

    async def _past(self, work: UnitOfWork, call_id: str) -> Past | None:
        """With the plan as it is now: its keys may have been changed meanwhile."""
        call = await work.calls.get(call_id)
        flow = None if call is None or call.flow_id is None else await work.flows.get(call.flow_id)
        if call is None or flow is None:
            return None
        customer = None if call.customer_id is None else await work.customers.get(call.customer_id)
        try:
            plan = await plan_of(work, self._seal, flow, customer, {})
        except (ValidationError, SealedError) as error:
            _log.warning("a flow's plan cannot be read", extra={"flow": flow.id, "error": type(error).__name__})
            return None
        heard = call.id in await audible(work, [call])
        recording = f"{self._url}/api/voice/calls/{call.id}/recording" if heard else None
        return Past(call, plan, await work.calls.turns(call_id), await work.calls.latencies(call_id), recording)


def _waits(retries: Retries) -> Sequence[float]:
    return [retries.seconds * (2**tried if retries.growing else 1) for tried in range(retries.times)]
