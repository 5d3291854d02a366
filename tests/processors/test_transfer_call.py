"""A call that the bot hands to a human agent: because its model wants to, or because somebody outside does."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from pipeline.frames import Hangup, Interrupt, Played, ReplyText, Say, Transfer, TransferAsked, UserTurn
from processors.answering import LONGEST_BRIEF
from processors.dialogue import Dialogue
from processors.farewell import FAREWELL_SECONDS
from processors.lines import _LINES, Lines
from processors.ports import Message, Tool, ToolCall
from tests.fakes import Clock, FakeModel, of, settle, started

LINES = Lines()
HAND_OVER = Say(LINES.handing_over, hangup="transferred", transfer_to="sales")


class Offered(FakeModel):
    """Remembers what it was offered."""

    def __init__(self, *pieces: str | ToolCall) -> None:
        super().__init__(*pieces)
        self.tools: list[Sequence[Tool]] = []

    async def reply(self, chat: Sequence[Message], tools: Sequence[Tool]) -> AsyncGenerator[str | ToolCall, None]:
        self.tools.append(tools)
        async with aclosing(super().reply(chat, tools)) as pieces:
            async for piece in pieces:
                yield piece


def a_dialogue(model: FakeModel, **more: object) -> Dialogue:
    return Dialogue(model, lines=LINES, **more)  # type: ignore[arg-type]


async def test_the_model_is_offered_the_queues_and_what_it_wants_is_asked_for() -> None:
    model = Offered(ToolCall("1", "transfer_call", {"target": "sales", "brief": "x" * 300}))
    stage = a_dialogue(model, queues=["sales", "support"])
    async with started(stage) as heard:
        stage.process(UserTurn("A human, please.", 1.0, 2.0))
        await settle()
    tool = next(tool for tool in model.tools[0] if tool.name == "transfer_call")
    assert tool.parameters["properties"]["target"]["enum"] == ["sales", "support"]
    assert of(TransferAsked, heard) == [TransferAsked("sales", "x" * LONGEST_BRIEF)]
    assert of(Hangup, heard) == []


async def test_without_queues_no_transfer_is_offered() -> None:
    model = Offered("Yes.")
    stage = a_dialogue(model)
    async with started(stage):
        stage.process(UserTurn("Hello?", 1.0, 2.0))
        await settle()
    assert [tool.name for tool in model.tools[0]] == ["end_call"]


async def test_the_line_is_left_to_the_carrier_once_the_caller_was_told() -> None:
    stage = a_dialogue(FakeModel())
    async with started(stage) as heard:
        stage.process(HAND_OVER)
        assert [frame.text for frame in heard if isinstance(frame, ReplyText)] == [LINES.handing_over]
        stage.process(Played(1, 0.0, 1.0, "One moment", complete=False))
        stage.process(Interrupt(1.0))
        assert of(Transfer, heard) == []
        stage.process(Played(1, 0.0, 2.0, LINES.handing_over, complete=True))
    assert of(Transfer, heard) == [Transfer("sales")]
    assert of(Hangup, heard) == []


async def test_a_lost_mark_holds_no_caller_back() -> None:
    stage = a_dialogue(FakeModel())
    async with started(stage) as heard:
        clock = Clock(stage)
        clock.run(0.1)
        stage.process(HAND_OVER)
        clock.run(FAREWELL_SECONDS + 0.1)
    assert of(Transfer, heard)[:1] == [Transfer("sales")]


async def test_a_call_that_goes_on_knows_what_was_said_before() -> None:
    model = FakeModel("Yes.")
    before = [Message("user", "A human, please."), Message("assistant", "One moment.")]
    stage = a_dialogue(model, prompt="Be brief.", chat=before)
    async with started(stage):
        stage.process(UserTurn("Hello?", 1.0, 2.0))
        await settle()
    assert list(model.chats[0]) == [Message("system", "Be brief."), *before, Message("user", "Hello?")]


def test_every_language_has_all_sentences_of_its_own() -> None:
    english = Lines()
    for language, lines in _LINES.items():
        for name in ("handing_over", "nobody_free", "nobody_answered", "not_connected"):
            assert (getattr(lines, name) == getattr(english, name)) == (language == "en"), (language, name)
