from __future__ import annotations

from prometheus_client import CollectorRegistry

from processors.call_time import CallTime


def test_seconds_grow_while_calls_go_on_and_stay_when_they_are_over() -> None:
    registry, now = CollectorRegistry(), [100.0]
    time = CallTime(registry, clock=lambda: now[0])

    def seconds(transport: str) -> float | None:
        return registry.get_sample_value("vaani_call_seconds_total", {"transport": transport})

    assert seconds("exotel") is None
    for _ in range(3):
        time.began("exotel")
    now[0] += 10
    assert (seconds("exotel"), seconds("exotel")) == (30, 30)
    time.ended("exotel")
    time.began("webrtc")
    now[0] += 5
    assert (seconds("exotel"), seconds("webrtc")) == (40, 5)
    for _ in range(2):
        time.ended("exotel")
    now[0] += 60
    assert (seconds("exotel"), seconds("webrtc")) == (40, 65)
