"""Moderated variances: shared where they are alike; many studies at once as one by one."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from analysis.statistics.crossed import CrossedMean, Form, crossed_mean
from analysis.statistics.moderation import balanced_p_values, prior_df, share_variances
from tests.analysis.statistics.simulated import crossed_ratings


def test_moderation_shares_alike_variances_and_keeps_unlike_ones() -> None:
    rng = np.random.default_rng(0)
    pairs = list(itertools.combinations(range(8), 2))

    def means(item_sds: np.ndarray) -> list[CrossedMean]:
        table = rng.normal(size=(40, 1, 8)) * 6 + rng.normal(size=(1, 16, 8)) * item_sds
        table = table + rng.normal(size=(40, 16, 8)) * 12
        a, b = (index.ravel() for index in np.indices((40, 16)))
        return [crossed_mean((table[..., k] - table[..., m]).ravel(), a, b) for k, m in pairs]

    alike = share_variances(means(np.full(8, 6.0)), 8)
    assert all(found.item and found.item.df > 4 * 15 for found in alike)
    unlike = means(np.array([30.0, 30, 30, 30, 0.1, 0.1, 0.1, 0.1]))
    shared = share_variances(unlike, 8)
    assert all(found.item and found.item.df < 2 * 15 for found in shared)
    # The common expectation is that of pooled sums, each form keeps its own ratio of component to residual.
    one, before = shared[0].residual, unlike[0].residual
    assert one and before
    common = sum(f.residual.total for f in unlike if f.residual) / (28 * before.df)
    assert one.mean == pytest.approx((before.total + (one.df - before.df) * common) / one.df)


def test_two_conditions_are_left_as_they_are() -> None:
    found = crossed_mean(*crossed_ratings(6, 4))
    assert share_variances([found], 2) == [found]


def test_prior_follows_the_scatter_of_the_mean_squares() -> None:
    rng = np.random.default_rng(3)
    dfs = np.full(4000, 6.0)
    # Independent mean squares, so that hardly any correlation (many conditions) is to be allowed for.
    alike = rng.chisquare(6, 4000) / 6
    assert prior_df(alike, dfs, 10_000) > 30
    for d0 in (4.0, 12.0):  # scaled F distributed: Smyth 2004, section 3
        scattered = alike * d0 / rng.chisquare(d0, 4000)
        assert prior_df(scattered, dfs, 10_000) * 6 == pytest.approx(d0, rel=0.15)


def test_many_balanced_studies_at_once_are_as_one_by_one() -> None:
    rows = [crossed_mean(*crossed_ratings(9, 4, seed=seed)) for seed in range(5)]
    moderated = [
        replace(
            found,
            listener=Form(found.listener.total + 100, found.listener.df * 1.5, found.listener.per_component),
        )
        for found in rows
        if found.listener
    ]
    names = ("listener", "item", "residual")
    totals = tuple(np.array([[getattr(found, name).total] for found in moderated]) for name in names)
    prior = np.tile([0.5, 0.0, 0.0], (5, 1))
    got = balanced_p_values(np.array([[found.mean] for found in rows]), totals, 9, 4, prior)
    assert got[:, 0] == pytest.approx([found.p_value() for found in moderated], rel=0.02)
