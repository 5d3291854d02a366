from __future__ import annotations

from collections.abc import Sequence

from processors.guardrails.guarded import GuardedLlm
from processors.guardrails.lines import Instead
from processors.guardrails.names import NO_PRICE
from processors.knowledge.informed import Informed
from processors.ports import Message, ToolCall
from tests.fakes import FakeModel

PROMPT, TURN = Message("system", "Be kind."), Message("user", "What does it cost?")


class FakeKnowledge:
    def __init__(self, known: str) -> None:
        self.known = known
        self.chats: list[Sequence[Message]] = []

    async def about(self, chat: Sequence[Message]) -> str:
        self.chats.append(chat)
        return self.known


async def test_passages_stand_behind_the_turn_and_all_before_it_stays_the_same() -> None:
    model, knowledge = FakeModel("500 rupees."), FakeKnowledge("- A visit is 500 rupees.")
    informed = Informed(model, knowledge)
    assert [piece async for piece in informed.reply((PROMPT, TURN), ())] == ["500 rupees."]
    assert model.chats[0][:2] == (PROMPT, TURN)
    assert model.chats[0][2].role == "system"
    assert model.chats[0][2].text.endswith("- A visit is 500 rupees.")


async def test_one_turn_is_looked_up_once_however_often_the_model_is_asked() -> None:
    model, knowledge = FakeModel("Yes."), FakeKnowledge("- A visit is 500 rupees.")
    informed = Informed(model, knowledge)
    done = (Message("assistant", "", (ToolCall("1", "look", {}),)), Message("tool", "{}", answers="1"))
    for chat in ((PROMPT, TURN), (PROMPT, TURN, *done)):
        assert [piece async for piece in informed.reply(chat, ())] == ["Yes."]
    assert knowledge.chats == [(PROMPT, TURN)]
    assert model.chats[1] == (*model.chats[0], *done)


async def test_where_nothing_is_known_nothing_is_added() -> None:
    model = FakeModel("Yes.")
    assert [piece async for piece in Informed(model, FakeKnowledge("")).reply((PROMPT, TURN), ())] == ["Yes."]
    assert [piece async for piece in Informed(model, FakeKnowledge("x")).reply((PROMPT,), ())] == ["Yes."]
    assert model.chats == [(PROMPT, TURN), (PROMPT,)]


class Connected(FakeModel):
    def __init__(self) -> None:
        super().__init__()
        self.connected = 0

    async def stay_connected(self) -> None:
        self.connected += 1


async def test_a_model_that_is_informed_and_guarded_opens_its_connection_before_it_is_asked() -> None:
    model = Connected()
    guarded = GuardedLlm(model, (NO_PRICE,), instead=Instead(), report=lambda _: None)
    await Informed(guarded, FakeKnowledge("")).stay_connected()
    assert model.connected == 1
    await Informed(FakeModel(), FakeKnowledge("")).stay_connected()
