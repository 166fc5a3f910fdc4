"""The two-way variance against dense matrices, the textbook's mean squares and published trials."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.statistics.variance import two_way


def dense(y: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, float, float]:
    """A second, slow writing with n x n matrices: Henderson's method I, Satterthwaite's df."""
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
    components = np.linalg.solve(expected, [y @ form @ y for form in forms])
    weights = np.array([kernel.sum() / n**2 for kernel in kernels])
    coefficients = np.linalg.solve(expected.T, weights)
    q = sum(c * form for c, form in zip(coefficients, forms, strict=True))
    sigma = sum(c * kernel for c, kernel in zip(components, kernels, strict=True))
    variance = float(weights @ components)
    return components, variance, variance**2 / float(np.trace(q @ sigma @ q @ sigma))


@pytest.mark.parametrize(("i", "j", "share"), [(6, 5, 1.0), (12, 6, 0.6), (9, 7, 0.8), (5, 14, 0.5)])
def test_agrees_with_dense_matrices_in_any_design(i: int, j: int, share: float) -> None:
    rng = np.random.default_rng(i)
    a, b = np.nonzero(rng.random((i, j)) < share)
    a, b = np.unique(a, return_inverse=True)[1], np.unique(b, return_inverse=True)[1]
    y = 60 + 10 * rng.normal(size=i)[a] + 8 * rng.normal(size=j)[b] + 5 * rng.normal(size=len(a))
    components, variance, df = dense(y, a, b)
    found = two_way(y, a, b)
    assert (components > 0).all(), "the case must not need a component set to zero"
    assert np.allclose([found.listener, found.item, found.residual], components)
    assert found.variance == pytest.approx(variance)
    assert found.df == pytest.approx(df)


def test_a_balanced_design_gives_the_textbooks_mean_squares() -> None:
    rng = np.random.default_rng(4)
    table = rng.normal(0, 9, (7, 1)) + rng.normal(0, 6, (1, 5)) + rng.normal(0, 4, (7, 5))
    i, j = table.shape
    rows, columns = table.mean(1) - table.mean(), table.mean(0) - table.mean()
    ms_a, ms_b = j * (rows**2).sum() / (i - 1), i * (columns**2).sum() / (j - 1)
    rest = table - table.mean() - rows[:, None] - columns
    ms_e = (rest**2).sum() / ((i - 1) * (j - 1))
    variance = (ms_a + ms_b - ms_e) / (i * j)
    parts = ms_a**2 / (i - 1) + ms_b**2 / (j - 1) + ms_e**2 / ((i - 1) * (j - 1))
    found = two_way(table.ravel(), np.repeat(np.arange(i), j), np.tile(np.arange(j), i))
    assert found.variance == pytest.approx(variance)
    assert found.df == pytest.approx((variance * i * j) ** 2 / parts)


def test_a_negative_component_becomes_zero_and_the_rest_is_estimated_again() -> None:
    # Rows alternate within columns, so that listeners vary less than chance would have them.
    table = np.array([[0.0, 10, 0, 10], [10, 0, 10, 0.5], [0, 10, 0, 10.5], [10, 0, 10, 0]])
    i, j = table.shape
    found = two_way(table.ravel(), np.repeat(np.arange(i), j), np.tile(np.arange(j), i))
    assert found.listener == 0 and found.item == 0
    assert found.residual == pytest.approx(table.var(ddof=1))
    assert found.df == pytest.approx(i * j - 1)


def test_one_rating_per_listener_leaves_the_listeners_in_the_residual() -> None:
    rng = np.random.default_rng(0)
    items = np.repeat(np.arange(8), 5)
    y = 5 * rng.normal(size=8)[items] + rng.normal(size=40)
    found = two_way(y, np.arange(40), items)
    means = y.reshape(8, 5).mean(axis=1)
    assert found.variance == pytest.approx(means.var(ddof=1) / 8)
    assert found.df == pytest.approx(7)


@pytest.mark.parametrize(
    ("listeners", "items", "note"),
    [
        ([0, 0, 0], [0, 1, 2], "not estimable from one listener"),
        ([0, 1, 2], [0, 0, 0], "not estimable from one item"),
    ],
)
def test_one_level_is_not_estimable(listeners: list[int], items: list[int], note: str) -> None:
    found = two_way(np.array([1.0, 2, 4]), np.array(listeners), np.array(items))
    assert found.note == note
    assert np.isnan(found.variance)
    assert found.mean == pytest.approx(7 / 3)


def test_equal_scores_have_no_variance() -> None:
    found = two_way(np.full(6, 50.0), np.repeat([0, 1], 3), np.tile([0, 1, 2], 2))
    assert (found.mean, found.variance, found.note) == (50.0, 0.0, "all scores are equal")


def test_two_equal_scores_are_all_scores_and_one_is_not_estimable() -> None:
    two = two_way(np.array([3.0, 3.0]), np.array([0, 1]), np.array([0, 1]))
    assert (two.mean, two.variance, two.df, two.note) == (3.0, 0.0, 1.0, "all scores are equal")
    one = two_way(np.array([3.0]), np.array([0]), np.array([0]))
    assert one.mean == 3.0 and np.isnan(one.variance) and one.note == "not estimable from one listener"
    item = two_way(np.array([3.0, 4.0]), np.array([0, 1]), np.array([5, 5]))
    assert item.note == "not estimable from one item"
    assert np.isnan(two_way(np.array([]), np.array([], int), np.array([], int)).mean)


@pytest.mark.parametrize("seed", range(12))
def test_a_negative_component_is_left_out_and_the_others_are_solved_again(seed: int) -> None:
    # Without variance of listeners and items, one estimate or both are often negative.
    rng = np.random.default_rng(seed)
    a, b = np.nonzero(rng.random((6, 7)) < 0.8)
    a, b = np.unique(a, return_inverse=True)[1], np.unique(b, return_inverse=True)[1]
    y = rng.normal(0, 5, len(a))
    found = two_way(y, a, b)
    assert min(found.listener, found.item, found.residual) >= 0
    n = len(y)
    mean = np.full((n, n), 1 / n)
    factors = {"listener": np.eye(a.max() + 1)[a], "item": np.eye(b.max() + 1)[b]}
    free = dict(factors)
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
    for name in ("listener", "item", "residual"):
        assert getattr(found, name) == pytest.approx(parts.get(name, 0.0)), name
    weights = {name: (z.sum(0) ** 2).sum() / n**2 for name, z in factors.items()} | {"residual": 1 / n}
    assert found.variance == pytest.approx(sum(weights[name] * value for name, value in parts.items()))


def test_scores_that_are_equal_but_for_rounding_are_equal() -> None:
    index = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    near = two_way(1e6 + np.array([0, 1e-7, 0, 1e-7]), *index)
    assert near.note == "all scores are equal" and near.variance == 0
    assert two_way(1e-6 * np.array([1, 1 + 1e-7, 2, 3]), *index).note == ""
