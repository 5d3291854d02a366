"""Any server that speaks OpenAI's chat completions: OpenAI, vLLM, llama.cpp, Ollama and others."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from aiohttp import ClientSession
from pydantic import BaseModel, Field, SecretStr

from processors.ports import Form, LanguageModel, Message, ProviderError, Tokens, Tool, ToolCall

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types.chat import ChatCompletionChunk
    from openai.types.chat.chat_completion_chunk import ChoiceDeltaToolCall
    from openai.types.completion_usage import CompletionUsage

PROVIDER = "openai"
KEPT = 60.0
"""Seconds that a connection without work is kept: callers think, and a new one costs several round trips."""
OPENAI = "https://api.openai.com/v1"
MALFORMED = "_malformed"
"""The one argument, true, of a tool call whose arguments were no JSON object. Whoever runs tools answers it with an
error, and the model can mend its call. What it wrote is left out: it is of no use, and may hold the caller's words."""


class Options(BaseModel, extra="forbid"):
    api_key: SecretStr = SecretStr("")
    """Empty for a local server that asks for none."""
    base_url: str = OPENAI
    model: str = "gpt-4.1-mini"
    temperature: float | None = Field(default=None, ge=0, le=2)
    """None: the server's own."""
    max_tokens: int | None = Field(default=400, ge=1)
    token_param: Literal["max_tokens", "max_completion_tokens"] = "max_completion_tokens"  # noqa: S105 - no secret
    """The name by which the server knows the limit; many compatible ones know only `max_tokens`."""
    timeout_seconds: float = Field(default=30, gt=0)
    """For the whole reply."""
    connect_timeout_seconds: float = Field(default=3, gt=0)
    first_token_timeout_seconds: float = Field(default=5, gt=0)
    """From the request to the first piece of the answer."""
    between_tokens_timeout_seconds: float = Field(default=4, gt=0)
    form_response: Literal["json_schema", "json_object", "text"] = "json_schema"
    """How a filled form is asked for: many compatible servers know only `json_object`, some neither."""
    count_tokens: bool | None = None
    """Whether the server is asked what an answer took. None: OpenAI is, and others are not, for some refuse it."""
    extra_body: dict[str, Any] = {}
    """Put into the request as it is, for what only this server knows."""


class OpenAiLlm:
    def __init__(self, options: Options, http: ClientSession) -> None:
        self._options = options
        self._http = http
        self.took: Callable[[Tokens], None] = lambda tokens: None

    async def reply(self, chat: Sequence[Message], tools: Sequence[Tool]) -> AsyncGenerator[str | ToolCall, None]:
        """Tool calls come last, whole. Closing the generator closes the request at once."""
        calls: dict[int, _Call] = {}
        blank, end = "", None
        async with aclosing(self._chunks(_request(self._options, chat, tools))) as chunks:
            async for chunk in chunks:
                if chunk.usage is not None:
                    self.took(_tokens(chunk.usage))
                if not chunk.choices:  # the usage, or a server's sign of life
                    continue
                delta, end = chunk.choices[0].delta, chunk.choices[0].finish_reason or end
                blank += (delta.content or delta.refusal or "") if delta else ""
                if blank.strip():  # a piece of nothing but white space waits for a word
                    piece, blank = blank, ""
                    yield piece
                for fragment in (delta.tool_calls if delta else None) or ():
                    calls.setdefault(_place(fragment, calls), _Call()).add(fragment)
        if end is None:
            raise ProviderError(PROVIDER, "broke off its answer")
        for index in sorted(calls):
            yield calls[index].whole(index)

    async def stay_connected(self) -> None:
        """Imports the SDK and opens a connection, which is kept for the first question."""
        client = await _client(self._options, self._http)
        from httpx2 import HTTPError, Response
        from openai import OpenAIError

        with suppress(OpenAIError, HTTPError, TimeoutError, ValueError):  # the first question meets them, and tells
            async with asyncio.timeout(self._options.first_token_timeout_seconds):
                await client.get("/models", cast_to=Response)

    async def fill(self, chat: Sequence[Message], form: Form) -> dict[str, Any]:
        """The timeouts are the form's, not those of speech."""
        client = await _client(self._options, self._http)
        from httpx2 import HTTPError
        from openai import OpenAIError

        try:
            async with asyncio.timeout(form.seconds):
                answer = await client.chat.completions.create(**_form_request(self._options, chat, form))
            choice = answer.choices[0]
            content, refused = choice.message.content, choice.message.refusal
        except (OpenAIError, HTTPError, TimeoutError, ValueError) as error:
            raise ProviderError.of(PROVIDER, error) from None
        except (AttributeError, IndexError, TypeError):  # the SDK takes what comes for what it should be
            raise ProviderError(PROVIDER, "answered no chat completion") from None
        if refused or choice.finish_reason == "content_filter":
            raise ProviderError(PROVIDER, "refused to answer", retriable=False)
        if choice.finish_reason == "length":
            raise ProviderError(PROVIDER, "ran out of tokens before the end of its answer", retriable=False)
        return _filled(content)

    async def _chunks(self, request: Mapping[str, Any]) -> AsyncGenerator[ChatCompletionChunk, None]:
        options, now = self._options, asyncio.get_running_loop().time
        end = now() + options.timeout_seconds
        limit = now() + options.first_token_timeout_seconds
        client = await _client(options, self._http)
        from httpx2 import HTTPError
        from openai import OpenAIError

        try:
            async with asyncio.timeout_at(min(limit, end)):
                stream = await client.chat.completions.create(**request)
            try:
                while True:
                    async with asyncio.timeout_at(min(limit, end)):
                        chunk = await anext(stream, None)
                    if chunk is None:
                        return
                    yield chunk
                    limit = now() + options.between_tokens_timeout_seconds
            finally:
                await stream.close()
        except (OpenAIError, HTTPError, TimeoutError, ValueError) as error:
            raise ProviderError.of(PROVIDER, error) from None  # the cause holds our headers and the chat


def create(options: Options, http: ClientSession) -> LanguageModel:
    return OpenAiLlm(options, http)


def warm() -> None:
    """Imports the SDK. Blocks for about a second: for a thread, before the first call."""
    import_module("openai")


async def close(http: ClientSession) -> None:
    """Closes the connections that were kept open beside this session's own; for when the server stops."""
    for client in _clients.pop(http, {}).values():
        await client.close()


_clients: dict[ClientSession, dict[tuple[str, str], AsyncOpenAI]] = {}
"""By session, server and key: a connection that is open already saves a call a few round trips."""


async def _client(options: Options, http: ClientSession) -> AsyncOpenAI:
    kept = _clients.setdefault(http, {})
    key = options.api_key.get_secret_value() or "none"  # the SDK insists on one
    if (options.base_url, key) not in kept:

        def make() -> AsyncOpenAI:
            from httpx2 import Limits
            from openai import AsyncOpenAI, DefaultAsyncHttpxClient, Timeout

            patience = Timeout(None, connect=options.connect_timeout_seconds)
            limits = Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=KEPT)
            wire = DefaultAsyncHttpxClient(base_url=options.base_url, timeout=patience, limits=limits)
            return AsyncOpenAI(
                api_key=key, base_url=options.base_url, timeout=patience, max_retries=0, http_client=wire
            )

        made = await asyncio.to_thread(make)  # reads certificates, and the first time imports the SDK
        kept.setdefault((options.base_url, key), made)
    return kept[options.base_url, key]


def _request(options: Options, chat: Sequence[Message], tools: Sequence[Tool]) -> dict[str, Any]:
    request: dict[str, Any] = {
        "model": options.model,
        "messages": [_message(message) for message in chat],
        "stream": True,
    }
    if options.base_url == OPENAI if options.count_tokens is None else options.count_tokens:
        request["stream_options"] = {"include_usage": True}
    if tools:
        request["tools"] = [
            {
                "type": "function",
                "function": {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)},
            }
            for tool in tools
        ]
    if options.temperature is not None:
        request["temperature"] = options.temperature
    if options.max_tokens is not None:
        request[options.token_param] = options.max_tokens
    if options.extra_body:
        request["extra_body"] = options.extra_body
    return request


def _tokens(usage: CompletionUsage) -> Tokens:
    """What a compatible server leaves out counts as none."""

    def number(of: object, name: str) -> int:
        given = getattr(of, name, None)
        return given if isinstance(given, int) else 0

    cached = number(getattr(usage, "prompt_tokens_details", None), "cached_tokens")
    return Tokens(number(usage, "prompt_tokens"), cached, number(usage, "completion_tokens"))


def _form_request(options: Options, chat: Sequence[Message], form: Form) -> dict[str, Any]:
    request = _request(options, chat, ())
    request["stream"] = False
    request.pop("stream_options", None)
    if options.max_tokens is not None:  # that one is for what is spoken
        request[options.token_param] = max(options.max_tokens, form.tokens)
    if options.form_response == "json_object":
        request["response_format"] = {"type": "json_object"}
    elif options.form_response == "json_schema":
        # Not strict: that would allow but a few keywords of a schema, and refuse the request for any other.
        named = {"name": form.name, "schema": dict(form.schema), "strict": False}
        request["response_format"] = {"type": "json_schema", "json_schema": named}
    return request


def _filled(content: Any) -> dict[str, Any]:
    """The object in an answer, which some models put between fences."""
    text = content if isinstance(content, str) else ""
    start, end = text.find("{"), text.rfind("}")
    try:
        filled = json.loads(text[start : end + 1], parse_constant=_refuse) if 0 <= start < end else None
    except (ValueError, RecursionError):
        filled = None
    if not isinstance(filled, dict):
        raise ProviderError(PROVIDER, "answered no JSON object")
    return filled


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _message(message: Message) -> dict[str, Any]:
    wire: dict[str, Any] = {"role": message.role, "content": message.text}
    if message.role == "tool":
        wire["tool_call_id"] = message.answers
    if message.calls:
        wire["content"] = message.text or None
        wire["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": json.dumps(dict(call.arguments))},
            }
            for call in message.calls
        ]
    return wire


@dataclass(slots=True)
class _Call:
    """A tool call that comes in fragments: id and name first, then its arguments bit by bit."""

    id: str = ""
    name: str = ""
    arguments: str = ""

    def add(self, fragment: ChoiceDeltaToolCall) -> None:
        self.id = self.id or fragment.id or ""
        if fragment.function is not None:
            self.name += fragment.function.name or ""
            self.arguments += fragment.function.arguments or ""

    def whole(self, index: int) -> ToolCall:
        try:
            arguments = json.loads(self.arguments or "{}")
        except (ValueError, RecursionError):
            arguments = None
        return ToolCall(
            self.id or f"call-{index}", self.name, arguments if isinstance(arguments, dict) else {MALFORMED: True}
        )


def _place(fragment: ChoiceDeltaToolCall, calls: Mapping[int, _Call]) -> int:
    """Which call it belongs to; some servers send no index, but every call whole."""
    index: int | None = fragment.index
    if index is not None:
        return index
    return len(calls) if fragment.id or not calls else len(calls) - 1
