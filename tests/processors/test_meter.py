from __future__ import annotations

from prometheus_client import CollectorRegistry

from pipeline.frames import AudioIn, Failure, Frame, Heard, Interrupt, Pause, Resume
from pipeline.news import Answered, DeadAir, FalseInterruption
from processors.meter import Labels, Meter, Metrics
from tests.fakes import started

LABELS = Labels("loopback", {"vad": "silero", "stt": "embedded", "llm": "acme", "tts": "embedded"})


async def metered(*frames: Frame) -> CollectorRegistry:
    registry = CollectorRegistry()
    stage = Meter(Metrics(registry), LABELS)
    async with started(stage) as heard:
        for frame in frames:
            stage.process(frame)
        assert [frame for frame in heard if not isinstance(frame, FalseInterruption)] == list(frames)
    return registry


async def test_an_answer_is_told_by_stage_and_from_end_to_end() -> None:
    registry = await metered(Answered(1, 4.0, 0.2, 0.35, 0.4, 0.5, 0.52, 0.53))
    line = {"transport": "loopback"}
    assert registry.get_sample_value("vaani_answer_seconds_sum", line) == 0.53
    for stage, provider, seconds in [("vad", "silero", 0.2), ("stt", "embedded", 0.15), ("llm", "acme", 0.1)]:
        labels = {"stage": stage, "provider": provider, **line}
        assert abs((registry.get_sample_value("vaani_stage_seconds_sum", labels) or 0) - seconds) < 1e-9


async def test_an_interruption_counts_when_the_bot_was_audible() -> None:
    audible = (AudioIn(b"", 1.0), Heard(b"", 1.0, 1))
    line = {"transport": "loopback"}
    silent = await metered(AudioIn(b"", 1.0), Pause(1.0), Interrupt(1.1))
    assert silent.get_sample_value("vaani_interruptions_total", line) in (None, 0)
    cut = await metered(*audible, Pause(1.0), AudioIn(b"", 1.5), Interrupt(1.5), Interrupt(1.6))
    assert cut.get_sample_value("vaani_interruptions_total", line) == 1
    mute = await metered(*audible, Interrupt(1.0, ours=True), Interrupt(1.0))
    assert mute.get_sample_value("vaani_interruptions_total", line) in (None, 0)
    cough = await metered(*audible, Pause(1.0), AudioIn(b"", 1.5), Resume(1.5))
    assert cough.get_sample_value("vaani_false_interruptions_total", line) == 1


async def test_a_cough_over_the_bot_is_told_with_how_long_it_was_held() -> None:
    stage = Meter(Metrics(CollectorRegistry()), LABELS)
    async with started(stage) as heard:
        held = Pause(1.0), Resume(1.75)
        in_silence = AudioIn(b"", 3.0), Pause(3.0), Resume(3.5)
        for frame in (AudioIn(b"", 1.0), Heard(b"", 1.0, 1), *held, *in_silence):
            stage.process(frame)
    assert [frame for frame in heard if isinstance(frame, FalseInterruption)] == [FalseInterruption(1.75, 0.75)]


async def test_troubles_are_counted_by_stage_and_provider() -> None:
    registry = await metered(Failure("llm", "acme: answered 500"), DeadAir(1.0, 2.0))
    assert registry.get_sample_value("vaani_provider_failures_total", {"stage": "llm", "provider": "acme"}) == 1
    assert registry.get_sample_value("vaani_dead_air_total", {"transport": "loopback"}) == 1
