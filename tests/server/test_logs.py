from __future__ import annotations

import asyncio
import io
import json
import logging

import pytest
from aiohttp import ClientSession, web

from server.logs import AccessLog, JsonFormatter, TextFormatter, configure
from storage.ids import CALL, new_id
from tests.patience import until


@pytest.fixture
def told() -> tuple[io.StringIO, logging.Logger]:
    logger, stream = logging.Logger("test"), io.StringIO()
    logger.addHandler(logging.StreamHandler(stream))
    return stream, logger


def test_a_json_line_holds_the_sentence_and_what_stands_beside_it(told: tuple[io.StringIO, logging.Logger]) -> None:
    stream, logger = told
    logger.handlers[0].setFormatter(JsonFormatter())
    logger.warning("a call %s", "ended\nhere", extra={"call": "cal_1", "seconds": 1.5, "odd": object})
    (line,) = stream.getvalue().splitlines()
    said = json.loads(line)
    assert (said["level"], said["logger"], said["message"]) == ("warning", "test", "a call ended\nhere")
    assert (said["call"], said["seconds"]) == ("cal_1", 1.5)
    assert said["time"].endswith("Z")


def test_an_exception_keeps_its_traceback(told: tuple[io.StringIO, logging.Logger]) -> None:
    stream, logger = told
    logger.handlers[0].setFormatter(JsonFormatter())
    try:
        raise ZeroDivisionError("no")
    except ZeroDivisionError:
        logger.exception("a call broke")
    assert "in test_an_exception_keeps_its_traceback" in json.loads(stream.getvalue())["exception"]


def test_a_text_line_stays_one_line_whatever_a_caller_sends(told: tuple[io.StringIO, logging.Logger]) -> None:
    stream, logger = told
    logger.handlers[0].setFormatter(TextFormatter())
    logger.info("request answered", extra={"path": "/a\nforged", "status": 200, "empty": ""})
    (line,) = stream.getvalue().splitlines()
    assert line.endswith(r'info    test  request answered  path="/a\nforged"  status=200  empty=""')


def test_configuring_twice_says_everything_once(monkeypatch: pytest.MonkeyPatch) -> None:
    root, stream = logging.getLogger(), io.StringIO()
    monkeypatch.setattr(root, "handlers", list(root.handlers))
    level = root.level
    try:
        configure("info", "json", stream)
        configure("info", None, stream)
        logging.getLogger("server").info("started")
        logging.getLogger("server").debug("unheard")
        logging.getLogger("openai").info("a caller's words")
    finally:
        root.setLevel(level)
        logging.captureWarnings(False)
    assert [json.loads(line)["message"] for line in stream.getvalue().splitlines()] == ["started"]


async def test_a_request_is_logged_by_its_route_and_our_ids_alone(told: tuple[io.StringIO, logging.Logger]) -> None:
    stream, logger = told
    logger.handlers[0].setFormatter(JsonFormatter())
    app, call = web.Application(), new_id(CALL)

    async def answer(request: web.Request) -> web.Response:
        return web.Response()

    app.add_routes([web.get("/ws/exotel/{token}", answer), web.get("/calls/{call}", answer)])
    runner = web.AppRunner(app, access_log_class=AccessLog, access_log=logger)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        async with ClientSession() as http:
            for path in (
                "/ws/exotel/canary?token=canary",
                f"/calls/{call}",
                "/calls/canary",
                "/canary%0A?token=canary",
            ):
                await (await http.get(f"http://{host}:{port}{path}")).read()
    finally:
        await runner.cleanup()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["method"], line["path"], line["status"]) for line in lines] == [
        ("GET", "/ws/exotel/{token}", 200),
        ("GET", f"/calls/{call}", 200),
        ("GET", "/calls/{call}", 200),
        ("GET", "-", 404),
    ]
    assert "canary" not in stream.getvalue()


async def test_a_request_that_was_never_routed_has_no_path(told: tuple[io.StringIO, logging.Logger]) -> None:
    stream, logger = told
    logger.handlers[0].setFormatter(JsonFormatter())
    runner = web.AppRunner(web.Application(), access_log_class=AccessLog, access_log=logger)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        reader, writer = await asyncio.open_connection(*runner.addresses[0][:2])
        writer.write(b"GET / HTTP/1.1\r\nno colon\r\n\r\n")
        assert b" 400 " in await reader.readline()
        await until(lambda: bool(stream.getvalue()))
        writer.close()
        await writer.wait_closed()
    finally:
        await runner.cleanup()
    said = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["message"], line["path"], line["status"]) for line in said] == [("request answered", "-", 400)]
