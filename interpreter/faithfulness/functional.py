"""The seven faithfulness metrics, item by item, as the LMAC-TD paper's code has them.

p are the class probabilities of the input, q those of the interpretation, r those of the residual, c the
target (the predicted class unless another was asked for). All values are per item; tables average them over
items.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

ROUNDING = 1e-5
"""A probability that grew by less has not increased: the way through the STFT and back moves it as far."""

_SMALL = 1e-10  # the published code's guard against division by zero


def ai(before: Tensor, inside: Tensor, target: Tensor, tolerance: float = 0.0) -> Tensor:
    """Return average increase: 100 if the interpretation makes the target likelier, else 0.

    Source: Chattopadhay et al. 2018 (Grad-CAM++), "increase in confidence": 100 [q_c > p_c].

    Args:
        before: p.
        inside: q.
        target: c.
        tolerance: by how much q_c must exceed p_c; 0 is the published rule, tables use `ROUNDING`.

    Shape:
        - before, inside: `[B, classes]`
        - target: `[B]`
        - result: `[B]`, in percent
    """
    return 100.0 * (_of(inside, target) > _of(before, target) + tolerance).double()


def ad(before: Tensor, inside: Tensor, target: Tensor) -> Tensor:
    """Return average drop in percent, `[B]`: 100 max(p_c - q_c, 0) / p_c.

    Source: Chattopadhay et al. 2018. Shapes as `ai`.
    """
    p, q = _of(before, target), _of(inside, target)
    return 100.0 * (p - q).clamp(min=0) / (p + _SMALL)


def ad_published(before: Tensor, inside: Tensor, target: Tensor) -> Tensor:
    """Return average drop on the scale of the published tables, `[B]`.

    The published code takes the softmax of probabilities: with 50 classes a total loss of
    confidence then reads 63.2 instead of 100. Shapes as `ai`.
    """
    return ad(before.double().softmax(dim=-1), inside.double().softmax(dim=-1), target)


def ag(before: Tensor, inside: Tensor, target: Tensor) -> Tensor:
    """Return average gain in percent, `[B]`: 100 max(q_c - p_c, 0) / (1 - p_c).

    Source: Zhang et al. 2023 (Opti-CAM). Shapes as `ai`.
    """
    p, q = _of(before, target), _of(inside, target)
    return 100.0 * (q - p).clamp(min=0) / (1 - p + _SMALL)


def ff(before: Tensor, outside: Tensor, target: Tensor) -> Tensor:
    """Return faithfulness on features, `[B]`: p_c - r_c, what the target loses with only the residual.

    Source: Parekh et al. 2022 (L2I). Shapes as `ai`, `outside` is r.
    """
    return _of(before, target) - _of(outside, target)


def fid_in(inside: Tensor, target: Tensor) -> Tensor:
    """Return input fidelity, `[B]`: 1 if the interpretation is classified as the target, else 0.

    Source: Paissan et al. 2023 (PIQ): [argmax q = c]. Shapes as `ai`.
    """
    return (inside.argmax(dim=-1) == target).double()


def sps(picture: Tensor) -> Tensor:
    """Return sparseness, `[B]`: the Gini index of the cells' sizes, 0 (all equal) to 1 (a single one).

    Sum over i of (2 i - n - 1) a_(i) / (n sum a), a sorted upwards; sizes are divided by their largest and
    raised by 1e-7 first, as in Quantus. An empty picture is constant and has 0.

    Source: Chalasani et al. 2020; Quantus, `Sparseness`.

    Shape:
        - picture: `[B, ...]`
    """
    ordered = _sort_rows(picture.abs().flatten(1)).double()
    largest = ordered[:, -1:]
    ordered = ordered / torch.where(largest > 0, largest, 1.0) + 1e-7
    count = ordered.shape[1]
    ranks = torch.arange(1, count + 1, device=ordered.device, dtype=torch.double)
    gini = (ordered @ (2 * ranks - count - 1)) / (count * ordered.sum(dim=1))
    return gini.clamp(min=0)  # equal cells round to 1e-17 below


def comp(picture: Tensor) -> Tensor:
    """Return complexity, `[B]`: Shannon entropy in nats of the cells' shares, 0 (one cell) to ln n (equal).

    An empty picture is constant and has ln n, the worst.

    Source: Bhatt, Weller, Moura 2020; Quantus, `Complexity`.

    Shape:
        - picture: `[B, ...]`
    """
    cells = picture.abs().flatten(1).double()
    total = cells.sum(dim=1, keepdim=True)
    share = torch.where(total > 0, cells / torch.where(total > 0, total, 1.0), 1 / cells.shape[1])
    entropy: Tensor = torch.special.entr(share).sum(dim=1)
    return entropy


def _sort_rows(rows: Tensor) -> Tensor:
    """Sort each row upwards; on a CPU NumPy's vectorised sort takes a twentieth of torch's time."""
    if rows.device.type != "cpu" or rows.requires_grad:
        return rows.sort(dim=1).values
    return torch.from_numpy(np.sort(rows.numpy(), axis=1))


def _of(probability: Tensor, target: Tensor) -> Tensor:
    return probability.double().gather(1, target[:, None])[:, 0]
