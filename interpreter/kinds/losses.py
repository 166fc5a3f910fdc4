"""What the learned explainers minimise: pure functions of logits, masks and spectrograms."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from interpreter.elementary import expm1
from interpreter.kinds.config import ExplainerConfig, OutLoss, Regulariser
from interpreter.kinds.task import Terms

EXPLAINER_SCORES = ("loss", "loss_in", "loss_out", "size", "fid_in", "ai", "ff")
"""Names of what the explainers' tasks return: `faithfulness_terms`, and the size of what is kept."""


def in_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Return the cross-entropy of the interpretation's logits `[B, classes]` with the target `[B]`."""
    return F.cross_entropy(logits, target)


def out_loss(logits: Tensor, target: Tensor, kind: OutLoss = "negative-cross-entropy") -> Tensor:
    """Return a loss that falls as the residual's logits leave the explained class.

    `negative-cross-entropy` is log p(target) (equation 6). Its gradient vanishes while the residual is still
    classified with certainty, and it has no lower bound. `log-complement` is -log(1 - p(target)): steep
    when the residual is certain, and 0 at best.

    Shape:
        - logits: `[B, classes]`
        - target: `[B]`
    """
    if kind == "negative-cross-entropy":
        return -F.cross_entropy(logits, target)
    others = logits.masked_fill(F.one_hot(target, logits.shape[1]).bool(), -torch.inf)
    return (logits.logsumexp(dim=1) - others.logsumexp(dim=1)).mean()


def spectrum_size(interpretation: Tensor, clip: Tensor, kind: Regulariser = "relative-l1") -> Tensor:
    """Return the size of an interpretation (equation 7 and its readings).

    - `relative-l1`: mean |STFT(i)| over mean |STFT(x)|, clip by clip; the same at every level.
    - `mean-l1`, `sum-l1`: mean or sum of |STFT(i)|; the paper does not say which.
    - `mean-log`: mean of log1p |STFT(i)|, as the authors' code.

    Shape:
        - interpretation, clip: log1p STFT magnitudes `[B, T, F]`
    """
    if kind == "mean-log":
        return interpretation.mean()
    size = expm1(interpretation).mean(dim=(1, 2))
    if kind == "relative-l1":
        return (size / expm1(clip).mean(dim=(1, 2)).clamp(min=1e-8)).mean()
    return size.mean() if kind == "mean-l1" else expm1(interpretation).sum(dim=(1, 2)).mean()


def similarity(first: Tensor, second: Tensor) -> Tensor:
    """Return the cosine between spectrograms, `[B]` of `[B, T, F]` each; silence is like nothing."""
    return F.cosine_similarity(first.flatten(1), second.flatten(1), dim=1)


def loud_cells(log_magnitude: Tensor, share: float = 0.35) -> Tensor:
    """Return where a spectrogram reaches `share` of its own maximum, as 0 and 1: `[B, T, F]`."""
    peak = log_magnitude.amax(dim=(1, 2), keepdim=True)
    return (log_magnitude >= share * peak).to(log_magnitude.dtype)


def si_sdr(estimate: Tensor, reference: Tensor) -> Tensor:
    """Return the SI-SDR in dB (Le Roux et al. 2019) without the signals' means, `[B]` of `[B, samples]`.

    This one is minimised: it has a gradient everywhere, and an offset that no one hears costs nothing. The
    score of `interpreter.evaluation.ground_truth` uses the signals as they are.
    """
    estimate = estimate - estimate.mean(dim=1, keepdim=True)
    reference = reference - reference.mean(dim=1, keepdim=True)
    energy = reference.square().sum(dim=1, keepdim=True).clamp(min=1e-10)
    target = (estimate * reference).sum(dim=1, keepdim=True) / energy * reference
    distortion = (estimate - target).square().sum(dim=1).clamp(min=1e-10)
    return 10 * torch.log10(target.square().sum(dim=1).clamp(min=1e-10) / distortion)


def faithfulness_terms(
    before: Tensor,
    after: Tensor,
    regulariser: Tensor,
    config: ExplainerConfig,
    *,
    multi_label: bool = False,
) -> Terms:
    """Return the loss of interpretations and residuals, its parts, and three scores to watch.

    Args:
        before: logits of the clips, `[B, classes]`.
        after: logits of the interpretations, then of the residuals, `[2 B, classes]`.
        regulariser: weighted.
        config: the other weights.
        multi_label: whether several classes may be true at once: only the explained class's own probability,
            a sigmoid, is then kept in the interpretation and removed from the residual.
    """
    before, after = before.float(), after.float()  # a probability near 1 has no neighbours in half precision
    target = before.argmax(dim=1)
    inside, outside = after.chunk(2)
    kept = inside.argmax(dim=1) == target
    if multi_label:
        before, inside, outside = (_to_one_class(part, target) for part in (before, inside, outside))
        target = torch.zeros_like(target)
    loss_in, loss_out = in_loss(inside, target), out_loss(outside, target, config.out_loss)
    loss = config.lambda_in * loss_in + config.lambda_out * loss_out + regulariser
    with torch.no_grad():
        p, q, r = (part.softmax(dim=1).gather(1, target[:, None]) for part in (before, inside, outside))
        scores = {
            "fid_in": kept.float().mean(),
            "ai": 100 * (q > p).float().mean(),
            "ff": (p - r).mean(),
        }
    return {"loss": loss, "loss_in": loss_in, "loss_out": loss_out, **scores}


def _to_one_class(logits: Tensor, target: Tensor) -> Tensor:
    """Return logits `[B, 2]` of the class `target` and of its absence: their softmax is its sigmoid."""
    chosen = logits.gather(1, target[:, None])
    return torch.cat([chosen, torch.zeros_like(chosen)], dim=1)
