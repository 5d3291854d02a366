from __future__ import annotations

import asyncio

import pytest

from server.sounds.kept import Kept


async def test_one_is_made_for_all_who_ask_and_again_once_it_is_stale_or_was_asked_for_longest_ago() -> None:
    now = 0.0
    made: list[str] = []

    async def make(name: str, rate: int) -> str:
        made.append(name)
        return f"{name} at {rate}"

    kept: Kept[str] = Kept(2, fresh=10, clock=lambda: now)
    assert list(await asyncio.gather(kept.get("a", 8, make), kept.get("a", 8, make))) == ["a at 8"] * 2
    for name in ("b", "a", "c", "a"):
        await kept.get(name, 8, make)
    assert made == ["a", "b", "c"]
    await kept.get("b", 8, make)
    now = 10.0
    await kept.get("a", 8, make)
    assert made == ["a", "b", "c", "b", "a"]


async def test_what_could_not_be_had_is_tried_again_by_the_next_and_who_gives_up_takes_it_from_nobody() -> None:
    answers: list[str | Exception | None] = [None, RuntimeError("broke"), "found"]
    may_go_on = asyncio.Event()

    async def make(name: str, rate: int) -> str | None:
        await may_go_on.wait()
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    kept: Kept[str] = Kept(2)
    impatient = asyncio.create_task(kept.get("a", 8, make))
    await asyncio.sleep(0)
    impatient.cancel()
    may_go_on.set()
    assert await kept.get("a", 8, make) is None
    with pytest.raises(RuntimeError):
        await kept.get("a", 8, make)
    assert await kept.get("a", 8, make) == "found"
    assert await kept.get("a", 8, make) == "found"
