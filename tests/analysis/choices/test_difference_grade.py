"""BS.1116: whose grades show that they heard the impairment, at and around the limit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.choices.difference_grade import expertise
from analysis.errors import DesignError


def test_a_listener_hears_if_the_grades_are_below_zero() -> None:
    grades = {
        "hears": [-1, -2, -0.5, 0, -1.2],
        "guesses": [-1, 1, 0.5, -0.5, 0.2],
        "one": [-1.0],
        "same": [-2, -2],
    }
    rows = pd.DataFrame(
        [(name, score) for name, of in grades.items() for score in of], columns=["listener", "score"]
    )
    table = expertise(rows).set_index("listener")
    for name in ("hears", "guesses"):
        x = np.array(grades[name])
        t = x.mean() / (x.std(ddof=1) / len(x) ** 0.5)
        assert table.loc[name, "t"] == pytest.approx(t)
        assert table.loc[name, "p"] == pytest.approx(stats.t.cdf(t, len(x) - 1))
    assert dict(table["hears"]) == {"hears": True, "guesses": False, "one": True, "same": True}
    assert dict(table["identified"]) == {"hears": 4, "guesses": 2, "one": 1, "same": 2}
    assert table.loc[["one", "same"], "t"].isna().all()


def test_the_limit_is_five_percent_one_sided() -> None:
    x = np.array([-1.0, -0.4, 0.3, 0.1, -0.6, 0.2])
    centred = (x - x.mean()) / x.std(ddof=1)
    limit = stats.t.ppf(0.05, 5) / 6**0.5  # the mean in standard deviations at which p = 0.05
    for shift, hears in ((limit - 1e-6, True), (limit + 1e-6, False)):
        assert (
            bool(expertise(pd.DataFrame({"listener": "L", "score": centred + shift}))["hears"].iloc[0])
            is hears
        )


def test_no_grade_is_an_error() -> None:
    with pytest.raises(DesignError, match=r"^there is no difference grade$"):
        expertise(pd.DataFrame({"listener": ["L"], "score": [np.nan]}))
