"""Numbers as text, next to the limits at which their form changes."""

from __future__ import annotations

import pytest

from analysis.formatting import number, p_in_words


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(12.345, 1, "12.3"), (-12.35, 1, "−12.3"), (-0.04, 1, "0.0"), (0.0, 2, "0.00"), (-0.05001, 1, "−0.1")],
)
def test_numbers_have_a_true_minus_sign_and_no_negative_zero(value: float, digits: int, text: str) -> None:
    assert number(value, digits) == text


@pytest.mark.parametrize(
    ("p", "words"),
    [
        (0.00001, "p < 0.0001"),
        (0.0001, "p = 0.0001"),
        (0.0003, "p = 0.0003"),
        (0.001, "p = 0.001"),
        (0.0213, "p = 0.021"),
        (0.9994, "p = 0.999"),
        (0.9995, "p = 1"),
        (float("nan"), "p not estimable"),
    ],
)
def test_p_values_in_words(p: float, words: str) -> None:
    assert p_in_words(p) == words
