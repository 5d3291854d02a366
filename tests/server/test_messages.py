"""What a call's own server and its page are told of it while it lives."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from pipeline.frames import AudioOut, Frame, Interrupt, Played, Say, SpeechStarted, SpeechStopped, Transcript
from pipeline.news import DeadAir, Said
from server.analysis.analyst import Analyst
from server.assembly import Workshop
from server.call_plan import CallPlan
from server.messages import names
from server.messages.names import is_wanted
from server.messages.options import ServerOptions
from server.messages.posting import WAITING, Posts
from server.messages.reporter import Reporter
from server.messages.telling import teller_of
from server.overrides import applied, translated
from server.switchboard import Switchboard
from tests.patience import until
from tests.processors.stand_ins.tool_server import ToolServer, serving
from tests.server.house import SEAL, House, scripted
from tests.storage.samples import a_call
from transports.loopback import Loopback, quiet

FRAMES: list[Frame] = [
    SpeechStarted(0.5),
    Transcript("I want", final=False),
    SpeechStopped(1.0),
    Said("customer", "I want a desk", 0.5, 0.5),
    AudioOut(b"", 1, "Which one?"),
    Played(1, 1.2, 0.4, "Which", complete=False),
    Played(1, 1.2, 0.8, "Which one?", complete=True, over=True),
    Said("agent", "Which one?", 1.2, 0.8),
    Interrupt(2.0),
    DeadAir(3.0, 5.0),
    Say("One moment.", hangup="transferred", transfer_to="sales"),
]


async def told(plan: CallPlan, server: ToolServer) -> list[dict[str, Any]]:
    """What it hears of a call in which those frames go by."""
    async with serving(server) as outside:
        posts = Posts(outside)
        found = plan.model_copy(update={"server": plan.server and plan.server.model_copy(update={"url": server.url})})
        teller = teller_of(posts, found, a_call("org_1"))
        assert teller is not None
        passed: list[Frame] = []
        teller.emit = passed.append
        teller.start()
        for frame in FRAMES:
            teller.process(frame)
        teller.ended("callended")
        await posts.settle(5)
        assert passed == FRAMES
    return [one.body["message"] for one in server.asked]


def a_plan(messages: frozenset[str] = names.TO_SERVERS, **more: Any) -> CallPlan:
    to = ServerOptions(url="https://crm.example.com/told", messages=messages)
    return CallPlan(server=to, metadata={"lead": 7}, **more)


async def test_a_server_is_told_in_vapis_words_and_in_order() -> None:
    heard = await told(a_plan(), ToolServer(answers=[web.Response()]))
    assert [message["type"] for message in heard] == [
        "status-update",
        "assistant.started",
        "speech-update",
        "transcript",
        "speech-update",
        "transcript",
        "conversation-update",
        "model-output",
        "speech-update",
        "speech-update",
        "transcript",
        "conversation-update",
        "user-interrupted",
        "hang",
        "transfer-update",
        "status-update",
        "status-update",
    ]
    assert [(one["role"], one["status"]) for one in heard if one["type"] == "speech-update"] == [
        ("user", "started"),
        ("user", "stopped"),
        ("assistant", "started"),
        ("assistant", "stopped"),
    ]
    assert heard[11]["conversation"] == [
        {"role": "user", "content": "I want a desk"},
        {"role": "assistant", "content": "Which one?"},
    ]
    assert heard[-1]["endedReason"] == "customer-ended-call"
    assert all(one["assistant"]["metadata"] == {"lead": 7} and one["call"]["id"] for one in heard)


async def test_it_is_told_only_what_it_asks_for() -> None:
    heard = await told(a_plan(frozenset({names.FINAL, names.HANG})), ToolServer(answers=[web.Response()]))
    assert [message["type"] for message in heard] == ["transcript", "transcript", "hang"]


@pytest.mark.parametrize(
    ("keeping", "left_out"),
    [({"nothing": True}, names.WITH_WORDS), ({"redact": ["emails"]}, frozenset({names.OUTPUT}))],
)
async def test_of_a_call_that_keeps_no_words_none_are_told(keeping: dict[str, Any], left_out: frozenset[str]) -> None:
    plan = CallPlan.model_validate({**a_plan().model_dump(exclude_defaults=True), "keeping": keeping})
    heard = await told(plan, ToolServer(answers=[web.Response()]))
    assert left_out.isdisjoint({message["type"] for message in heard})


async def test_a_server_that_hangs_holds_up_nothing_and_loses_the_oldest(caplog: pytest.LogCaptureFixture) -> None:
    server = ToolServer(answers=[None])
    async with serving(server) as outside:
        posts = Posts(outside)
        post = posts.open(ServerOptions(url=server.url), "cal_1")
        post.put({"type": "first"})
        await until(lambda: bool(server.asked))
        for number in range(WAITING + 5):
            post.put({"type": "more", "number": number})
        post.close()
        server.answers = [web.Response()]
        server.go_on.set()
        await posts.settle(10)
    assert [one.body["message"].get("number") for one in server.asked[:2]] == [None, 5]
    (record,) = [record for record in caplog.records if "everything" in record.message]
    assert (record.__dict__["dropped"], record.__dict__["failed"]) == (5, 0)


async def test_a_message_is_signed_by_the_secret_that_the_server_was_given() -> None:
    server = ToolServer(answers=[web.Response(status=500), web.Response()])
    async with serving(server) as outside:
        posts = Posts(outside)
        asked = {"server": {"url": server.url, "headers": {"X-Vapi-Secret": "sh"}}}
        to = CallPlan.model_validate(applied({}, translated(asked, CallPlan()))).server
        assert to is not None
        post = posts.open(to, "cal_1")
        post.put({"type": "a"})
        post.put({"type": "b"})
        post.close()
        await posts.settle(5)
    first, second = server.asked
    assert first.headers["X-Vapi-Secret"] == "sh"
    assert first.headers["X-NN-Signature"].startswith("sha256=")
    assert first.headers["webhook-id"] != second.headers["webhook-id"], "what failed is not sent again: the next is"


async def test_a_whole_call_is_told_live_and_once_more_when_it_is_over(house: House) -> None:
    server = ToolServer(answers=[web.Response()])
    async with serving(server) as outside:
        posts = Posts(outside)
        office = replace(house.office, outside=outside, posts=posts)
        switchboard = Switchboard(office, house.workshop, max_calls=1, country="IN")
        to = {"url": server.url, "messages": ["status-update", "end-of-call-report"]}
        await house.agent(scripted(greeting="Hello.", server=to))
        incoming = house.incoming()
        await switchboard.answer(Loopback([quiet(2)]), incoming)
        await posts.settle(5)
        statuses = [one.body["message"] for one in server.asked]
        assert [one["status"] for one in statuses] == ["in-progress", "ended"]
        await Analyst(house.database, SEAL, house.workshop.http).look_once()
        await Reporter(house.database, SEAL, outside, url="https://vaani.example.com").look_once()
    report = server.asked[-1].body["message"]
    assert (report["type"], report["call"]["id"]) == ("end-of-call-report", incoming.call)
    assert report["endedReason"] == statuses[-1]["endedReason"]
    assert report["transcript"] == "AI: Hello.\n"


async def test_of_a_call_that_crashed_its_server_is_told_too(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*given: object, **more: object) -> None:
        raise ValueError("a bug")

    monkeypatch.setattr(Workshop, "stages", broken)
    server = ToolServer(answers=[web.Response()])
    async with serving(server) as outside:
        posts = Posts(outside)
        office = replace(house.office, outside=outside, posts=posts)
        switchboard = Switchboard(office, house.workshop, max_calls=1, country="IN")
        await house.agent(scripted(server={"url": server.url}))
        with pytest.raises(ValueError, match="a bug"):
            await switchboard.answer(Loopback([quiet(1)]), house.incoming())
        await posts.settle(5)
        await Reporter(house.database, SEAL, outside, url="https://vaani.example.com").look_once()
    assert [one.body["message"].get("endedReason") for one in server.asked] == ["crashed", "crashed"]


STORY: list[tuple[dict[str, Any], str]] = [
    ({"type": "transcript"}, names.FINAL),
    ({"type": "partial"}, names.TRANSCRIPT),
    ({"type": "speech"}, names.SPEECH),
    ({"type": "status", "status": "transfer_initiated"}, names.TRANSFER),
    ({"type": "status", "status": "ending"}, names.STATUS),
    ({"type": "tool"}, names.TOOLS),
]


@pytest.mark.parametrize(("message", "name"), STORY)
def test_a_page_is_told_what_it_asks_for(message: dict[str, Any], name: str) -> None:
    assert is_wanted(message, None)
    assert is_wanted(message, frozenset({name}))
    assert not is_wanted(message, names.TO_PAGES - names.OF_PAGES.get(message["type"], frozenset({name})))


def test_the_beginning_and_the_end_every_page_is_told() -> None:
    assert all(is_wanted({"type": kind}, frozenset()) for kind in ("start", "end"))
