"""Who thinks: the language model, what it is told first, and what it may use."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from control_api.assistant.server import Server
from control_api.assistant.tools import Tool
from control_api.assistant.wire import Count, Loose, Secret, Wire


class ModelMessage(Loose):
    """What stands in the chat before the call begins."""

    role: Literal["system", "assistant", "user", "function", "tool", "developer"]
    content: str | None = None


class KnowledgeBase(Loose):
    provider: str | None = None
    server: Server | None = None


class Thinking(Wire):
    type: Literal["enabled"] | None = None
    budget_tokens: float | None = Field(None, ge=1)


class Model(Loose):
    provider: str | None = None
    model: str | None = None
    url: str | None = Field(None, pattern=r"^https?://[^\s/]")
    """Of a `custom-llm`: a server that speaks OpenAI's chat completions."""
    fallback_models: list[str] | None = None
    """Of the same provider, in order."""
    messages: list[ModelMessage] | None = None
    tools: list[Tool] | None = None
    tool_ids: list[str] | None = None
    knowledge_base: KnowledgeBase | None = None
    thinking: Thinking | None = None
    temperature: float | None = Field(None, ge=0, le=2)
    max_tokens: float | None = Field(None, ge=1)
    emotion_recognition_enabled: bool | None = None
    num_fast_turns: Count | None = None


class Credential(Loose):
    """A provider's key that is good for these calls only."""

    provider: str
    api_key: Annotated[str | None, Secret()] = Field(None, repr=False)
    name: str | None = None
