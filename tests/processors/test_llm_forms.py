"""Forms that a model fills in, over real HTTP: what comes back, and every way in which it can fail."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiohttp import ClientSession

from processors.llm.embedded import Options as ScriptOptions
from processors.llm.embedded import ScriptEngine
from processors.llm.openai import OpenAiLlm, Options
from processors.ports import Form, FormFiller, Message, ProviderError
from tests.processors.openai_server import HANG, OpenAiServer, whole
from tests.processors.test_llm_openai import http, model, stand_in

__all__ = ["http", "stand_in"]

FORM = Form("judgement", {"type": "object", "properties": {"mood": {"type": "string"}}})
CHAT = (Message("system", "Judge."), Message("user", "my secret is 42"))


async def filled(stand_in: OpenAiServer, http: ClientSession, *answers: Any, **options: Any) -> dict[str, Any]:
    stand_in.answers = list(answers)
    return await model(stand_in, http, **options).fill(CHAT, FORM)


async def test_a_form_is_asked_for_by_its_schema_and_filled_in(stand_in: OpenAiServer, http: ClientSession) -> None:
    assert await filled(stand_in, http, whole({"mood": "glad"})) == {"mood": "glad"}
    (asked,) = stand_in.asked
    named = {"name": "judgement", "schema": FORM.schema, "strict": False}
    assert asked["response_format"] == {"type": "json_schema", "json_schema": named}
    assert (asked["stream"], asked["max_completion_tokens"]) == (False, 2000)
    assert asked["messages"][1] == {"role": "user", "content": "my secret is 42"}


async def test_servers_that_know_no_schema_are_asked_for_an_object_or_for_nothing(
    stand_in: OpenAiServer, http: ClientSession
) -> None:
    await filled(stand_in, http, whole({}), form_response="json_object", max_tokens=None)
    await filled(stand_in, http, whole({}), form_response="text", max_tokens=4000)
    first, second = stand_in.asked
    assert first["response_format"] == {"type": "json_object"}
    assert "max_completion_tokens" not in first
    assert "response_format" not in second
    assert second["max_completion_tokens"] == 4000


async def test_what_stands_around_the_object_is_left_out(stand_in: OpenAiServer, http: ClientSession) -> None:
    fenced = f"Here it is:\n```json\n{json.dumps({'mood': 'glad'})}\n```"
    assert await filled(stand_in, http, whole(fenced)) == {"mood": "glad"}


@pytest.mark.parametrize(
    ("answer", "told", "retriable"),
    [
        (429, "openai: answered 429", True),
        (500, "openai: answered 500", True),
        (401, "openai: answered 401", False),
        (400, "openai: answered 400", False),
        (whole("not { json }"), "openai: answered no JSON object", True),
        (whole("[1]"), "openai: answered no JSON object", True),
        (whole('{"mood": NaN}'), "openai: answered no JSON object", True),
        (whole('{"a":' * 100_000), "openai: answered no JSON object", True),
        (whole(None), "openai: answered no JSON object", True),
        (whole(None, refusal="I cannot"), "openai: refused to answer", False),
        (whole("{}", finish="content_filter"), "openai: refused to answer", False),
        (whole('{"mood": "gl', finish="length"), "openai: ran out of tokens before the end of its answer", False),
        ("{broken", None, True),
        ('{"choices": []}', "openai: answered no chat completion", True),
        ("[]", "openai: answered no chat completion", True),
    ],
)
async def test_troubles_are_told_without_anybodys_words(
    stand_in: OpenAiServer, http: ClientSession, answer: Any, told: str | None, retriable: bool
) -> None:
    with pytest.raises(ProviderError) as trouble:
        await filled(stand_in, http, answer)
    assert trouble.value.retriable is retriable
    assert len(stand_in.asked) == 1, "nobody else tries again"
    if told is not None:
        assert str(trouble.value) == told
    assert not any(word in str(trouble.value) for word in ("secret detail", "is 42", "canary", "mood"))


async def test_a_server_that_never_answers_is_given_up(stand_in: OpenAiServer, http: ClientSession) -> None:
    stand_in.answers = [HANG]
    with pytest.raises(ProviderError, match="took too long"):
        await model(stand_in, http).fill(CHAT, Form("judgement", {}, seconds=0.05))
    await stand_in.left.wait()


async def test_nobody_there_is_a_trouble_that_may_pass(http: ClientSession) -> None:
    with pytest.raises(ProviderError) as trouble:
        await OpenAiLlm(Options(base_url="http://127.0.0.1:9/v1"), http).fill(CHAT, FORM)
    assert trouble.value.retriable


def test_a_script_fills_in_no_forms(http: ClientSession) -> None:
    assert isinstance(OpenAiLlm(Options(base_url="http://127.0.0.1:9/v1"), http), FormFiller)
    assert not isinstance(ScriptEngine(ScriptOptions()), FormFiller)
