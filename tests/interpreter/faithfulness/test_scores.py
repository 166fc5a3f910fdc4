"""All metrics at once: each by the function of its name, and the picture that two of them look at."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from interpreter.classifier.front_end import FrontEnd
from interpreter.errors import ConfigError
from interpreter.faithfulness import (
    METRICS,
    ad,
    ad_published,
    ag,
    comp,
    ff,
    fid_in,
    scored_picture,
    scores,
    sps,
)
from interpreter.types import Explanation

FRONT_END = FrontEnd(64, 16, 32, mel_bins=8)


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def explained(mask: Tensor | None = None) -> Explanation:
    before, inside, outside = (noise(5, 3, seed=seed).softmax(dim=1) for seed in (1, 2, 3))
    inside[0] = before[0] + torch.tensor([5e-6, -5e-6, 0.0])
    target = before.argmax(dim=1)
    target[0] = 0
    clips = noise(5, 300, seed=4)
    return Explanation(0.5 * clips, 0.5 * clips, target, before, inside, outside, "test", mask)


def test_each_score_is_the_metric_of_its_name() -> None:
    found, picture = explained(), noise(5, 7, 9, seed=5).abs()
    values = scores(found, picture)
    assert tuple(values) == METRICS
    p, q, r, c = found.probability_before, found.probability_in, found.probability_out, found.target
    grown = [float(q[at, c[at]]) > float(p[at, c[at]]) + 1e-5 for at in range(5)]
    assert values["ai"].tolist() == [100.0 * one for one in grown] and values["ai"][0] == 0
    expected = {
        "ad": ad(p, q, c), "ad_published": ad_published(p, q, c), "ag": ag(p, q, c), "ff": ff(p, r, c),
        "fid_in": fid_in(q, c), "sps": sps(picture), "comp": comp(picture),
    }  # fmt: skip
    for name, value in expected.items():
        assert torch.equal(values[name], value) and value.shape == (5,), name
    assert float(values["ff"].abs().min()) > 0 and not torch.equal(values["ad"], values["ag"])


def test_the_picture_is_the_interpretations_or_the_masked_inputs() -> None:
    clips = noise(5, 300, seed=4)
    mask = torch.rand(5, 19, 33, generator=torch.Generator().manual_seed(6))
    found = explained(mask)
    plain = torch.log1p(FRONT_END.stft(found.interpretation).abs())
    assert torch.allclose(scored_picture(found, clips, FRONT_END), plain, atol=1e-6)
    masked = mask * torch.log1p(FRONT_END.stft(clips).abs())
    assert torch.allclose(scored_picture(found, clips, FRONT_END, "mask"), masked, atol=1e-6)
    shorter = explained(mask[:, :16])
    assert torch.allclose(scored_picture(shorter, clips, FRONT_END, "mask"), masked[:, :16], atol=1e-6)


def test_pictures_that_are_known_are_used() -> None:
    clips, mask = noise(5, 300, seed=4), torch.rand(5, 19, 33, generator=torch.Generator().manual_seed(6))
    known = (torch.full_like(mask, 2.0), torch.full_like(mask, 3.0))
    found = explained(mask)
    assert torch.equal(scored_picture(found, clips, FRONT_END, "interpretation", known), known[1])
    assert torch.equal(scored_picture(found, clips, FRONT_END, "mask", known), 2 * mask)


@pytest.mark.parametrize("mask", [None, torch.ones(5, 33, 19), torch.ones(5, 19, 32)])
def test_without_a_mask_on_the_stft_the_interpretation_is_looked_at(mask: Tensor | None) -> None:
    found, clips = explained(mask), noise(5, 300, seed=4)
    plain = FRONT_END.log_magnitude(found.interpretation)
    assert torch.equal(scored_picture(found, clips, FRONT_END, "mask"), plain)


def test_an_unknown_picture_is_refused() -> None:
    with pytest.raises(ConfigError, match="SPS and COMP is 'input'; expected interpretation or mask"):
        scored_picture(explained(), noise(5, 300), FRONT_END, "input")  # type: ignore[arg-type]
