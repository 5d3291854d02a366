"""What is told of calls that are over: to their own server, and to Langfuse."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from aiohttp import web

from processors.tools.requests import Outside
from server.messages.reporter import Reporter
from storage.database import Database
from storage.records import CallStatus, Outcome, Speaker
from storage.report_records import CallReport, ReportKind
from storage.seed import Seeded
from tests.processors.stand_ins.tool_server import ToolServer, serving
from tests.server.house import SEAL
from tests.storage.samples import LATER, NOW, a_call, a_turn

SECRET = "sk-lf-canary"
LANGFUSE = {"public_key": "pk-lf-1", "secret_key": SECRET, "trace_name": "desks", "tags": ["a"], "prompt_name": "sell"}
TAKEN = web.Response(status=207, body=orjson.dumps({"successes": [], "errors": []}), content_type="application/json")


def refused(*statuses: int) -> web.Response:
    errors = [{"id": str(place), "status": status} for place, status in enumerate(statuses)]
    body = orjson.dumps({"successes": [], "errors": errors})
    return web.Response(status=207, body=body, content_type="application/json")


@dataclass
class Post:
    """A reporter, whom it tells, and calls to tell of."""

    database: Database
    seeded: Seeded
    server: ToolServer
    outside: Outside
    now: datetime = LATER

    def reporter(self) -> Reporter:
        return Reporter(
            self.database, SEAL, self.outside, url="https://v.example.com", waits=(2, 10, 60), clock=lambda: self.now
        )

    async def ended(self, kind: ReportKind, **plan: Any) -> str:
        to: Mapping[str, Any] = {"server": {"url": self.server.url, **plan}}
        if kind is ReportKind.LANGFUSE:
            to = {"observability": {**LANGFUSE, "url": self.server.url, **plan}}
        call = a_call(
            self.seeded.organisation, flow_id=self.seeded.flow, status=CallStatus.IN_PROGRESS, answered_at=NOW
        )
        async with self.database.begin(self.seeded.organisation) as work:
            agent = await work.agents.get(self.seeded.agent)
            assert agent is not None
            await work.agents.save(replace(agent, config={"prompt": "Sell desks.", "name": "Asha", **to}), now=NOW)
            await work.calls.open(call)
            await work.calls.add_turns(
                [
                    a_turn(call.id, place, text=text, speaker=speaker)
                    for place, (speaker, text) in enumerate(
                        [(Speaker.AGENT, "Hello."), (Speaker.CUSTOMER, "A desk."), (Speaker.AGENT, "Done.")]
                    )
                ]
            )
            await work.calls.ended(call.id, at=LATER, outcome=Outcome.CONNECTED, reason="caller_left", duration=60.0)
            await work.reports.ask(call.id, self.seeded.organisation, [kind], at=self.now)
        return call.id

    async def state(self, call: str) -> CallReport:
        async with self.database.read(self.seeded.organisation) as work:
            (found,) = await work.reports.of_call(call)
        return found


@pytest.fixture
async def post(database: Database, seeded: Seeded) -> AsyncIterator[Post]:
    server = ToolServer(answers=[web.Response()])
    async with serving(server) as outside:
        yield Post(database, seeded, server, outside)


async def test_a_report_that_failed_is_sent_again_until_it_is_taken(post: Post) -> None:
    post.server.answers = [web.Response(status=500), web.Response()]
    call = await post.ended(ReportKind.SERVER)
    await post.reporter().look_once()
    assert (await post.state(call)).trouble == "it answered with the status 500"
    assert await post.reporter().look_once() == 0, "it is not due yet"
    post.now += timedelta(seconds=2)
    assert await post.reporter().look_once() == 1, "another process may do it"
    assert (await post.state(call)).due_at is None
    first, second = post.server.asked
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert [one["message"] for one in second.body["message"]["artifact"]["messages"]] == ["Hello.", "A desk.", "Done."]
    assert second.body["message"]["assistant"]["name"] == "Asha"


@pytest.mark.parametrize(
    ("status", "plan", "tries"),
    [
        (500, {}, 4),
        (410, {}, 1),
        (500, {"retries": {"times": 0}}, 1),
        (500, {"retries": {"times": 2, "seconds": 3, "growing": True}}, 3),
        (503, {"retries": {"times": 2, "not_after": [503]}}, 1),
    ],
)
async def test_it_is_given_up_as_the_plan_says(post: Post, status: int, plan: dict[str, Any], tries: int) -> None:
    post.server.answers = [web.Response(status=status)]
    call = await post.ended(ReportKind.SERVER, **plan)
    while (await post.state(call)).due_at is not None:
        await post.reporter().look_once()
        post.now += timedelta(minutes=1)
    state = await post.state(call)
    assert (len(post.server.asked), state.tries, state.trouble) == (
        tries,
        tries,
        f"it answered with the status {status}",
    )


async def test_a_call_becomes_a_trace_with_an_answer_for_each_line_of_the_agents(post: Post) -> None:
    post.server.answers = [TAKEN]
    call = await post.ended(ReportKind.LANGFUSE)
    await post.reporter().look_once()
    (asked,) = post.server.asked
    assert (asked.method, asked.path) == ("POST", "/api/public/ingestion")
    assert base64.b64decode(asked.headers["Authorization"].removeprefix("Basic ")).decode() == f"pk-lf-1:{SECRET}"
    trace, span, hello, done = asked.body["batch"]
    assert [one["type"] for one in (trace, span, hello, done)] == [
        "trace-create",
        "span-create",
        "generation-create",
        "generation-create",
    ]
    assert (trace["body"]["id"], trace["body"]["name"], trace["body"]["tags"]) == (call, "desks", ["a"])
    assert (done["body"]["traceId"], done["body"]["parentObservationId"]) == (call, span["body"]["id"])
    assert (done["body"]["input"], done["body"]["output"]) == ([{"role": "user", "content": "A desk."}], "Done.")
    assert done["body"]["promptName"] == "sell"
    assert (await post.state(call)).trouble is None


@pytest.mark.parametrize(
    ("answer", "goes_on", "trouble"),
    [
        (web.Response(status=401), False, "it answered with the status 401"),
        (web.Response(status=502), True, "it answered with the status 502"),
        (refused(400, 400), False, "it did not take 2 events"),
        (refused(400, 500), True, "it did not take 2 events"),
        (web.Response(text="<html>"), True, "it answered something that is no JSON"),
        (web.json_response({}), True, "it answered something that is not Langfuse's"),
    ],
)
async def test_what_langfuse_refuses_is_told_and_what_was_a_moments_trouble_is_tried_again(
    post: Post, caplog: pytest.LogCaptureFixture, answer: web.Response, goes_on: bool, trouble: str
) -> None:
    post.server.answers = [answer]
    call = await post.ended(ReportKind.LANGFUSE)
    await post.reporter().look_once()
    state = await post.state(call)
    assert (state.due_at is not None, state.trouble) == (goes_on, trouble)
    assert SECRET not in caplog.text


async def test_a_second_try_tells_langfuse_the_same_events(post: Post) -> None:
    post.server.answers = [web.Response(status=502), TAKEN]
    await post.ended(ReportKind.LANGFUSE)
    for _ in range(2):
        await post.reporter().look_once()
        post.now += timedelta(seconds=5)
    first, second = ([event["id"] for event in one.body["batch"]] for one in post.server.asked)
    assert first == second


async def test_a_report_that_nobody_wants_any_more_is_over(post: Post) -> None:
    call = await post.ended(ReportKind.SERVER)
    async with post.database.begin(post.seeded.organisation) as work:
        agent = await work.agents.get(post.seeded.agent)
        assert agent is not None
        await work.agents.save(replace(agent, config={}), now=NOW)
    await post.reporter().look_once()
    assert (await post.state(call)).due_at is None
    assert post.server.asked == []
