"""What a mask follows: the sound, what the classifier heard in it, or neither.

An explanation needs both. A mask that is the same whatever is played is an equaliser; one that stays as it is
under another clip's representations is a denoiser that does not ask the classifier; one that stays under
another sound is a picture of the class, laid over anything.
"""

from __future__ import annotations

import torch
from torch import Tensor

from interpreter.classifier.modes import hold_in_eval
from interpreter.explainers.base import Explainer

MASK_SOURCES = ("fixed_gain", "swapped_sound", "swapped_representations")

_CONSTANT = 1e-12
"""Masks whose cells vary by less than this are one gain throughout."""


def mask_sources(explainer: Explainer, waveforms: Tensor) -> dict[str, float]:
    """Return what the masks of a few clips follow.

    - `fixed_gain`: the share of their variance that one fixed gain per frequency has; see the function. NaN
      for a method without a mask.
    - `swapped_sound`, `swapped_representations`: how far a mask moves when one of the two things that it is
      made of is another clip's, as the mean absolute difference of its cells, from 0 to 1. Each clip's
      partner is the next one, the last one's the first. NaN for a method that does not read the two apart.

    Args:
        explainer: the method.
        waveforms: clips, preferably of different classes. A single clip says nothing: all NaN.

    Shape:
        - waveforms: `[B, samples]`
    """
    values = dict.fromkeys(MASK_SOURCES, float("nan"))
    if len(waveforms) < 2:
        return values
    clips = waveforms.to(explainer.device)
    partners = clips.roll(-1, dims=0)
    with torch.no_grad(), hold_in_eval(explainer.classifier, *explainer.networks):
        own = explainer.mask_from(clips, clips)
        others = (explainer.mask_from(partners, clips), explainer.mask_from(clips, partners))
    mask = explainer.explain(clips).mask if own is None else own
    if mask is not None:
        values["fixed_gain"] = fixed_gain(mask, explainer.mask_time_dim)
    for name, other in zip(MASK_SOURCES[1:], others, strict=True):
        if own is not None and other is not None:
            values[name] = float((other - own).abs().double().mean())
    return values


def fixed_gain(masks: Tensor, time_dim: int = 1) -> float:
    """Return the share of the variance of masks `[B, ..., ...]` that one fixed gain per frequency has.

    That is the variance over frequency of the means over clips and time, over the variance of all cells: 1
    for an equaliser, which filters every clip alike, and for a constant; 0 where each frequency is open as
    often as any other.

    Args:
        masks: of several clips.
        time_dim: which dimension is time.
    """
    masks = masks.double()
    gains, whole = masks.mean(dim=(0, time_dim)).var(correction=0), masks.var(correction=0)
    return float(gains / whole) if whole > _CONSTANT else 1.0
