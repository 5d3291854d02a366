from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from control_api.links.public_only import public_session
from processors.ports import ToolCall
from processors.tools.http import HttpDeed
from processors.tools.options import HttpTool, ToolPlan
from processors.tools.requests import LARGEST_ANSWER, Outside
from processors.tools.toolbox import Done, Toolbox
from tests.processors.stand_ins.tool_server import ToolServer, serving

DAY = {"type": "object", "properties": {"day": {"type": "string"}}, "required": ["day"]}
SECRET = "Bearer sesame"


def plan(url: str, **more: Any) -> HttpTool:
    made = {"kind": "http", "name": "book", "url": url, "parameters": DAY, **more}
    return HttpTool.model_validate(made)


def said(text: str) -> None:
    raise AssertionError(text)


async def used(outside: Outside, made: HttpTool, variables: dict[str, Any] | None = None, **arguments: Any) -> Done:
    deed = HttpDeed(made, outside, {} if variables is None else variables)
    return await Toolbox([deed]).use(ToolCall("1", made.name, arguments), said)


async def test_the_arguments_go_out_and_the_answer_comes_back() -> None:
    server = ToolServer(answers=[web.json_response({"number": 17})])
    async with serving(server) as outside:
        made = plan(
            f"{server.url}/book/{{{{shop}}}}?q={{{{day}}}}",
            headers={"Authorization": SECRET},
            fixed={"shop": "{{shop}}", "day_is": "on {{day}}"},
        )
        done = await used(outside, made, {"shop": "A/B & C"}, day="Friday")
    asked = server.asked[0]
    assert done == Done('{"number": 17}')
    assert (asked.method, asked.path) == ("POST", "/book/A%2FB%20%26%20C?q=Friday")
    assert asked.body == {"day": "Friday", "shop": "A/B & C", "day_is": "on Friday"}
    assert asked.headers["Authorization"] == SECRET


async def test_a_get_has_its_arguments_in_the_address() -> None:
    server = ToolServer(answers=[web.Response(text="free")])
    async with serving(server) as outside:
        done = await used(outside, plan(f"{server.url}/free", method="GET"), day="a&b=c")
    assert done == Done("free")
    assert (server.asked[0].path, server.asked[0].body) == ("/free?day=a%26b%3Dc", None)


@pytest.mark.parametrize("value", ["..", ".", "a\nb"])
async def test_no_value_leads_to_another_path(value: str) -> None:
    server = ToolServer(answers=[web.Response()])
    async with serving(server) as outside:
        done = await used(outside, plan(f"{server.url}/a/{{{{day}}}}/b"), day=value)
    assert (done.ok, server.asked) == (False, [])


@pytest.mark.parametrize(
    "url",
    [
        "https://{{host}}/",
        "https://a.{{x}}.com/",
        "ftp://a.example.com",
        "https://u:p@a.example.com/",
        "a",
        "https:///x",
    ],
)
def test_a_host_is_nobodys_variable(url: str) -> None:
    with pytest.raises(ValidationError):
        plan(url)


async def test_what_a_model_makes_up_takes_no_variables_place() -> None:
    server = ToolServer(answers=[web.Response(text="ok")])
    async with serving(server) as outside:
        made = plan(f"{server.url}/{{{{customer}}}}", fixed={"customer": "{{customer}}"})
        await used(outside, made, {"customer": "7"}, day="Friday", customer="8")
    assert (server.asked[0].path, server.asked[0].body["customer"]) == ("/7", "7")


def answered(**about: Any) -> web.Response:
    return web.Response(**about)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (answered(status=500, text="secret stack trace"), "it answered with the status 500"),
        (answered(status=404), "it answered with the status 404"),
        (answered(status=302, headers={"Location": "http://169.254.169.254/"}), "it answered with the status 302"),
        (answered(body=b"\x89PNG", content_type="image/png"), "it answered something that is no text"),
        (answered(body=b"x" * (LARGEST_ANSWER + 1), content_type="text/plain"), "its answer is longer than 256 KiB"),
        (answered(body=b"\xff\xfe\xff", content_type="text/plain"), "its answer is no text that can be read"),
        (answered(body=b"x", headers={"Content-Type": "text/plain", "Content-Encoding": "gzip"}), "is packed"),
        (answered(body=rb"\ud800", headers={"Content-Type": "text/plain; charset=unicode_escape"}), "no text that can"),
    ],
    ids=["500", "404", "redirect", "picture", "long", "garbled", "packed", "half a character"],
)
async def test_a_trouble_is_told_to_the_model_in_a_sentence(answer: web.Response, why: str) -> None:
    server = ToolServer(answers=[answer])
    async with serving(server) as outside:
        done = await used(outside, plan(f"{server.url}/x", headers={"Authorization": SECRET}), day="Friday")
    assert not done.ok
    assert why in done.answer
    assert done.answer.startswith("The tool book failed: ")
    assert not any(word in done.answer for word in ("sesame", "127.0.0.1", "stack", "169.254"))
    assert len(server.asked) == 1


async def test_who_does_not_answer_in_time_is_given_up() -> None:
    server = ToolServer(answers=[None])
    async with serving(server) as outside:
        made = plan(f"{server.url}/x").model_copy(update={"timeout_seconds": 0.05})
        done = await used(outside, made, day="Friday")
    assert done == Done("The tool book failed: it did not answer within 0.05 seconds.", ok=False)


async def test_who_is_not_there_cannot_be_reached() -> None:
    server = ToolServer(answers=[None])
    async with serving(server) as outside:
        done = await used(outside, plan("http://127.0.0.1:1/x"), day="Friday")
    assert done == Done("The tool book failed: it cannot be reached.", ok=False)


async def test_private_addresses_are_refused_at_the_socket() -> None:
    server = ToolServer(answers=[web.Response(text="metadata")])
    async with serving(server), public_session() as guarded:
        done = await used(Outside(guarded, plain=True), plan(f"{server.url}/x"), day="Friday")
    assert done == Done("The tool book failed: it cannot be reached.", ok=False)
    assert server.asked == []


async def test_without_encryption_nothing_is_sent() -> None:
    server = ToolServer(answers=[web.Response(text="ok")])
    async with serving(server) as outside:
        done = await used(Outside(outside.http), plan(f"{server.url}/x"), day="Friday")
    assert (done.ok, server.asked) == (False, [])


async def test_a_header_that_cannot_be_sent_does_not_show_itself() -> None:
    server = ToolServer(answers=[web.Response(text="ok")])
    async with serving(server) as outside:
        done = await used(outside, plan(f"{server.url}/x", headers={"X-Key": "sesame\r\nX: y"}), day="Friday")
    assert not done.ok
    assert "sesame" not in done.answer


@pytest.mark.parametrize(
    ("retries", "statuses", "asked"),
    [
        ({"times": 2, "seconds": 0}, [503, 503, 200], 3),
        ({"times": 2, "seconds": 0, "growing": True}, [503, 503, 503], 3),
        ({"times": 2, "seconds": 0}, [401, 200], 1),
        ({"times": 2, "seconds": 0, "not_after": [503]}, [503, 200], 1),
        ({}, [503, 200], 1),
    ],
    ids=["until it works", "until it is enough", "not of what stays wrong", "not of what is named", "not unasked"],
)
async def test_it_is_tried_again_as_planned(retries: dict[str, Any], statuses: list[int], asked: int) -> None:
    server = ToolServer(answers=[web.Response(status=status, text="ok") for status in statuses])
    async with serving(server) as outside:
        done = await used(outside, plan(f"{server.url}/x", retries=retries), day="Friday")
    assert len(server.asked) == asked
    assert done.ok is (statuses[asked - 1] == 200)


async def test_a_schema_that_is_none_is_nobodys_trouble_but_the_servers() -> None:
    server = ToolServer(answers=[web.Response(text="Booked.")])
    async with serving(server) as outside:
        made = plan(server.url, parameters={"type": "object", "properties": None})
        assert await used(outside, made, day="Friday") == Done("Booked.")


async def test_wrong_arguments_are_told_and_nothing_is_sent() -> None:
    server = ToolServer(answers=[web.Response()])
    async with serving(server) as outside:
        wrong = await used(outside, plan(f"{server.url}/x"), day=5)
        missing = await used(outside, plan(f"{server.url}/x"))
        broken = await used(outside, plan(f"{server.url}/x"), _malformed=True)
    assert wrong.answer == "The arguments of book are wrong: $.day fails 'type'."
    assert missing.answer == "The arguments of book are wrong: $ fails 'required'."
    assert broken.answer == "The arguments of book were no JSON object: call it again."
    assert server.asked == []


async def test_what_is_found_in_an_answer_is_used_by_the_next_tool() -> None:
    found = {"data": [{"id": "b 17"}], "price": 850, "odd": "x", "spare": None}
    server = ToolServer(answers=[web.json_response(found), web.Response(text="ok")])
    variables: dict[str, Any] = {}
    extract = {
        "properties": {"price": {"type": "number"}, "odd": {"type": "number"}, "none": {}},
        "aliases": {"booking": "{{ $.data[0].id }}", "told": "No. {{ $['data'][0]['id'] }}!", "no": "{{ $.a.b }}"},
    }
    async with serving(server) as outside:
        assert (await used(outside, plan(f"{server.url}/x", extract=extract), variables, day="Friday")).ok
        assert variables == {"price": 850, "booking": "b 17", "told": "No. b 17!"}
        second = plan(f"{server.url}/{{{{booking}}}}", fixed={"price": "{{ price }}"})
        await used(outside, second, variables, day="Friday")
    assert (server.asked[1].path, server.asked[1].body["price"]) == ("/b%2017", 850)


async def test_an_answer_that_is_nested_too_deeply_is_a_failure() -> None:
    server = ToolServer(answers=[web.Response(text="[" * 1000 + "]" * 1000, content_type="application/json")])
    async with serving(server) as outside:
        done = await used(
            outside, plan(f"{server.url}/x", extract={"aliases": {"all": "It says {{ $ }}"}}), day="Friday"
        )
    assert not done.ok
    assert "nested too deeply" in done.answer


async def test_a_number_that_cannot_be_written_is_told() -> None:
    async with serving(ToolServer(answers=[])) as outside:
        done = await used(outside, plan("https://shop.invalid/x", method="GET"), day="Friday", piece={"number": 2**70})
    assert not done.ok


async def test_an_answer_that_is_no_json_has_nothing_to_be_found() -> None:
    server = ToolServer(answers=[web.Response(text="<b>")])
    async with serving(server) as outside:
        done = await used(outside, plan(f"{server.url}/x", extract={"aliases": {"a": "{{$.a}}"}}), day="Friday")
    assert done == Done("The tool book failed: it answered something that is no JSON.", ok=False)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "magic"},
        {"kind": "http", "name": "opt_out", "url": "https://a.example.com"},
        {"kind": "http", "name": "a b", "url": "https://a.example.com"},
        {"kind": "http", "name": "a", "url": "https://a.example.com", "reject": [{"pattern": "(?<=a)b"}]},
        {"kind": "http", "name": "a", "url": "https://a.example.com", "reject": [{}]},
    ],
)
def test_a_tool_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(ToolPlan)
    with pytest.raises(ValidationError):
        adapter.validate_python(wrong)


def test_secrets_stay_out_of_what_is_shown_of_a_plan() -> None:
    assert "sesame" not in repr(plan("https://a.example.com", headers={"Authorization": SECRET}))
