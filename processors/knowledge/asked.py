"""A server of the user's that is asked at each turn what it knows, as Vapi's custom knowledge base is."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from aiohttp import ClientError, ClientSession, ClientTimeout
from pydantic import BaseModel, Field, ValidationError

from processors.ports import Message

_log = logging.getLogger(__name__)

LONGEST_ANSWER = 256_000
"""Bytes that are read of one."""
LONGEST = 8_000
"""Characters of it that a model is given."""
MOST_MESSAGES = 20
"""The last ones of the chat that it is told."""


class _Document(BaseModel):
    content: str
    similarity: float = 0.0


class _Said(BaseModel):
    content: str = ""


class _Answer(BaseModel):
    documents: list[_Document] = Field(default_factory=list)
    message: _Said | None = None
    """What to say, in place of documents."""


class AskedKnowledge:
    def __init__(
        self, http: ClientSession, url: str, headers: Mapping[str, str], seconds: float, most: int, call: str = ""
    ) -> None:
        """`http` must reach only what a user may have us ask."""
        self._http, self._url, self._headers, self._call = http, url, dict(headers), call
        self._seconds, self._most = seconds, most

    async def about(self, chat: Sequence[Message]) -> str:
        """Without an answer in time the turn goes on without."""
        try:
            async with asyncio.timeout(self._seconds):
                answer = _Answer.model_validate(await self._asked(chat))
        except (ClientError, TimeoutError, OSError, ValidationError, ValueError) as error:
            told = {"call": self._call, "error": type(error).__name__}
            _log.warning("a knowledge server gave no answer that can be used", extra=told)
            return ""
        if answer.message is not None and answer.message.content.strip():
            return answer.message.content.strip()[:LONGEST]
        best = sorted(answer.documents, key=lambda document: -document.similarity)[: self._most]
        return "\n".join(f"- {document.content.strip()}" for document in best)[:LONGEST]

    async def _asked(self, chat: Sequence[Message]) -> Any:
        spoken = [message for message in chat if message.role in ("user", "assistant") and message.text]
        messages = [{"role": message.role, "content": message.text} for message in spoken[-MOST_MESSAGES:]]
        question = {"message": {"type": "knowledge-base-request", "messages": messages}}
        async with self._http.post(
            self._url,
            data=orjson.dumps(question),
            headers={"Content-Type": "application/json", "Accept-Encoding": "identity", **self._headers},
            timeout=ClientTimeout(total=self._seconds),
            allow_redirects=False,
        ) as response:
            response.raise_for_status()
            body = await response.content.read(LONGEST_ANSWER)
            while not response.content.at_eof() and len(body) < LONGEST_ANSWER:
                body += await response.content.read(LONGEST_ANSWER - len(body))
            return orjson.loads(body)
