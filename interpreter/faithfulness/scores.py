"""All metrics of an explanation at once, from what was computed once."""

from __future__ import annotations

from typing import Literal

from torch import Tensor

from interpreter.errors import ConfigError
from interpreter.faithfulness.functional import ROUNDING, ad, ad_published, ag, ai, comp, ff, fid_in, sps
from interpreter.types import Explanation

METRICS = ("ai", "ad", "ad_published", "ag", "ff", "fid_in", "sps", "comp")
"""Names of the metrics, in the order of the tables."""

PictureOf = Literal["interpretation", "mask"]
"""What SPS and COMP look at: log1p|STFT(i)|, or mask * log1p|STFT(x)| where the mask lies on the STFT."""


def scores(explanation: Explanation, picture: Tensor) -> dict[str, Tensor]:
    """Return every metric of `METRICS`, item by item.

    Args:
        explanation: from `Explainer.explain`.
        picture: what SPS and COMP are computed on; see `interpretation_picture`.

    Shape:
        - picture: `[B, T, F]`
        - each value: `[B]`
    """
    before, inside, outside = (
        explanation.probability_before,
        explanation.probability_in,
        explanation.probability_out,
    )
    target = explanation.target
    return {
        "ai": ai(before, inside, target, ROUNDING),
        "ad": ad(before, inside, target),
        "ad_published": ad_published(before, inside, target),
        "ag": ag(before, inside, target),
        "ff": ff(before, outside, target),
        "fid_in": fid_in(inside, target),
        "sps": sps(picture),
        "comp": comp(picture),
    }


def chosen_picture(
    explanation: Explanation, input_picture: Tensor, interpretation_picture: Tensor, of: PictureOf
) -> Tensor:
    """Return the picture that SPS and COMP look at.

    The published code looks at mask * log1p|STFT(x)| for methods whose mask lies on the STFT and at
    log1p|STFT(i)| for LMAC-TD; `interpretation` looks at the latter for all, which compares like with like.

    Args:
        explanation: from `Explainer.explain`.
        input_picture: log1p|STFT(x)|.
        interpretation_picture: log1p|STFT(i)|.
        of: which of them; with `mask`, a method without a mask on the STFT keeps its interpretation's.

    Shape:
        - pictures, result: `[B, T, F]`
    """
    if of not in ("interpretation", "mask"):
        raise ConfigError(f"the picture of SPS and COMP is {of!r}; expected interpretation or mask")
    mask = explanation.mask
    if of == "interpretation" or mask is None or mask.shape[-1] != input_picture.shape[-1]:
        return interpretation_picture
    return mask * input_picture[:, : mask.shape[1]]
