"""Losses against slow second writings; clips, noise and epochs that follow from their seeds."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from interpreter.errors import ConfigError
from interpreter.settings.configs import CONFIGS
from interpreter.settings.presets import PRESETS, load_config
from interpreter.sound_files import coloured_noise
from interpreter.training.augmentation import mask_bands, mixup
from interpreter.training.clips import (
    Clips,
    Disturbance,
    EpochSampler,
    load_waveforms,
    noise_source,
    split_validation,
)
from interpreter.training.losses import in_loss, loud_cells, out_loss, si_sdr, similarity, spectrum_size
from interpreter.training.lr_schedules import learning_rate_factor
from interpreter.training.setup import class_weights
from stimuli import Dataset, write_audio


def _random(*shape: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0))


def test_in_and_out_losses_are_their_formulas() -> None:
    logits, target = 4 * _random(5, 3) - 2, torch.tensor([0, 1, 2, 2, 0])
    p = [
        math.exp(row[t]) / sum(map(math.exp, row))
        for row, t in zip(logits.tolist(), target.tolist(), strict=True)
    ]
    assert float(in_loss(logits, target)) == pytest.approx(-np.mean(np.log(p)), rel=1e-5)
    assert float(out_loss(logits, target)) == pytest.approx(np.mean(np.log(p)), rel=1e-5)
    bounded = float(out_loss(logits, target, "log-complement"))
    assert bounded == pytest.approx(-np.mean(np.log(1 - np.array(p))), rel=1e-5)


def test_the_bounded_out_loss_is_steep_where_the_published_one_is_flat() -> None:
    slopes = {}
    for kind in ("negative-cross-entropy", "log-complement"):
        for name, level in (("certain", 10.0), ("gone", -10.0)):
            logits = torch.tensor([[level, 0.0]], requires_grad=True)
            loss = out_loss(logits, torch.tensor([0]), kind)  # type: ignore[arg-type]
            slopes[kind, name] = float(torch.autograd.grad(loss, logits)[0][0, 0])
    assert slopes["negative-cross-entropy", "certain"] < 1e-4 < 0.99 < slopes["log-complement", "certain"]
    assert slopes["log-complement", "gone"] < 1e-4 < 0.99 < slopes["negative-cross-entropy", "gone"]


def test_sizes_of_a_spectrum() -> None:
    clip = _random(2, 4, 3)
    half = torch.log1p(0.5 * torch.expm1(clip))
    assert float(spectrum_size(half, clip)) == pytest.approx(0.5)
    plain = torch.expm1(half)
    assert float(spectrum_size(half, clip, "mean-l1")) == pytest.approx(float(plain.mean()), rel=1e-6)
    assert float(spectrum_size(half, clip, "sum-l1")) == pytest.approx(float(plain.sum() / 2), rel=1e-6)
    assert float(spectrum_size(half, clip, "mean-log")) == pytest.approx(float(half.mean()), rel=1e-6)
    assert spectrum_size(half * 0, clip * 0).isfinite()


def test_similarity_and_loud_cells() -> None:
    clip = _random(2, 4, 3)
    assert torch.allclose(similarity(clip, 3 * clip), torch.ones(2))
    assert float(similarity(torch.eye(2)[None], 1 - torch.eye(2)[None])) == 0
    assert similarity(clip, 0 * clip).tolist() == [0, 0]
    assert loud_cells(torch.tensor([[[1.0, 0.34, 0.36]]])).tolist() == [[[1, 0, 1]]]


def test_si_sdr_is_the_ratio_of_projection_and_rest() -> None:
    reference = _random(1, 200) - 0.5
    reference -= reference.mean()
    noise = torch.randn(1, 200, generator=torch.Generator().manual_seed(1))
    noise -= noise.mean()
    noise -= (noise * reference).sum() / reference.square().sum() * reference
    noise *= reference.norm() / noise.norm() * 10 ** (-12 / 20)
    assert float(si_sdr(3 * (reference + noise), reference)) == pytest.approx(12.0, abs=1e-3)
    assert si_sdr(torch.zeros(1, 9), torch.zeros(1, 9)).isfinite()


def test_class_weights_balance_the_classes() -> None:
    targets = torch.tensor([0, 0, 0, 1])
    weights = class_weights(targets, 3)
    assert float(weights[targets].mean()) == pytest.approx(4 / 3 / 4 * (3 / 3 + 1))
    assert weights[1] == 3 * weights[0]


def test_schedules_at_their_corners() -> None:
    assert learning_rate_factor(0, 100, "cosine", 10) == pytest.approx(0.1)
    assert learning_rate_factor(10, 100, "cosine", 10) == pytest.approx(1)
    assert learning_rate_factor(55, 100, "cosine", 10) == pytest.approx(0.5)
    assert learning_rate_factor(100, 100, "cosine", 10) == pytest.approx(0)
    assert learning_rate_factor(0, 100, "one-cycle") == pytest.approx(1 / 25)
    assert learning_rate_factor(30, 100, "one-cycle") == pytest.approx(1)
    assert learning_rate_factor(100, 100, "one-cycle") == pytest.approx(1e-4)
    assert learning_rate_factor(7, 100, "constant") == 1


def test_noise_has_unit_power_and_follows_from_its_generator() -> None:
    draws = [coloured_noise(8000, np.random.default_rng(seed)) for seed in (0, 0, 1)]
    assert np.array_equal(draws[0], draws[1]) and not np.array_equal(draws[0], draws[2])
    for draw in draws:
        assert draw.dtype == np.float32 and np.mean(np.square(draw)) == pytest.approx(1, rel=1e-3)


def test_noise_from_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no sound files in this folder"):
        noise_source(str(tmp_path), 16000)
    with pytest.raises(FileNotFoundError, match="expected synthetic, none or a folder"):
        noise_source(str(tmp_path / "nothing"), 16000)
    ramp = np.linspace(0.1, 0.9, 400, dtype=np.float32)
    (tmp_path / "deep").mkdir()
    write_audio(tmp_path / "deep" / "ramp.wav", ramp, 16000)
    noise = noise_source(str(tmp_path), 16000)
    assert noise is not None and noise_source("none", 16000) is None
    rng = np.random.default_rng(0)
    assert len(noise(100, rng)) == 100
    assert np.allclose(np.diff(noise(100, rng)), np.diff(ramp)[0], atol=1e-3)  # a piece in one go
    assert len(noise(1000, rng)) == 1000


def test_noise_is_mixed_at_the_drawn_ratio() -> None:
    clip = (_random(4000).numpy() - 0.5) * 0.1
    disturbance = Disturbance(coloured_noise, 1.0, (6.0, 6.0), normalisation="none")
    noisy, clean = disturbance(clip, np.random.default_rng(0))
    ratio = 10 * np.log10(np.sum(np.square(clean)) / np.sum(np.square(noisy - clean)))
    assert ratio == pytest.approx(6.0, abs=0.01)
    untouched, same = Disturbance()(clip, np.random.default_rng(0))
    assert np.allclose(untouched, clip / np.abs(clip).max()) and np.array_equal(same, clip)


def test_validation_takes_whole_recordings_of_every_class(soundscapes: Path) -> None:
    dataset = Dataset.load(soundscapes).folds(1, 2, 3)
    rest, taken = split_validation(dataset, 0.2, 0)
    assert len(rest.clips) + len(taken.clips) == len(dataset.clips)
    assert not {clip.src_file for clip in rest.clips} & {clip.src_file for clip in taken.clips}
    assert Counter(clip.category for clip in taken.clips) == dict.fromkeys(dataset.labels, 1)
    assert split_validation(dataset, 0.2, 0)[1].clips == taken.clips
    assert not split_validation(dataset, 0.0, 0)[1].clips


def test_silent_clips_are_refused_by_name(tmp_path: Path, soundscapes: Path) -> None:
    dataset = Dataset.load(soundscapes)
    clip = dataset.clips[0]
    quiet = tmp_path / "quiet.wav"
    write_audio(quiet, np.zeros(100, dtype=np.float32), 16000)
    with pytest.raises(ConfigError, match=r"quiet.wav: the clip is silent"):
        load_waveforms(dataset.select([dataclasses.replace(clip, path=quiet)]), 16000, 0.1, "max-abs")


def test_an_epoch_follows_from_its_number_and_is_shared_evenly() -> None:
    sampler = EpochSampler(5, 12, seed=3)
    sampler.set_epoch(4)
    draws = list(sampler)
    assert draws == list(sampler) and len(sampler) == 12
    assert (
        sorted(index for _, _, index in draws[:5])
        == sorted(index for _, _, index in draws[5:10])
        == list(range(5))
    )
    sampler.set_epoch(5)
    assert list(sampler) != draws
    parts = []
    for rank in (0, 1):
        part = EpochSampler(5, 12, seed=3, rank=rank, processes=2)
        part.set_epoch(4)
        parts.append(list(part))
    assert sorted(parts[0] + parts[1]) == sorted(draws)
    for step in range(3):  # a batch of four is the same clips, two in each process
        assert (
            sorted(parts[0][2 * step : 2 * step + 2] + parts[1][2 * step : 2 * step + 2])
            == draws[4 * step : 4 * step + 4]
        )
    fixed = EpochSampler(3, 3, seed=None)
    fixed.set_epoch(9)
    assert list(fixed) == [(0, 0, 0), (0, 1, 1), (0, 2, 2)]


def test_a_draw_is_the_same_whatever_was_drawn_before() -> None:
    clips = Clips(
        _random(3, 500), torch.arange(3), Disturbance(coloured_noise, shift=True, gain_db=(-6, 0)), 7
    )
    first = clips[(1, 4, 2)]
    _ = clips[(1, 5, 0)]
    again = clips[(1, 4, 2)]
    assert torch.equal(first["noisy"], again["noisy"]) and int(first["target"]) == 2
    assert not torch.equal(first["noisy"], clips[(2, 4, 2)]["noisy"])
    loader = DataLoader(clips, batch_size=2, sampler=EpochSampler(3, 4, seed=0))
    assert [batch["noisy"].shape for batch in loader] == [(2, 500), (2, 500)]


def test_mixup_mixes_partners_in_the_drawn_share() -> None:
    clips = _random(4, 6)
    mixed, partner, share = mixup(clips, 0.2, torch.Generator().manual_seed(0))
    assert torch.allclose(mixed, share * clips + (1 - share) * clips[partner]) and 0 <= share <= 1
    assert mixup(clips, 0.0, torch.Generator())[2] == 1.0
    shares = [mixup(clips, 0.2, torch.Generator().manual_seed(seed))[2] for seed in range(400)]
    # Beta(.2, .2) has mean 1/2 and variance 1 / (4 * 1.4)
    assert np.mean(shares) == pytest.approx(0.5, abs=0.07) and np.var(shares) == pytest.approx(
        0.1786, abs=0.03
    )


def test_masked_bands_are_silent_and_no_wider_than_said() -> None:
    picture = torch.ones(3, 20, 50)
    for dim, widest in ((1, 4), (2, 10)):
        masked = mask_bands(picture, 1, widest, dim, torch.Generator().manual_seed(1))
        lost = (masked.amin(dim=3 - dim) == 0).sum(dim=1)
        assert (lost <= widest).all() and lost.any()
        assert torch.equal(masked.amin(dim=3 - dim), masked.amax(dim=3 - dim))


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("kind", list(CONFIGS))
def test_every_preset_names_every_setting(preset: str, kind: str) -> None:
    config = load_config(kind, preset)
    assert set(config.model_dump()) == set(CONFIGS[kind].model_fields)
    for variant in ("paper", "official", "ours"):
        assert load_config(kind, preset, [f"variant={variant}"]).variant == variant


def test_published_constants_come_with_their_variant() -> None:
    paper, official = (load_config("lmac-td", "paper", [f"variant={name}"]) for name in ("paper", "official"))
    found = [
        [getattr(config, name) for name in ("lambda_in", "lambda_out", "lambda_reg", "alpha", "regulariser")]
        for config in (paper, official)
    ]
    assert found == [[5, 0.2, 6, 0.75, "mean-l1"], [4, 0.2, 0.4, 1, "mean-log"]]
    last = load_config("lmac-td", "tiny", ["alpha=0", "variant=official", "lambda_in=2"])
    assert getattr(last, "alpha") == 1 and getattr(last, "lambda_in") == 2  # noqa: B009


def test_settings_that_cannot_be_used_are_named() -> None:
    with pytest.raises(ConfigError, match=r"unknown kind 'piq'; expected one of classifier"):
        load_config("piq", "tiny")
    with pytest.raises(ConfigError, match=r"unknown preset 'huge'; expected one of tiny, small, paper"):
        load_config("lmac", "huge")
    with pytest.raises(ConfigError, match=r"'alpha' is 2; expected 1 or less"):
        load_config("lmac-td", "tiny", ["alpha=2"])
    with pytest.raises(ConfigError, match=r"'alhpa' is no setting; the settings are variant,"):
        load_config("lmac-td", "tiny", ["alhpa=1"])
    with pytest.raises(ConfigError, match=r"--set alpha: expected key=value"):
        load_config("lmac-td", "tiny", ["alpha"])
