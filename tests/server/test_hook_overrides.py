from __future__ import annotations

from typing import Any

import pytest

from processors.hook_options import Event, HangupAction, MessageAction, PromptAction, SayAction, ToolAction
from tests.server.test_overrides import heeded, planned

SAY = {"type": "say", "exact": "Are you there?"}
ASK = {"type": "apiRequest", "name": "tell", "url": "https://crm.example.com/ended"}


def hook(on: str, *do: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"hooks": [{"on": on, "do": list(do) or [SAY], **more}]}


def test_each_action_is_one_of_ours() -> None:
    asked = hook(
        "customer.speech.timeout",
        SAY,
        {"type": "say", "exact": ["One.", "Two."]},
        {"type": "say", "prompt": "Ask whether they are there."},
        {"type": "message.add", "message": {"role": "system", "content": "Hurry."}, "triggerResponseEnabled": False},
        {"type": "tool", "tool": ASK},
        {"type": "tool", "tool": {"type": "endCall"}},
    )
    (made,) = planned(asked).hooks
    say, several, prompt, message, tool, hangup = made.do
    assert say == SayAction(kind="say", texts=("Are you there?",))
    assert isinstance(several, SayAction)
    assert several.texts == ("One.", "Two.")
    assert prompt == PromptAction(kind="prompt", text="Ask whether they are there.")
    assert message == MessageAction(kind="message", text="Hurry.", answer=False)
    assert isinstance(tool, ToolAction)
    assert tool.name == "tell"
    assert hangup == HangupAction(kind="hangup")
    assert heeded(asked) == {"hooks"}


def test_a_silent_customer_is_asked_three_times_and_then_left_to_the_end() -> None:
    plan = planned(hook("customer.speech.timeout"))
    (made,) = plan.hooks
    assert (made.seconds, made.times, made.again) == (7.5, 3, False)
    assert plan.idle is not None
    assert plan.idle.hangup_after == 0
    options = {"timeoutSeconds": 4, "triggerMaxCount": 5, "triggerResetMode": "onUserSpeech"}
    (made,) = planned(hook("customer.speech.timeout", options=options)).hooks
    assert (made.seconds, made.times, made.again) == (4, 5, True)
    (made,) = planned(hook("call.timeElapsed[seconds=90]")).hooks
    assert (made.on, made.seconds, made.times) == (Event.ELAPSED, 90, 1)


def test_the_end_of_a_call_is_filtered_by_its_reason_in_either_words() -> None:
    only = [{"type": "oneOf", "key": "call.endedReason", "oneOf": ["exceeded-max-duration", "stt_failed"]}]
    asked = hook("call.ending", {"type": "tool", "tool": ASK}, filters=only)
    (made,) = planned(asked).hooks
    assert made.reasons == ("max_duration", "stt_failed")
    assert heeded(asked) == {"hooks"}


@pytest.mark.parametrize(
    "unheeded",
    [
        hook("assistant.transcriber.endpointedSpeechLowConfidence[confidence=0.5]"),
        hook("session.created", {"type": "tool", "toolId": "t_1"}),
        hook("session.created", {"type": "say"}),
        hook("call.timeElapsed[seconds=1.2.3]"),
        hook("session.created", {"type": "tool", "tool": {"type": "google.calendar.event.create"}}),
        hook("session.created", filters=[{"type": "oneOf", "key": "a", "oneOf": ["b"]}]),
        hook("call.ending", {"type": "message.add", "message": {"role": "system", "content": "Over."}}),
        hook("customer.speech.timeout", options={"timeoutSeconds": "soon"}),
        hook("customer.speech.timeout", options={"sometimes": True}),
    ],
)
def test_a_hook_that_cannot_be_kept_is_named_and_the_others_are_kept(unheeded: dict[str, Any]) -> None:
    both = {"hooks": [*unheeded["hooks"], *hook("session.created")["hooks"]]}
    assert [one.on for one in planned(both).hooks] == [Event.CREATED]
    assert heeded(both) == frozenset()
