"""The registry: its lines agree with the records, and a method is one record and one line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from pydantic import Field
from torch import Tensor, nn

from interpreter import METHODS, load_explainer
from interpreter.classifier.capabilities import front_end_of
from interpreter.classifier.frozen import FrozenClassifier
from interpreter.explainers import registry
from interpreter.explainers.learned import LearnedMethod
from interpreter.explainers.registry import CLASSIFIERS, KINDS, Entry, learned_methods, record_of
from interpreter.explainers.spectral import Picture, SpectralExplainer
from interpreter.kinds.config import ExplainerConfig
from interpreter.kinds.losses import EXPLAINER_SCORES, faithfulness_terms


@pytest.mark.parametrize("kind", KINDS)
def test_a_line_agrees_with_its_record(kind: str) -> None:
    record, entry = record_of(kind), KINDS[kind]
    assert record.kind == kind and entry.summary.endswith(".")
    assert entry.starts_from is None or list(KINDS).index(entry.starts_from) < list(KINDS).index(kind)
    assert isinstance(record, LearnedMethod) == (kind not in (*CLASSIFIERS, "nmf", "separator"))
    if isinstance(record, LearnedMethod):
        assert METHODS[kind] is record.explainer and record.explainer.name == kind
        assert record.rebuild is not None and entry.needs_classifier


def test_the_registry_is_read_without_torch() -> None:
    code = "import sys, interpreter.commands.train; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class BandsConfig(ExplainerConfig):
    """Settings with defaults, which no preset names."""

    normalisation: str = "max-abs"
    noise_share: float = 0.0
    snr_db: tuple[float, float] = (0.0, 0.0)
    shift: bool = False
    epochs: int = 1
    steps_per_epoch: int | None = 2
    batch_size: int = 2
    optimiser: str = "adam"
    learning_rate: float = 0.1
    weight_decay: float = 0.0
    schedule: str = "constant"
    warmup_steps: int = 0
    monitor: str = "train_loss"
    mode: str = "min"
    lambda_in: float = 1.0
    lambda_out: float = 1.0
    out_loss: str = "log-complement"
    lambda_reg: float = 0.1
    start_at: float = Field(0.5, gt=0)


class Bands(nn.Module):
    """One gain for each bin."""

    def __init__(self, bins: int, start_at: float) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.full((bins,), start_at))


class BandsExplainer(SpectralExplainer):
    """Keeps the same bins of every clip."""

    name = "bands"

    def __init__(self, classifier, network: Bands) -> None:
        super().__init__(classifier)
        self.network = network

    @property
    def networks(self):
        return (self.network,)

    def mask(self, picture: Picture, target: Tensor) -> Tensor:
        return self.network.gain.sigmoid().expand_as(picture.log_magnitude)


class BandsTask:
    scores = EXPLAINER_SCORES

    def __init__(self, network: Bands, classifier, config: BandsConfig) -> None:
        self.network, self.classifier, self.config = network, FrozenClassifier(classifier), config
        self.frozen = self.classifier.modules

    def terms(self, batch, generator):
        heard = self.classifier.forward_frozen(batch["noisy"])
        mask = self.network.gain.sigmoid()
        pictures = torch.cat([mask * heard.picture, (1 - mask) * heard.picture])
        logits = self.classifier.of_pictures(
            pictures, heard.spectrum.repeat(2, 1, 1), batch["noisy"].shape[1]
        )
        return {
            **faithfulness_terms(heard.logits, logits, mask.mean(), self.config),
            "size": mask.mean(),
        }


BANDS = LearnedMethod(
    kind="bands",
    config=BandsConfig,
    build=lambda config, setup: Bands(front_end_of(setup.classifier).n_fft // 2 + 1, config.start_at),
    objective=lambda network, config, setup: BandsTask(network, setup.classifier, config),
    rebuild=lambda config, checkpoint: Bands(checkpoint.stored.size("gain", 0), config.start_at),
    explainer=BandsExplainer,
    explain=lambda classifier, network, config: BandsExplainer(classifier, network),
)


def test_a_new_method_is_one_record_and_one_line(
    train_small: Callable[..., Path],
    classifier_run: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setitem(registry.KINDS, "bands", Entry(f"{__name__}:BANDS", "Train a mask on the bins."))
    assert "bands" in learned_methods()
    run = train_small("bands", "start_at=0.25", classifier=classifier_run, out=tmp_path / "run")
    explainer = load_explainer(run)
    assert isinstance(explainer, BandsExplainer)
    clips = torch.randn(2, 9600, generator=torch.Generator().manual_seed(0))
    explanation = explainer.explain(clips)
    gain = torch.load(run / "checkpoint.pt", weights_only=True)["gain"]
    assert explanation.mask is not None and torch.equal(explanation.mask[1, 3], gain.sigmoid())
    assert not torch.equal(gain, torch.full_like(gain, 0.25))
