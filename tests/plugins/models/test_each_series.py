"""A model of one series is asked for many; what it cannot do is left open."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest

from finops_models.each_series import continue_each, without_gaps

if TYPE_CHECKING:
    from numpy.typing import NDArray

pytestmark = pytest.mark.invented

UNKNOWN = np.nan


def last_day(history: NDArray[np.float64]) -> NDArray[np.float64]:
    """A model: the last day again, twice."""
    return np.repeat(history[-1], 2)


def test_each_series_is_given_in_units_of_its_size_from_its_first_known_day() -> None:
    given = []

    def model(history: NDArray[np.float64]) -> NDArray[np.float64]:
        given.append(history)
        return history[:2]

    answer = continue_each(model, np.array([[UNKNOWN, 10.0, 30.0]]), 2)
    assert given[0].tolist() == [0.5, 1.5]
    assert answer.tolist() == [[10.0, 30.0]]


def test_a_constant_series_goes_on_without_a_model() -> None:
    def model(_history: NDArray[np.float64]) -> NDArray[np.float64]:
        raise AssertionError("it was asked")

    assert continue_each(model, np.array([[UNKNOWN, 7.0, 7.0]]), 2).tolist() == [[7.0, 7.0]]


@pytest.mark.parametrize("answer", [UNKNOWN, np.inf, 1e9])
def test_an_answer_that_cannot_be_is_none(answer: float) -> None:
    answers = continue_each(lambda _: np.array([1.0, answer]), np.array([[1.0, 3.0]]), 2)
    assert np.isnan(answers).all()


def test_a_model_that_raises_fails_for_its_series_alone() -> None:
    def model(history: NDArray[np.float64]) -> NDArray[np.float64]:
        if history[0] < 0:
            raise RuntimeError("no fit")
        return last_day(history)

    answers = continue_each(model, np.array([[-1.0, 1.0], [2.0, 4.0]]), 2)
    assert np.isnan(answers[0]).all()
    assert answers[1].tolist() == [4.0, 4.0]


def test_many_series_keep_their_order() -> None:
    values = np.column_stack([np.ones(100), np.arange(2.0, 102.0)])
    # Other processes know libraries, not this module.
    last_twice = partial(np.take, indices=[-1, -1])
    np.testing.assert_allclose(continue_each(last_twice, values, 2)[:, 0], values[:, 1])


def test_gaps_are_filled_with_the_weekday_before() -> None:
    values = np.arange(10.0)[None]
    values[0, [0, 1, 4, 9]] = UNKNOWN
    filled = without_gaps(values)[0]
    assert np.isnan(filled[:2]).all()
    assert filled[2:].tolist() == [2.0, 3.0, 3.0, 5.0, 6.0, 7.0, 8.0, 2.0]
    assert np.isnan(values[0, 9])
