from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from control_api.records import stories as telling
from control_api.records.stories import EVENTS, KEPT_SECONDS, PASSING, SILENT_SECONDS, Stories
from storage.bus import MemoryBus, Message, SlowSubscriberError

CALL = "call.cal_1"


class Time:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def stories(clock: Time) -> Stories:
    return Stories(MemoryBus(), clock)


def line(text: str) -> dict[str, Any]:
    return {"type": "transcript", "text": text}


START, END = {"type": "start"}, {"type": "end"}


async def tell(stories: Stories, *messages: dict[str, Any], topic: str = CALL) -> None:
    for message in messages:
        await stories.publish(topic, message)


async def rest(story: AsyncIterator[Message]) -> list[Message]:
    async with asyncio.timeout(1):
        return [message async for message in story]


async def known(stories: Stories, topic: str = CALL) -> list[Message]:
    """What a listener is told who leaves when nothing more comes."""
    heard: list[Message] = []
    async with stories.follow(topic) as story:
        try:
            async with asyncio.timeout(0.01):
                async for message in story:
                    heard.append(message)  # noqa: PERF401 - what was heard before the timeout counts
        except TimeoutError:
            pass
    return heard


async def test_who_comes_late_hears_what_was_said_and_then_the_rest(stories: Stories) -> None:
    await tell(stories, START, line("one"))
    async with stories.follow(CALL) as story:
        await tell(stories, line("two"), END)
        assert await rest(story) == [START, line("one"), line("two"), END]


async def test_who_comes_early_hears_everything_once(stories: Stories) -> None:
    async with stories.follow(CALL) as story:
        await tell(stories, START, line("one"), END)
        assert await rest(story) == [START, line("one"), END]


@pytest.mark.parametrize("kind", sorted(PASSING))
async def test_news_of_the_moment_is_for_those_who_are_there(stories: Stories, kind: str) -> None:
    passing = {"type": kind, "text": "he"}
    async with stories.follow(CALL) as story:
        await tell(stories, START, passing, END)
        assert await rest(story) == [START, passing, END]
    assert await known(stories) == [START, END]


async def test_a_story_is_told_for_ten_minutes_after_its_end_and_then_forgotten(stories: Stories, clock: Time) -> None:
    await tell(stories, START, line("one"), END)
    clock.now += KEPT_SECONDS - 1
    await tell(stories, START, topic="call.cal_2")
    assert await known(stories) == [START, line("one"), END]
    clock.now += 2
    await tell(stories, START, topic="call.cal_3")
    assert await known(stories) == []
    assert await known(stories, "call.cal_2") == [START]


async def test_a_call_that_goes_on_is_never_forgotten(stories: Stories, clock: Time) -> None:
    await tell(stories, START, line("one"))
    clock.now += 10 * KEPT_SECONDS
    await tell(stories, START, topic="call.cal_2")
    assert await known(stories) == [START, line("one")]


async def test_of_a_very_long_call_the_last_part_is_told(stories: Stories) -> None:
    await tell(stories, START, *(line(str(number)) for number in range(EVENTS + 5)))
    told = await known(stories)
    assert len(told) == EVENTS
    assert told[-1] == line(str(EVENTS + 4))


async def test_calls_do_not_mix(stories: Stories) -> None:
    await tell(stories, START, line("one"))
    await tell(stories, START, line("two"), topic="call.cal_2")
    assert await known(stories) == [START, line("one")]


async def test_announcements_are_passed_on_and_not_kept(stories: Stories) -> None:
    async with stories.subscribe("call.ended") as news:
        await tell(stories, {"call": "cal_1"}, topic="call.ended")
        assert await anext(news) == {"call": "cal_1"}
    assert stories._stories == {}


async def test_a_listener_who_is_too_slow_is_dropped_and_delays_nobody() -> None:
    stories = Stories(MemoryBus(backlog=3))
    async with stories.follow(CALL) as slow:
        await tell(stories, START, *(line(str(number)) for number in range(9)))
        with pytest.raises(SlowSubscriberError):
            await rest(slow)
    assert len(await known(stories)) == 10


async def test_of_a_call_elsewhere_everything_is_told_once(stories: Stories) -> None:
    """What is said while the other process is being asked comes over the bus as well."""
    bus = MemoryBus()
    there, here = Stories(bus), Stories(bus)
    await tell(there, START, line("one"))

    async def elsewhere() -> Sequence[Message]:
        await tell(there, line("two"), {"type": "partial"})
        return there.so_far(CALL)

    async with here.follow(CALL, elsewhere) as story:
        await tell(there, line("three"), END)
        assert await rest(story) == [START, line("one"), line("two"), {"type": "partial"}, line("three"), END]


async def test_where_nobody_can_tell_what_was_the_rest_is_told(stories: Stories) -> None:
    bus = MemoryBus()
    there, here = Stories(bus), Stories(bus)
    await tell(there, START, line("one"))

    async def elsewhere() -> Sequence[Message]:
        return ()

    async with here.follow(CALL, elsewhere) as story:
        await tell(there, line("two"), END)
        assert await rest(story) == [line("two"), END]


async def test_a_story_that_is_known_here_is_asked_for_nowhere(stories: Stories) -> None:
    async def elsewhere() -> Sequence[Message]:
        raise AssertionError("it was asked for")

    await tell(stories, START, END)
    async with stories.follow(CALL, elsewhere) as story:
        assert await rest(story) == [START, END]


async def test_a_call_that_comes_back_in_another_process_is_told_on_and_to_its_end() -> None:
    """Each process counts what it tells itself: the numbers of the one that has the call now begin anew."""
    bus = MemoryBus()
    before, after = Stories(bus), Stories(bus)
    await tell(before, START, line("one"), line("two"))
    async with before.follow(CALL) as story:
        await tell(after, START, line("three"), END)
        assert await rest(story) == [START, line("one"), line("two"), START, line("three"), END]


@pytest.mark.parametrize("joins", ["before", "after"])
async def test_who_joins_after_a_call_has_come_back_elsewhere_is_told_that_part_too(joins: str) -> None:
    bus = MemoryBus()
    both = {"before": Stories(bus), "after": Stories(bus)}
    await tell(both["before"], START, line("one"))
    await tell(both["after"], START, line("two"))

    async def elsewhere() -> Sequence[Message]:
        return both["after"].so_far(CALL)

    async with both[joins].follow(CALL, elsewhere) as story:
        await tell(both["after"], line("three"), END)
        heard = await rest(story)
    assert heard[-4:] == [START, line("two"), line("three"), END]
    assert heard[:-4] == ([START, line("one")] if joins == "before" else [])


async def test_of_a_call_that_ended_elsewhere_no_more_is_waited_for(
    stories: Stories, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "LAST_SECONDS", 0.01)
    await tell(stories, START, line("one"))
    async with stories.follow(CALL, is_over=True) as story:
        assert await rest(story) == [START, line("one")]


async def test_a_call_whose_end_was_told_elsewhere_is_forgotten_in_the_end(stories: Stories, clock: Time) -> None:
    await tell(stories, START, line("one"))
    clock.now += SILENT_SECONDS + 1
    await tell(stories, START, topic="call.cal_2")
    assert await known(stories) == []


class Torn(MemoryBus):
    """Loses what is published while it is away."""

    away = False

    async def publish(self, topic: str, message: Message) -> None:
        if not self.away:
            await super().publish(topic, message)


@pytest.fixture
def torn() -> Torn:
    return Torn()


async def test_what_was_lost_on_the_way_is_told_before_what_came_after_it(torn: Torn) -> None:
    there, here = Stories(torn), Stories(torn)

    async def elsewhere() -> Sequence[Message]:
        return there.so_far(CALL)

    await tell(there, START)
    async with here.follow(CALL, elsewhere, elsewhere) as story:
        torn.away = True
        await tell(there, line("one"), line("two"))
        torn.away = False
        await tell(there, line("three"), line("four"), END)
        assert await rest(story) == [START, *map(line, ("one", "two", "three", "four")), END]


async def test_an_end_that_was_lost_on_the_way_is_told_after_a_silence(
    torn: Torn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "SILENCE_SECONDS", 0.01)
    there, here = Stories(torn), Stories(torn)

    async def elsewhere() -> Sequence[Message]:
        return there.so_far(CALL)

    await tell(there, START)
    async with here.follow(CALL, elsewhere, elsewhere) as story:
        torn.away = True
        await tell(there, line("one"), END)
        assert await rest(story) == [START, line("one"), END]


async def test_what_nobody_can_tell_any_more_is_asked_for_once_and_the_rest_goes_on(torn: Torn) -> None:
    there, here = Stories(torn), Stories(torn)
    asked: list[str] = []

    async def nothing() -> Sequence[Message]:
        asked.append("again")
        return ()

    await tell(there, START)
    async with here.follow(CALL, None, nothing) as story:
        torn.away = True
        await tell(there, line("one"))
        torn.away = False
        await tell(there, line("two"), line("three"), END)
        assert await rest(story) == [line("two"), line("three"), END]
    assert asked == ["again"]
