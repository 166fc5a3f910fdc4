"""Max-sensitivity against Captum's, with the same noise, and at its ends."""

from __future__ import annotations

import pytest
import torch
from captum.metrics import sensitivity_max
from torch import Tensor

from interpreter.faithfulness import max_sensitivity


def _mask(sounds: Tensor) -> Tensor:
    return torch.sigmoid(4 * sounds.unflatten(1, (-1, 10)).square().cumsum(dim=1))


def test_captum_agrees() -> None:
    sounds = torch.rand(3, 200, generator=torch.Generator().manual_seed(0))
    sounds *= torch.tensor([[0.1], [1.0], [0.5]])
    found = max_sensitivity(_mask, sounds, level_db=-20, samples=7, seed=5)
    generator = torch.Generator().manual_seed(5)

    def perturb(inputs: Tensor) -> Tensor:
        # Captum hands over each clip seven times in a row.
        rms = sounds.square().mean(dim=1, keepdim=True).sqrt()
        draws = [sounds + 0.1 * rms * torch.randn(sounds.shape, generator=generator) for _ in range(7)]
        noisy = torch.stack(draws, dim=1).flatten(0, 1)
        assert noisy.shape == inputs.shape
        return noisy

    witness = sensitivity_max(
        lambda tensors: (_mask(tensors[0] if isinstance(tensors, tuple) else tensors),),
        sounds,
        perturb_func=lambda inputs: (perturb(inputs[0] if isinstance(inputs, tuple) else inputs),),
        n_perturb_samples=7,
    )
    assert found.tolist() == pytest.approx(witness.tolist(), rel=1e-5)


def test_a_fixed_mask_is_not_sensitive_and_none_is_not_a_number() -> None:
    sounds = torch.rand(2, 200, generator=torch.Generator().manual_seed(1))
    assert max_sensitivity(torch.ones_like, sounds).tolist() == [0.0, 0.0]
    assert max_sensitivity(torch.zeros_like, sounds).isnan().all()


def test_noise_follows_the_seed_and_the_level() -> None:
    sounds = torch.rand(2, 200, generator=torch.Generator().manual_seed(2))
    faint, loud = (max_sensitivity(_mask, sounds, level_db=db) for db in (-60, -20))
    assert (faint < loud).all()
    assert torch.equal(faint, max_sensitivity(_mask, sounds, level_db=-60))
    assert not torch.equal(faint, max_sensitivity(_mask, sounds, level_db=-60, seed=1))
