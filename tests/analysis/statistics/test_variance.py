"""The variance components against dense matrices."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.statistics.variance import components


def dense(y: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """A second, slow writing with n x n matrices: Henderson's method 1."""
    n = len(y)
    za, zb = np.eye(a.max() + 1)[a], np.eye(b.max() + 1)[b]
    mean = np.full((n, n), 1 / n)
    forms = [
        za @ np.diag(1 / za.sum(0)) @ za.T - mean,
        zb @ np.diag(1 / zb.sum(0)) @ zb.T - mean,
        np.eye(n) - mean,
    ]
    kernels = [za @ za.T, zb @ zb.T, np.eye(n)]
    expected = np.array([[np.trace(form @ kernel) for kernel in kernels] for form in forms])
    return np.linalg.solve(expected, [y @ form @ y for form in forms])


@pytest.mark.parametrize(("i", "j", "share"), [(6, 5, 1.0), (12, 6, 0.6), (9, 7, 0.8), (5, 14, 0.5)])
def test_agrees_with_dense_matrices_in_any_design(i: int, j: int, share: float) -> None:
    rng = np.random.default_rng(i)
    a, b = np.nonzero(rng.random((i, j)) < share)
    a, b = np.unique(a, return_inverse=True)[1], np.unique(b, return_inverse=True)[1]
    y = 60 + 10 * rng.normal(size=i)[a] + 8 * rng.normal(size=j)[b] + 5 * rng.normal(size=len(a))
    expected = dense(y, a, b)
    assert (expected > 0).all(), "the case must not need a component set to zero"
    assert np.allclose(components(y, a, b), expected)


def test_a_negative_component_becomes_zero_and_the_rest_is_estimated_again() -> None:
    # Rows alternate within columns, so that listeners vary less than chance would have them.
    table = np.array([[0.0, 10, 0, 10], [10, 0, 10, 0.5], [0, 10, 0, 10.5], [10, 0, 10, 0]])
    i, j = table.shape
    found = components(table.ravel(), np.repeat(np.arange(i), j), np.tile(np.arange(j), i))
    assert found[0] == 0 and found[1] == 0
    assert found[2] == pytest.approx(table.var(ddof=1))


@pytest.mark.parametrize("seed", range(12))
def test_a_negative_component_is_left_out_and_the_others_are_solved_again(seed: int) -> None:
    # Without variance of listeners and items, one estimate or both are often negative.
    rng = np.random.default_rng(seed)
    a, b = np.nonzero(rng.random((6, 7)) < 0.8)
    a, b = np.unique(a, return_inverse=True)[1], np.unique(b, return_inverse=True)[1]
    y = rng.normal(0, 5, len(a))
    n = len(y)
    mean = np.full((n, n), 1 / n)
    free = {"listener": np.eye(a.max() + 1)[a], "item": np.eye(b.max() + 1)[b]}
    while True:
        forms = [z @ np.diag(1 / z.sum(0)) @ z.T - mean for z in free.values()] + [np.eye(n) - mean]
        kernels = [z @ z.T for z in free.values()] + [np.eye(n)]
        expected = np.array([[np.trace(form @ kernel) for kernel in kernels] for form in forms])
        parts = dict(
            zip([*free, "residual"], np.linalg.solve(expected, [y @ f @ y for f in forms]), strict=True)
        )
        negative = {name: value for name, value in parts.items() if value < 0}
        if not negative:
            break
        del free[min(negative, key=lambda name: negative[name])]
    found = components(y, a, b)
    assert found == pytest.approx([parts.get(name, 0.0) for name in ("listener", "item", "residual")])
