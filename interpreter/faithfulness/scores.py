"""All metrics of an explanation at once, from what was computed once."""

from __future__ import annotations

from typing import Literal, get_args

from torch import Tensor

from interpreter.classifier.front_end import FrontEnd
from interpreter.errors import ConfigError
from interpreter.faithfulness.functional import ROUNDING, ad, ad_published, ag, ai, comp, ff, fid_in, sps
from interpreter.types import Explanation

METRICS = ("ai", "ad", "ad_published", "ag", "ff", "fid_in", "sps", "comp")
"""Names of the metrics, in the order of the tables."""

PictureOf = Literal["interpretation", "mask"]
"""What SPS and COMP are computed on: log1p|STFT(i)|, or mask * log1p|STFT(x)| for masks on the STFT."""


def scores(explanation: Explanation, picture: Tensor) -> dict[str, Tensor]:
    """Return every metric of `METRICS`, item by item.

    Args:
        explanation: from `Explainer.explain`.
        picture: what SPS and COMP are computed on; see `scored_picture`.

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


def scored_picture(
    explanation: Explanation,
    waveforms: Tensor,
    front_end: FrontEnd,
    of: PictureOf = "interpretation",
    pictures: tuple[Tensor, Tensor] | None = None,
) -> Tensor:
    """Return the picture that SPS and COMP look at.

    The published code uses mask * log1p|STFT(x)| for methods whose mask is on the STFT and
    log1p|STFT(i)| for LMAC-TD; `interpretation` looks at the latter for all, which compares like with like.

    Args:
        explanation: from `Explainer.explain`.
        waveforms: the explained clips, x.
        front_end: makes pictures.
        of: which of them; with `mask`, a method without a mask on the STFT keeps its interpretation's.
        pictures: log1p of the STFTs' magnitudes of clips and interpretations, if they are known.

    Raises:
        ConfigError: `of` is neither.

    Shape:
        - waveforms: `[B, samples]`
        - result: `[B, T, F]`
    """
    if of not in get_args(PictureOf):
        raise ConfigError(f"the picture of SPS and COMP is {of!r}; expected interpretation or mask")
    mask = explanation.mask
    bins = front_end.n_fft // 2 + 1
    if of == "interpretation" or mask is None or mask.shape[-1] != bins:
        return pictures[1] if pictures else front_end.log_magnitude(explanation.interpretation)
    clip = pictures[0] if pictures else front_end.log_magnitude(waveforms)
    return mask * clip[:, : mask.shape[1]]
