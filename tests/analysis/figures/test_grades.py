"""Stacked bars of the grades of a short scale."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from analysis import DesignError, plot_grades
from analysis.figures.grades import grade_shares, is_graded

Make = Callable[..., pd.DataFrame]


def test_the_bars_are_the_shares_of_the_grades(make: Make) -> None:
    frame = make(listeners=6, items=4)
    frame["score"] = ((frame["score"] - 40) / 8).round().clip(1, 5)
    shares = grade_shares(frame)
    assert list(shares.columns) == [1, 2, 3, 4, 5] and shares.sum(axis=1).to_numpy() == pytest.approx(1)
    for name, part in frame.groupby("condition"):
        for grade in range(1, 6):
            assert shares.loc[name, grade] == pytest.approx((part["score"] == grade).mean())
    ax = plot_grades(frame)
    widths = [bar.get_width() for group in ax.containers for bar in group]
    assert sum(widths) == pytest.approx(3)
    medians = {text.get_text() for text in ax.texts}
    assert medians == {f"{value:g}" for value in frame.groupby("condition")["score"].median()}


def test_a_continuous_scale_has_no_grades(make: Make, mushra: pd.DataFrame) -> None:
    assert not is_graded(mushra) and not is_graded(make())
    with pytest.raises(DesignError, match="are not grades of a scale of at most 11 points"):
        plot_grades(mushra)
