"""Any language model that Pipecat has a service for, by its dotted name. For breadth: our own modules cost less."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from typing import TYPE_CHECKING, Any

from aiohttp import ClientSession
from pydantic import Field

from processors.pipecat_keeper import KeptOptions, lent
from processors.pipecat_service import PROVIDER, warm
from processors.ports import LanguageModel, Message, ProviderError, Tool, ToolCall

if TYPE_CHECKING:
    from pipecat.processors.aggregators.llm_context import LLMContext

_NO_RATE = 16000


class Options(KeptOptions):
    timeout_seconds: float = Field(default=30, gt=0)
    """For the whole reply."""
    first_token_timeout_seconds: float = Field(default=6, gt=0)
    between_tokens_timeout_seconds: float = Field(default=4, gt=0)


class PipecatLlm:
    def __init__(self, options: Options, http: ClientSession) -> None:
        self._options = options
        self._http = http

    async def stay_connected(self) -> None:
        """Imports what is needed while the call begins; connections are the service's own."""
        await asyncio.to_thread(warm)

    async def reply(self, chat: Sequence[Message], tools: Sequence[Tool]) -> AsyncGenerator[str | ToolCall, None]:
        """Tool calls come last, whole; one whose arguments are no JSON is dropped by Pipecat."""
        options, now = self._options, asyncio.get_running_loop().time
        async with lent(options, "llm_service.LLMService", _NO_RATE, self._http) as host:
            from pipecat.frames.frames import (
                FunctionCallsStartedFrame,
                LLMContextFrame,
                LLMFullResponseEndFrame,
                LLMTextFrame,
                LLMUpdateSettingsFrame,
            )
            from pipecat.services.settings import LLMSettings

            end = now() + options.timeout_seconds
            limit = now() + options.first_token_timeout_seconds
            prompt = chat[0].text if chat and chat[0].role == "system" else None
            await host.send(LLMUpdateSettingsFrame(delta=LLMSettings(system_instruction=prompt)))
            await host.send(LLMContextFrame(_context(chat[prompt is not None :], tools)))
            blank = ""
            while True:
                try:
                    frame = await host.next(min(limit, end) - now())
                except TimeoutError as error:
                    raise ProviderError.of(PROVIDER, error) from None
                match frame:
                    case LLMTextFrame():
                        blank += frame.text
                        if blank.strip():  # a piece of nothing but white space waits for a word
                            piece, blank = blank, ""
                            yield piece
                        limit = now() + options.between_tokens_timeout_seconds
                    case FunctionCallsStartedFrame():
                        for call in frame.function_calls:
                            yield ToolCall(call.tool_call_id, call.function_name, dict(call.arguments))
                    case LLMFullResponseEndFrame():
                        return


def create(options: Options, http: ClientSession) -> LanguageModel:
    return PipecatLlm(options, http)


def _context(chat: Sequence[Message], tools: Sequence[Tool]) -> LLMContext:
    from pipecat.adapters.llm.schemas.function_schema import FunctionSchema
    from pipecat.adapters.llm.schemas.tools_schema import ToolsSchema
    from pipecat.processors.aggregators.llm_context import LLMContext

    messages: list[Any] = [_message(message) for message in chat]
    if not tools:
        return LLMContext(messages)
    offered = [
        FunctionSchema(
            tool.name,
            tool.description,
            properties=dict(tool.parameters.get("properties", {})),
            required=list(tool.parameters.get("required", ())),
        )
        for tool in tools
    ]
    return LLMContext(messages, tools=ToolsSchema(standard_tools=list(offered)))


def _message(message: Message) -> dict[str, Any]:
    """Pipecat's own form, which is OpenAI's; what is told in mid-chat has there the role of a developer."""
    role = "developer" if message.role == "system" else message.role
    form: dict[str, Any] = {"role": role, "content": message.text}
    if message.role == "tool":
        form["tool_call_id"] = message.answers
    if message.calls:
        form["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": json.dumps(dict(call.arguments))},
            }
            for call in message.calls
        ]
    return form
