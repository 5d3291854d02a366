"""What a simulated network knows of its calls."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from transports.carrier import CarrierState, CarrierStatus
from transports.simulator.memory import KEPT, Memory

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass
class Clock:
    at: datetime = NOON

    def now(self) -> datetime:
        return self.at


def ended(memory: Memory, number: int) -> None:
    status = CarrierStatus(f"sim_{number}", CarrierState.QUEUED)
    memory.begin(f"cal_{number}", status)
    memory.end(f"cal_{number}", replace(status, state=CarrierState.COMPLETED))


def test_calls_are_forgotten_an_hour_after_they_ended_and_live_ones_never() -> None:
    clock = Clock()
    memory = Memory(clock.now)
    memory.begin("cal_live", CarrierStatus("sim_live", CarrierState.RINGING))
    ended(memory, 1)
    clock.at += KEPT
    ended(memory, 2)
    assert memory.find("", "cal_1") is not None
    clock.at += timedelta(seconds=1)
    ended(memory, 3)
    assert memory.find("sim_1", "") is None
    assert memory.find("", "cal_1") is None
    assert memory.find("", "cal_2") == CarrierStatus("sim_2", CarrierState.COMPLETED)
    assert memory.find("", "cal_live") == CarrierStatus("sim_live", CarrierState.RINGING)


def test_memory_is_bounded_however_many_call() -> None:
    memory = Memory(lambda: NOON, ended=10, numbers=5)
    for number in range(100):
        ended(memory, number)
        memory.earlier_calls(f"+91981234{number:04d}")
    assert len(memory) == 10
    assert memory.find("", "cal_89") is None
    assert memory.find("", "cal_90") is not None


def test_numbers_that_are_dialled_on_are_counted_on() -> None:
    memory = Memory(lambda: NOON, numbers=2)
    assert [memory.earlier_calls(number) for number in ("a", "b", "a", "c", "a", "b")] == [0, 0, 1, 0, 2, 0]


def test_a_reference_that_is_dialled_twice_is_its_newest_call() -> None:
    memory = Memory(lambda: NOON, ended=1)
    for carrier_call in ("sim_1", "sim_2"):
        memory.begin("cal_1", CarrierStatus(carrier_call, CarrierState.QUEUED))
    memory.end("cal_1", CarrierStatus("sim_1", CarrierState.COMPLETED))
    memory.end("cal_1", CarrierStatus("sim_2", CarrierState.COMPLETED))
    assert memory.find("", "cal_1") == CarrierStatus("sim_2", CarrierState.COMPLETED)
    assert len(memory) == 1
