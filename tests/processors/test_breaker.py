from __future__ import annotations

import pytest

from processors import breaker
from processors.breaker import FAILURES, LONGEST_REST, SHORTEST_REST, WINDOW, Account, Breaker, Breakers
from processors.ports import ProviderError

BUSY = ProviderError("acme", "answered 500", status=500)
REFUSED = ProviderError("acme", "answered 401", status=401, retriable=False)


class Hands:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hands() -> Hands:
    return Hands()


def failed(one: Breaker, times: int = FAILURES) -> None:
    for _ in range(times):
        one.failed(BUSY)


def test_one_failure_is_forgiven_and_the_second_rests_the_provider(hands: Hands) -> None:
    one = Breaker(hands)
    failed(one, 1)
    assert one.admits()
    failed(one, 1)
    assert not one.admits()


def test_failures_that_lie_far_apart_are_each_the_first(hands: Hands) -> None:
    one = Breaker(hands)
    for _ in range(5):
        failed(one, 1)
        hands.now += WINDOW + 1
    assert one.admits()


def test_a_refused_key_rests_it_at_once(hands: Hands) -> None:
    one = Breaker(hands)
    one.failed(REFUSED)
    assert not one.admits()


def test_after_the_rest_one_request_probes_it_and_brings_it_back(hands: Hands) -> None:
    one = Breaker(hands)
    failed(one)
    hands.now += SHORTEST_REST
    assert [one.admits() for _ in range(3)] == [True, False, False]
    one.succeeded()
    assert [one.admits() for _ in range(3)] == [True, True, True]


def test_a_probe_that_fails_doubles_the_rest_up_to_the_longest(hands: Hands) -> None:
    one = Breaker(hands)
    failed(one)
    rests, rest = [], SHORTEST_REST
    for _ in range(6):
        hands.now += rest - 0.1
        assert not one.admits()
        hands.now += 0.1
        assert one.admits()
        one.failed(BUSY)
        rest = min(2 * rest, LONGEST_REST)
        rests.append(rest)
    assert rests == [30, 60, 120, 240, 300, 300]


def test_a_probe_that_was_cut_short_leaves_the_next_request_to_probe(hands: Hands) -> None:
    one = Breaker(hands)
    failed(one)
    hands.now += SHORTEST_REST
    assert one.admits()
    one.let_go()
    assert one.admits()


def test_a_rest_begins_and_ends_once_for_whoever_counts(hands: Hands) -> None:
    seen: list[tuple[str, bool]] = []
    kept = Breakers(hands, lambda account, resting: seen.append((account.provider, resting)))
    one = kept.of(Account("tts", "acme"))
    failed(one, 5)
    hands.now += SHORTEST_REST
    assert one.admits()
    one.failed(BUSY)
    hands.now += 2 * SHORTEST_REST
    assert one.admits()
    one.succeeded()
    one.succeeded()
    assert seen == [("acme", True), ("acme", False)]


def test_one_account_s_trouble_is_no_other_s_and_is_known_to_every_call() -> None:
    kept = Breakers()
    options = {"api_key": "sk-one", "base_url": "http://here"}
    failed(kept.of(Account.of("llm", "openai", options)))
    assert not kept.of(Account.of("llm", "openai", dict(options))).admits()
    for other in ({**options, "api_key": "sk-two"}, {**options, "base_url": "http://there"}):
        assert kept.of(Account.of("llm", "openai", other)).admits()
    assert kept.of(Account.of("tts", "openai", options)).admits()


def test_an_account_shows_no_key() -> None:
    assert "canary" not in repr(Account.of("llm", "openai", {"api_key": "sk-canary"}))


def test_accounts_without_trouble_are_forgotten_when_there_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "KEPT", 3)
    kept = Breakers()
    sick = kept.of(Account("llm", "sick"))
    failed(sick)
    fine = kept.of(Account("llm", "fine"))
    for number in range(5):
        kept.of(Account("llm", f"other {number}"))
    assert kept.of(Account("llm", "sick")) is sick
    assert kept.of(Account("llm", "fine")) is not fine
