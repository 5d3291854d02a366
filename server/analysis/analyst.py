"""Calls that are over are analysed: by the flow's own language model, as far as it has judgement."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import ClientSession
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from processors import catalogue
from processors.language_codes import NAMES, tongue
from processors.ports import FormFiller, ProviderError
from server.analysis import questions
from server.analysis.details import laid_beneath
from server.analysis.facts import facts
from server.analysis.questions import Answer
from server.briefing import plan_of
from server.call_plan import CallPlan
from server.messages.telling import ask_for_reports
from storage.analysis_records import Analysis, AnalysisStatus, Judged
from storage.database import Database, DatabaseUnavailableError, UnitOfWork, to_the_end
from storage.ids import EVENT, new_id
from storage.records import Call, Sentiment, Turn, TurnLatency
from storage.sealing import Seal, SealedError

_log = logging.getLogger(__name__)

AT_ONCE = 4
"""Calls that one process analyses beside each other: those that somebody is on need it more."""
LOOK_SECONDS = 1.0
LEASE = timedelta(minutes=3)
"""Longer than two answers can take."""
PAUSES = (2.0, 10.0)
"""Seconds after the first try and the second, give or take a quarter."""
TRIES = len(PAUSES) + 1

DETAILS = frozenset({"success", "extraction", "extractions", "qms_scores"})
"""Parts of an answer that stand in `key_details`."""
SCRIPTED = "the embedded engine cannot judge"


@dataclass(frozen=True, slots=True)
class Opinion:
    """What came of asking."""

    status: AnalysisStatus
    reason: str = ""
    parts: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class _Case:
    call: Call
    turns: Sequence[Turn]
    latencies: Sequence[TurnLatency]
    plan: CallPlan | None
    """None: its flow is gone, or cannot be read."""


class Analyst:
    def __init__(
        self,
        database: Database,
        seal: Seal,
        http: ClientSession,
        *,
        pauses: Sequence[float] = PAUSES,
        tried: Callable[[AnalysisStatus], None] = lambda status: None,
    ) -> None:
        """`tried` is told what came of each try; pending: there will be another."""
        self._database, self._seal, self._http = database, seal, http
        self._pauses, self._tried = pauses, tried

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
        """Analyses what is due, at most `AT_ONCE` calls. How many there were."""
        taken = await self._taken(AT_ONCE)
        await asyncio.gather(*map(self._see_to, taken))
        return len(taken)

    async def _taken(self, most: int) -> list[Analysis]:
        now = datetime.now(UTC)
        try:
            async with self._database.read() as work:
                if not await work.analyses.is_any_due(now):
                    return []
            async with self._database.begin() as work:
                return await work.analyses.take(most, now=now, until=now + LEASE, lease=new_id(EVENT))
        except DatabaseUnavailableError as away:
            _log.warning("analyses wait for the database", extra={"error": str(away)})
            return []
        except (SQLAlchemyError, OSError):
            _log.exception("calls could not be taken for analysis yet")
            return []

    async def _see_to(self, analysis: Analysis) -> None:
        about = {"call": analysis.call_id, "try": analysis.tries}
        try:
            await self._analyse(analysis)
        except asyncio.CancelledError:
            await to_the_end(self._put_back(analysis))
            raise
        except DatabaseUnavailableError as away:
            _log.warning("an analysis waits for the database", extra={**about, "error": str(away)})
        except (SQLAlchemyError, OSError):
            _log.exception("an analysis could not be written: it is tried again", extra=about)
        except Exception:  # noqa: BLE001 - one call's trouble is not the next one's
            _log.exception("a call could not be analysed: it is tried again", extra=about)

    async def _put_back(self, analysis: Analysis) -> None:
        """As if it had not been begun."""
        try:
            async with self._database.begin(analysis.organisation_id) as work:
                await work.analyses.put_back(
                    analysis, due_at=datetime.now(UTC), tries=analysis.tries - 1, reason=analysis.reason
                )
        except DatabaseUnavailableError as away:
            told = {"call": analysis.call_id, "error": str(away)}
            _log.warning("an analysis is put back once its lease is over", extra=told)
        except (SQLAlchemyError, OSError):
            _log.exception("an analysis could not be put back", extra={"call": analysis.call_id})

    async def _analyse(self, analysis: Analysis) -> None:
        async with self._database.read(analysis.organisation_id) as work:
            case = await self._case(work, analysis.call_id)
        try:
            if analysis.tries > TRIES:
                opinion = Opinion(AnalysisStatus.FAILED, analysis.reason or f"it was begun {TRIES} times in vain")
            else:
                opinion = await self._opinion(case)
        except ProviderError as trouble:
            _log.warning("a call could not be judged", extra={"call": analysis.call_id, "error": str(trouble)})
            if trouble.retriable and analysis.tries < TRIES:
                pause = timedelta(seconds=self._pauses[analysis.tries - 1] * random.uniform(0.75, 1.25))  # noqa: S311
                async with self._database.begin(analysis.organisation_id) as work:
                    await work.analyses.put_back(
                        analysis, due_at=datetime.now(UTC) + pause, tries=analysis.tries, reason=str(trouble)
                    )
                self._tried(AnalysisStatus.PENDING)
                return
            opinion = Opinion(AnalysisStatus.FAILED, str(trouble))
        await self._write(analysis, case, opinion)

    async def _case(self, work: UnitOfWork, call_id: str) -> _Case:
        call = await work.calls.get(call_id)
        if call is None:
            raise LookupError("a call that is to be analysed is gone")
        flow = await work.flows.get(call.flow_id) if call.flow_id else None
        customer = await work.customers.get(call.customer_id) if call.customer_id else None
        plan = None
        if flow is not None:
            try:
                plan = await plan_of(work, self._seal, flow, customer, {})
            except (ValidationError, SealedError) as error:
                _log.warning("a flow's plan cannot be read", extra={"flow": flow.id, "error": type(error).__name__})
        return _Case(call, await work.calls.turns(call_id), await work.calls.latencies(call_id), plan)

    async def _opinion(self, case: _Case) -> Opinion:
        """Raises ProviderError."""
        unavailable = AnalysisStatus.UNAVAILABLE
        if case.plan is None:
            return Opinion(unavailable, "the flow of the call is gone, or its plan cannot be read")
        options = case.plan.analysis
        if not options.enabled:
            return Opinion(unavailable, "the flow asks for none")
        if case.plan.llm.provider == "embedded":
            return Opinion(unavailable, SCRIPTED)
        if len(case.turns) < options.min_messages:
            return Opinion(unavailable, f"fewer than {options.min_messages} lines were said")
        models: list[FormFiller] = []
        for choice in (case.plan.llm, *case.plan.llm.fallbacks):
            try:
                model = catalogue.create("llm", choice.provider, choice.options, self._http)
            except (ValidationError, catalogue.UnknownProviderError):
                return Opinion(unavailable, "no language model can be made of the flow's plan")
            if isinstance(model, FormFiller):
                models.append(model)
        if not models:
            return Opinion(unavailable, f"the language model {case.plan.llm.provider!r} cannot judge")
        answer = await _first_answer(models, case.plan, case.turns)
        told = "; ".join(f"{part}: {mistake}" for part, mistake in answer.mistakes.items())
        status = AnalysisStatus.DONE if answer.parts else AnalysisStatus.FAILED
        return Opinion(status, told, answer.parts)

    async def _write(self, analysis: Analysis, case: _Case, opinion: Opinion) -> None:
        """All of it, and that it is there, in one transaction; nothing if somebody else has the call by now."""
        known, said = opinion.parts, await asyncio.to_thread(facts, case.call, case.turns, case.latencies)
        language = known.get("language")
        if language is not None and tongue(language) not in NAMES:  # whatever a model has written there
            language = None
        ours: dict[str, Any] = {"facts": {**said, "language": language or said["language"]}}
        if case.plan is not None and case.plan.analysis.enabled:
            before = {} if opinion.status is AnalysisStatus.DONE else analysis.written  # at worst it is as it was
            asked = questions.parts(case.plan.analysis).keys() & DETAILS
            ours |= {part: known.get(part, before.get(part)) for part in asked}
            if "success" in known:
                ours["success"] = {"rubric": case.plan.analysis.rubric, **known["success"]}
        made = Judged(known.get("summary"), Sentiment(known["sentiment"]) if "sentiment" in known else None, language)
        async with self._database.begin(analysis.organisation_id) as work:
            if not await work.analyses.finish(
                analysis, opinion.status, reason=opinion.reason, at=datetime.now(UTC), written=ours
            ):
                return
            await work.calls.judged(analysis.call_id, made, lambda kept: laid_beneath(kept, ours, analysis.written))
            if case.plan is not None:
                await ask_for_reports(work, case.plan, analysis.call_id, analysis.organisation_id, datetime.now(UTC))
            await work.announce("call.transcript_ready", {"call": analysis.call_id, "analysis": opinion.status})
        self._tried(opinion.status)
        _log.info("a call was analysed", extra={"call": analysis.call_id, "status": opinion.status})


async def _first_answer(models: Sequence[FormFiller], plan: CallPlan, turns: Sequence[Turn]) -> Answer:
    """Of the plan's models the first that gives one. Raises the ProviderError of the last."""
    *first, last = models
    for model in first:
        try:
            return await _asked(model, plan, turns)
        except ProviderError as trouble:
            _log.warning("the next language model is asked to judge", extra={"error": str(trouble)})
    return await _asked(last, plan, turns)


async def _asked(model: FormFiller, plan: CallPlan, turns: Sequence[Turn]) -> Answer:
    """Once more if the first answer is not as it was asked for; then what is good of both. Raises ProviderError."""
    form = questions.form(plan.analysis)
    chat = await asyncio.to_thread(questions.chat, plan, turns, form.schema)
    first = questions.cleaned(await model.fill(chat, form))
    read = await asyncio.to_thread(questions.read, first, plan.analysis)
    if not read.mistakes:
        return read
    try:
        again_asked = questions.once_more(chat, first, read.mistakes)
        second = questions.cleaned(await model.fill(again_asked, form))
    except ProviderError as trouble:
        _log.warning("an answer was not mended", extra={"error": str(trouble)})
        return read
    again = await asyncio.to_thread(questions.read, second, plan.analysis)
    parts = {**read.parts, **again.parts}
    return Answer(parts, {part: mistake for part, mistake in again.mistakes.items() if part not in parts})
