"""What happens when a simulated number is dialled."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transports.simulator.fates import DEFAULT_MIX, FIXED_RING, RING, Fate, Mix, fate_of, ring_of

ONLY_BUSY = Mix({Fate.BUSY: 1})
NUMBERS = [f"+9198{number:08d}" for number in range(10_010, 30_000, 10)]


@pytest.mark.parametrize(
    ("digits", "fate"),
    [
        ("0001", Fate.ANSWERS),
        ("0002", Fate.RINGS_OUT),
        ("0003", Fate.BUSY),
        ("0004", Fate.VOICEMAIL),
        ("0005", Fate.FAILS),
        ("0006", Fate.SILENT),
    ],
)
@pytest.mark.parametrize("attempt", [0, 1, 7])
def test_the_last_four_digits_fix_a_fate_whatever_the_mix_and_seed(digits: str, fate: Fate, attempt: int) -> None:
    for mix, seed in ((DEFAULT_MIX, 0), (ONLY_BUSY, 3)):
        assert fate_of(f"+91981234{digits}", mix, seed, attempt) is fate


@pytest.mark.parametrize("digits", ["0000", "0007", "1001", "9999"])
def test_other_numbers_are_drawn_from_the_mix(digits: str) -> None:
    assert fate_of(f"+91981234{digits}", ONLY_BUSY, 0, 0) is Fate.BUSY


def test_the_shares_of_the_mix_come_out_among_many() -> None:
    fates = Counter(fate_of(number, DEFAULT_MIX, 5, 0) for number in NUMBERS)
    for fate, share in DEFAULT_MIX.shares.items():
        assert fates[fate] / len(NUMBERS) == pytest.approx(share / 100, abs=0.04)


def test_the_same_seed_gives_the_same_fates_and_another_one_others() -> None:
    def drawn(seed: int, attempt: int) -> list[Fate]:
        return [fate_of(number, DEFAULT_MIX, seed, attempt) for number in NUMBERS]

    assert drawn(1, 0) == drawn(1, 0)
    assert drawn(1, 0) != drawn(2, 0)
    assert drawn(1, 0) != drawn(1, 1), "who was busy once need not be so again"


def test_fates_are_the_same_in_every_process_and_version() -> None:
    fates = [fate_of("+919812345678", DEFAULT_MIX, 1, attempt) for attempt in range(4)]
    assert fates == [Fate.RINGS_OUT, Fate.RINGS_OUT, Fate.VOICEMAIL, Fate.BUSY]


@given(fate=st.sampled_from(Fate), number=st.sampled_from(NUMBERS), seed=st.integers(), attempt=st.integers(0, 9))
def test_it_rings_within_what_its_fate_allows(fate: Fate, number: str, seed: int, attempt: int) -> None:
    least, most = RING[fate]
    ring = ring_of(fate, number, seed, attempt)
    assert least <= ring <= most
    assert ring == ring_of(fate, number, seed, attempt)


def test_ring_times_are_spread() -> None:
    assert len({round(ring_of(Fate.ANSWERS, number, 0, 0)) for number in NUMBERS}) > 5


def test_fixed_numbers_pick_up_soon_or_never() -> None:
    assert ring_of(Fate.ANSWERS, "+919812340001", 0, 0) == FIXED_RING
    assert ring_of(Fate.VOICEMAIL, "+919812340004", 8, 2) == FIXED_RING
    assert ring_of(Fate.RINGS_OUT, "+919812340002", 0, 0) == math.inf


def test_a_mix_is_read_and_written() -> None:
    mix = Mix.parse("answer=55, no-answer = 20,busy=0.5")
    assert mix == Mix({Fate.ANSWERS: 55, Fate.RINGS_OUT: 20, Fate.BUSY: 0.5})
    assert Mix.parse(str(mix)) == mix
    assert Mix.parse(str(DEFAULT_MIX)) == DEFAULT_MIX
    assert set(DEFAULT_MIX.shares) == set(Fate)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "written like answer=55"),
        ("answer", "written like answer=55"),
        ("answer=55,", "written like answer=55"),
        ("dance=5", "dance is none of answer, no-answer, busy, voicemail, failed, silent"),
        ("=5", "an empty name is none of"),
        ("busy=-1,answer=5", "the share of busy must be a number from 0 up"),
        ("busy=many", "the share of busy must be a number from 0 up"),
        ("busy=nan", "the share of busy must be a number from 0 up"),
        ("busy=inf", "the share of busy must be a number from 0 up"),
        ("busy=1,busy=2", "busy is there twice"),
        ("busy=0,answer=0", "at least one share must be above 0"),
    ],
)
def test_a_mix_that_is_none_is_refused_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Mix.parse(text)
