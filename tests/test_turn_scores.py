from __future__ import annotations

import pytest

from benchmarks.turn_scores import Answered, Score, after_silence


@pytest.mark.parametrize(
    ("answers", "cut_in", "waited"),
    [
        ((3.4,), False, 0.4),
        ((1.5, 3.4), True, 0.4),
        ((1.5, 2.0, 3.4), True, 0.4),
        ((2.99,), True, None),
        ((), False, None),
    ],
)
def test_an_answer_before_the_end_cuts_in_and_the_first_after_it_is_what_was_waited_for(
    answers: tuple[float, ...], cut_in: bool, waited: float | None
) -> None:
    turn = Answered(3.0, answers)
    assert turn.cut_in == cut_in
    assert turn.waited == (None if waited is None else pytest.approx(waited))


def test_a_turn_is_cut_in_on_once_however_often_that_happens() -> None:
    turns = [Answered(3.0, (1.0, 2.0, 3.5)), Answered(3.0, (3.2,)), Answered(3.0, ()), Answered(3.0, (2.9,))]
    score = Score.of(turns)
    assert (score.turns, score.cut_ins, score.rate, score.unanswered) == (4, 2, 0.5, 1)
    assert score.p50 == pytest.approx(0.5)


def test_silence_alone_answers_in_every_pause_that_is_long_enough() -> None:
    stretches = [(0.5, 1.0), (1.45, 2.0), (3.0, 4.0)]
    assert after_silence(stretches, 0.4, 9.0) == pytest.approx((1.4, 2.4, 4.4))
    assert after_silence(stretches, 0.8, 9.0) == pytest.approx((2.8, 4.8))
    assert after_silence(stretches, 0.8, 4.5) == pytest.approx((2.8,))
