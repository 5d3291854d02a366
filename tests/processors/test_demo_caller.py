"""The demo's caller and the front desk understand each other."""

from __future__ import annotations

import json
from pathlib import Path

from processors.llm.embedded import Options, ScriptEngine
from processors.ports import Message, Tool, ToolCall

CALLER = Path(__file__).parents[2] / "transports" / "simulator" / "demo_caller.json"
ANSWERS = [
    "We are open Monday to Friday",
    "12 Garden Road",
    "What is your name",
    "Which day",
    "Monday at 10:30 am, for Mary Miller",
    "booked, Monday at 10:30 am",
    "Goodbye",
]


async def test_the_demo_ends_with_an_appointment_and_a_goodbye() -> None:
    lines = [line if isinstance(line, str) else line.get("text") for line in json.loads(CALLER.read_text())]
    chat: list[Message] = []
    pieces: list[str | ToolCall] = []
    model = ScriptEngine(Options(script="front_desk"))
    for line, part in zip(filter(None, lines), ANSWERS, strict=True):
        chat.append(Message("user", line))
        pieces = [piece async for piece in model.reply(chat, (Tool("end_call", "Hangs up."),))]
        said = "".join(piece for piece in pieces if isinstance(piece, str))
        assert part in said
        chat.append(Message("assistant", said))
    assert isinstance(pieces[-1], ToolCall)
