"""Influence: the analysis of all but one, written out."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from analysis import DesignError, compare, influence

Make = Callable[..., pd.DataFrame]


def test_each_row_is_the_comparison_without_it(make: Make) -> None:
    frame = make(listeners=7, items=5, missing=0.1, seed=2)
    odd = (frame["listener"] == "listener 003") & (frame["condition"] == "A")
    frame.loc[odd, "score"] -= 60
    table, every = influence(frame), compare(frame, draws=2)
    assert table["left_out"].iloc[0] == "listener 003" and len(table) == 12
    for row in table.itertuples():
        left = compare(frame[frame[row.factor] != row.left_out], draws=2)
        gaps = {}
        for part in (every, left):
            for pair in part.itertuples():
                sign = 1 if pair.condition_a < pair.condition_b else -1
                name = " − ".join(sorted((pair.condition_a, pair.condition_b)))
                gaps.setdefault(name, []).append(sign * pair.difference)
        changes = {name: later - first for name, (first, later) in gaps.items()}
        largest = max(changes.values(), key=abs)
        assert abs(row.change) == pytest.approx(abs(largest))
        assert row.findings == (left["p"] < 0.05).sum()
        assert row.findings == (every["p"] < 0.05).sum() - row.lost + row.gained


def test_too_few_and_too_many(make: Make) -> None:
    with pytest.raises(DesignError, match="needs three listeners or three items"):
        influence(make(listeners=2, items=2))
    with pytest.raises(DesignError, match="listeners and items x 45 pairs are too many to leave out"):
        influence(make(listeners=70, items=2, means=dict.fromkeys("ABCDEFGHIJ", 50.0)))
