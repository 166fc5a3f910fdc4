"""What must not change, whatever the ratings, and what must change with them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis import compare, mos, screen
from analysis.statistics.intervals import INTERVALS

Make = Callable[..., pd.DataFrame]
few = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
seeds = st.integers(0, 10_000)
CLOSED = [name for name in INTERVALS if name != "bootstrap"]


def clipped(frame: pd.DataFrame) -> pd.DataFrame:
    """Keep scores on the scale from 0 to 100, without which the interval logit is refused."""
    return frame.assign(score=frame["score"].clip(0, 100))


@few
@given(seed=seeds, missing=st.floats(0, 0.4))
def test_the_order_of_rows_does_not_matter(make: Make, seed: int, missing: float) -> None:
    frame = clipped(make(seed=seed, missing=missing))
    mixed = frame.sample(frac=1, random_state=seed)
    for name in INTERVALS:
        pd.testing.assert_frame_equal(
            mos(mixed, interval=name, draws=200), mos(frame, interval=name, draws=200)
        )
    pd.testing.assert_frame_equal(compare(mixed, draws=200), compare(frame, draws=200))
    pd.testing.assert_frame_equal(screen(mixed), screen(frame))


@few
@given(seed=seeds)
def test_names_of_listeners_and_items_do_not_matter(make: Make, seed: int) -> None:
    frame = clipped(make(seed=seed, missing=0.2))
    rng = np.random.default_rng(seed)
    named = frame.copy()
    for column in ("listener", "item"):
        names = frame[column].unique()
        new = dict(zip(names, rng.permutation(names) + "!", strict=True))
        named[column] = frame[column].map(new)
    for name in CLOSED:
        pd.testing.assert_frame_equal(mos(named, interval=name), mos(frame, interval=name))
    columns = ["difference", "ci_low", "ci_high", "p_two_way", "p_wilcoxon", "p_medians", "dz"]
    compared = [compare(rows, test="medians", draws=200)[columns] for rows in (named, frame)]
    pd.testing.assert_frame_equal(*compared)


@few
@given(seed=seeds, shift=st.floats(-50, 50), factor=st.floats(0.1, 5))
def test_a_shift_and_a_factor_move_means_and_ends_and_no_test(
    make: Make, seed: int, shift: float, factor: float
) -> None:
    frame = make(seed=seed, missing=0.2)
    moved = frame.assign(score=frame["score"] * factor + shift)
    for rows, ends in ((frame, (0.0, 100.0)), (moved, (shift, 100 * factor + shift))):
        rows.attrs["scales"] = dict.fromkeys(rows["attribute"].unique(), ends)
    for name in CLOSED:
        before, after = mos(frame, interval=name), mos(moved, interval=name)
        for column in ("mos", "ci_low", "ci_high", "median"):
            assert after[column].to_numpy() == pytest.approx(
                before[column].to_numpy() * factor + shift, rel=1e-6, abs=1e-6
            )
        assert after["df"].to_numpy() == pytest.approx(before["df"].to_numpy(), rel=1e-4)
    before, after = compare(frame, draws=200), compare(moved, draws=200)
    for column in ("p_two_way", "p_permutation", "dz", "rank_biserial", "superiority"):
        assert after[column].to_numpy() == pytest.approx(before[column].to_numpy(), rel=1e-4, abs=1e-6)


@few
@given(seed=seeds)
def test_one_listeners_offset_leaves_every_difference_alone(make: Make, seed: int) -> None:
    frame = make(seed=seed)
    moved = frame.assign(score=frame["score"] + 7.0 * (frame["listener"] == "listener 003"))
    columns = ["difference", "ci_low", "ci_high", "df", "p_two_way", "p_wilcoxon", "p_permutation", "dz"]
    before, after = compare(frame, draws=200)[columns], compare(moved, draws=200)[columns]
    assert after.to_numpy() == pytest.approx(before.to_numpy(), rel=1e-6)


@few
@given(seed=seeds)
def test_more_confidence_is_never_narrower(make: Make, seed: int) -> None:
    frame = clipped(make(seed=seed, missing=0.3))
    for name in INTERVALS:
        narrow, wide = (mos(frame, interval=name, level=level, draws=500) for level in (0.8, 0.99))
        assert (wide["ci_low"] <= narrow["ci_low"]).all() and (narrow["ci_high"] <= wide["ci_high"]).all()


@pytest.mark.slow
@pytest.mark.parametrize(("listeners", "items", "missing"), [(20, 8, 0), (12, 6, 0), (25, 12, 0.4)])
def test_the_default_interval_covers_93_to_97_percent(listeners: int, items: int, missing: float) -> None:
    """1,000 draws: listener SD 10, item SD 6, listener x item SD 6, residual SD 10."""
    from analysis.statistics.intervals import interval

    rng, draws, hits = np.random.default_rng(0), 1000, 0
    for _ in range(draws):
        noise = rng.normal(0, 6, (listeners, items)) + rng.normal(0, 10, (listeners, items))
        table = rng.normal(0, 10, (listeners, 1)) + rng.normal(0, 6, (1, items)) + noise
        listener, item = np.nonzero(rng.random(table.shape) >= missing)
        found = interval("two-way", table[listener, item], listener, item)
        hits += found.low <= 0 <= found.high
    assert 0.93 <= hits / draws <= 0.97
