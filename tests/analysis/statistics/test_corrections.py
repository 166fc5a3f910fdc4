"""Corrections for several comparisons: the step-down and step-up rules written out."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from analysis.errors import DesignError
from analysis.statistics.corrections import adjust


@pytest.mark.parametrize("seed", range(4))
def test_holm_and_hochberg_by_their_definitions(seed: int) -> None:
    p = np.random.default_rng(seed).choice([0.001, 0.01, 0.02, 0.04, 0.3, 0.9], 7)
    order = sorted(range(7), key=lambda at: p[at])
    scaled = [p[at] * (7 - rank) for rank, at in enumerate(order)]
    for rank, at in enumerate(order):
        assert adjust(p)[at] == pytest.approx(min(1.0, max(scaled[: rank + 1])))
        assert adjust(p, "hochberg")[at] == pytest.approx(min(1.0, min(scaled[rank:])))


def test_missing_values_do_not_count_and_the_input_is_left_alone() -> None:
    p = np.array([np.nan, 0.03, np.nan, 0.01])
    kept = p.copy()
    for method, expected in (("holm", [0.03, 0.02]), ("hochberg", [0.03, 0.02]), ("none", [0.03, 0.01])):
        found = adjust(p, method)
        assert found[[1, 3]] == pytest.approx(expected) and np.isnan(found[[0, 2]]).all()
    assert np.array_equal(p, kept, equal_nan=True)
    assert np.isnan(adjust(np.array([np.nan]))).all() and adjust(np.array([])).shape == (0,)


def test_nothing_exceeds_one() -> None:
    for method in ("holm", "hochberg"):
        assert adjust(np.array([0.6, 0.7, 0.8]), method).max() <= 1.0
    assert adjust(np.array([0.6, 0.7, 0.8])).tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("method", ["holm", "hochberg"])
def test_corrections_agree_with_statsmodels(method: str) -> None:
    p = np.random.default_rng(0).uniform(0, 0.2, 12)
    name = {"holm": "holm", "hochberg": "simes-hochberg"}[method]
    assert adjust(p, method) == pytest.approx(multipletests(p, method=name)[1])
    with_gap = np.insert(p, 3, np.nan)
    assert np.delete(adjust(with_gap, method), 3) == pytest.approx(adjust(p, method)) and np.isnan(
        adjust(with_gap, method)[3]
    )
    with pytest.raises(DesignError, match="unknown correction 'tukey'; expected one of holm, hochberg, none"):
        adjust(p, "tukey")
