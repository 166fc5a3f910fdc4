"""Settings that no training can use are refused before it begins; unusual ones work."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from interpreter.errors import ConfigError
from interpreter.explainers.lmac import LmacFtConfig, LmacFtTask, LmacTask, build_lmac
from interpreter.loading import load_classifier
from interpreter.settings.presets import load_config
from interpreter.training.clips import noise_source
from listenable.cli import main
from stimuli import write_audio

Train = Callable[..., Path]


@pytest.mark.parametrize("follows", ["schedule=plateau", "keep=best", "patience=1"])
def test_a_metric_that_no_epoch_has_is_refused_if_something_follows_it(
    follows: str, train_small: Train, tmp_path: Path
) -> None:
    scores = "train_loss, train_accuracy, valid_loss, valid_accuracy"
    with pytest.raises(ConfigError, match=f"^monitor is 'foo'; expected one of {scores}$"):
        train_small("classifier", follows, "monitor=foo", out=tmp_path / "run")
    sentence = (
        "monitor is valid_loss, but no clip is held out for validation (validation_share is 0, and one "
        "recording of each class stays in training); use more recordings, a larger validation_share or "
        "monitor=train_loss"
    )
    with pytest.raises(ConfigError, match=f"^{re.escape(sentence)}$"):
        train_small("classifier", follows, "validation_share=0", out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
    given = (follows, "validation_share=0", "monitor=train_loss")
    assert (train_small("classifier", *given, out=tmp_path / "run") / "run.json").is_file()


@pytest.mark.parametrize("kind", ["classifier", "lmac-td", "lmac", "nmf", "l2i"])
def test_every_score_of_a_task_is_a_column_of_its_metrics(
    kind: str, train_small: Train, classifier_run: Path, tmp_path: Path
) -> None:
    given = {} if kind == "classifier" else {"classifier": classifier_run}
    settings = ["lambda_sum=0.1"] if kind == "lmac-td" else []
    if kind == "l2i":
        given["start"] = train_small("nmf", classifier=classifier_run, out=tmp_path / "nmf")
    run = train_small(kind, *settings, out=tmp_path / "run", **given)
    columns = next(csv.reader((run / "metrics.csv").read_text().splitlines()))[1:]
    with pytest.raises(ConfigError, match=r"^monitor is 'foo'; expected one of ") as refused:
        train_small(kind, *settings, "monitor=foo", "keep=best", out=tmp_path / "other", **given)
    assert sorted(str(refused.value).split(" one of ")[1].split(", ")) == columns


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("snr_db=[15,-3]", r"'snr_db' is [15.0, -3.0]; expected the lower limit first"),
        ("gain_db=[3,-10]", r"'gain_db' is [3.0, -10.0]; expected the lower limit first"),
        ("mel_bins=16", "'mel_bins' is 16; expected 32 or more"),
    ],
)
def test_limits_and_sizes_are_checked(setting: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        load_config("classifier", "tiny", [setting])


@pytest.mark.parametrize("command", ["train classifier", "evaluate --run none"])
@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_has_64_bits(
    command: str, seed: int, soundscapes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.csv"
    words = [*command.split(), "--data", soundscapes, "--out", out, "--seed", seed]
    with pytest.raises(SystemExit, match="2"):
        main([str(word) for word in words])
    assert f"the seed is {seed}; expected 0 to 18446744073709551615" in capsys.readouterr().err
    assert not out.exists()


def test_noise_is_never_a_silent_piece(tmp_path: Path) -> None:
    sound = np.zeros(1000, dtype=np.float32)
    sound[400:420] = 0.5
    write_audio(tmp_path / "mostly-silent.wav", sound, 16000)
    noise = noise_source(str(tmp_path), 16000)
    assert noise is not None
    pieces = [noise(100, np.random.default_rng(seed)) for seed in range(20)]
    assert all(len(piece) == 100 and piece.any() for piece in pieces)
    assert len({int(piece.argmax()) for piece in pieces}) > 3  # from many places on
    assert np.array_equal(pieces[0], noise(100, np.random.default_rng(0)))
    write_audio(tmp_path / "mostly-silent.wav", 0 * sound, 16000)
    with pytest.raises(ConfigError, match=r"mostly-silent.wav: only silence in this file; remove it"):
        noise(100, np.random.default_rng(0))


def test_fine_tuning_weighs_its_regulariser_once(classifier_run: Path) -> None:
    classifier = load_classifier(classifier_run)
    clips = torch.randn(2, 9600, generator=torch.Generator().manual_seed(0))
    batch = {"noisy": clips, "clean": clips}
    for weight in (0.0, 1.5):
        # nothing resembles its clean clip that much: no clip is guided
        config = load_config("lmac-ft", "tiny", [f"lambda_reg={weight}", "similarity_threshold=2"])
        assert isinstance(config, LmacFtConfig)
        network = build_lmac(config, classifier)
        tuned, plain = (
            task(network, classifier, config).terms(batch, None) for task in (LmacFtTask, LmacTask)
        )
        for name, value in plain.items():
            assert float(tuned[name].detach()) == pytest.approx(float(value.detach()), rel=1e-6), name
    guided = load_config("lmac-ft", "tiny", ["lambda_reg=0", "similarity_threshold=-1", "guidance=4"])
    assert isinstance(guided, LmacFtConfig)
    terms = LmacFtTask(network, classifier, guided).terms(batch, None)
    parts = guided.lambda_in * terms["loss_in"] + guided.lambda_out * terms["loss_out"]
    assert terms["loss"].isfinite() and float((terms["loss"] - parts).detach()) > 0
