"""log1p and expm1 by NumPy: torch's own results, gradients of any order, and its behaviour at the edges."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from interpreter.elementary import expm1, log1p

PAIRS = [(log1p, torch.log1p), (expm1, torch.expm1)]
Function = Callable[[Tensor], Tensor]


@pytest.mark.parametrize(("ours", "torchs"), PAIRS)
def test_values_are_those_of_torch_in_double_precision(ours: Function, torchs: Function) -> None:
    sizes = 10.0 ** torch.linspace(-12, 1.5, 4000)
    values = torch.cat([sizes, -sizes.clamp(max=0.99), torch.zeros(2)])
    exact = torchs(values.double())
    assert ((ours(values) - exact).abs() <= 3e-7 * exact.abs()).all()
    assert torch.equal(ours(values.double()), ours(values.double().clone()))
    torch.testing.assert_close(ours(values.double()), exact, rtol=1e-14, atol=0)


@pytest.mark.parametrize(("ours", "torchs"), PAIRS)
def test_gradients_of_first_and_second_order(ours: Function, torchs: Function) -> None:
    values = torch.linspace(-0.9, 3, 7, dtype=torch.double).requires_grad_()
    assert torch.autograd.gradcheck(ours, (values,))
    assert torch.autograd.gradgradcheck(ours, (values,))


@pytest.mark.parametrize(("ours", "torchs"), PAIRS)
@pytest.mark.parametrize(
    "values",
    [
        torch.tensor([float("inf"), float("-inf"), float("nan"), -1.0, -2.0, 3e38]),
        torch.tensor(0.5),
        torch.empty(0, 3),
        torch.rand(4, 6).T[::2],
        torch.rand(5).bfloat16(),
        torch.rand(5).half(),
    ],
    ids=["edges", "scalar", "empty", "strided", "bfloat16", "half"],
)
def test_shapes_types_and_edges_are_torchs(ours: Function, torchs: Function, values: Tensor) -> None:
    found, expected = ours(values), torchs(values)
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    torch.testing.assert_close(found, expected, equal_nan=True)


def test_the_argument_is_left_alone() -> None:
    values = torch.rand(9)
    before = values.clone()
    log1p(values)
    expm1(values)
    assert torch.equal(values, before)
    assert not log1p(values).requires_grad
