"""Somebody's own network, from the command line: explained, evaluated, rendered and put into a study."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from interpreter.classifier.factories import make_classifier
from interpreter.errors import ConfigError, RunError
from interpreter.explainers.base import ANSWERS_SUFFICE
from interpreter.explainers.untrained import UNTRAINED_METHODS
from interpreter.loading import load_explainer, load_target
from listenable.cli import main
from stimuli import Dataset
from stimuli.soundscapes import make_soundscapes, write_soundscapes

NETWORKS = '''
"""Networks as people have them: untrained, which is enough to go all the way."""
import numpy as np
import torch
import torchaudio
from torch import nn

LABELS = LABEL_NAMES


class RawWaveform(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.blocks = nn.Sequential(
            nn.Conv1d(1, 8, 64, 16), nn.ReLU(inplace=True), nn.Conv1d(8, 12, 8, 8), nn.ReLU(inplace=True)
        )
        self.head = nn.Linear(12, len(LABELS))

    def forward(self, waveforms):
        return self.head(self.blocks(waveforms[:, None]).mean(dim=2))


class MelCnn(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(1)
        self.mel = torchaudio.transforms.MelSpectrogram(16000, 400, hop_length=160, n_mels=32)
        self.blocks = nn.Sequential(
            nn.Conv2d(1, 8, 3, 2), nn.ReLU(), nn.Conv2d(8, 12, 3, 2), nn.ReLU()
        )
        self.head = nn.Linear(12, len(LABELS))

    def forward(self, waveforms):
        maps = self.blocks(self.mel(waveforms)[:, None].clamp(min=1e-5).log())
        return {"logits": self.head(maps.mean(dim=(2, 3)))}


def raw_waveform():
    return RawWaveform(), LABELS, 16000


def mel_cnn():
    return MelCnn(), LABELS, 16000, ["blocks.3", "blocks.1"]


def answer(waveforms):
    power = np.abs(np.fft.rfft(waveforms)) ** 2
    bands = np.stack([part.sum(axis=1) for part in np.array_split(power, len(LABELS), axis=1)], axis=1)
    return (bands + 1e-6) / (bands + 1e-6).sum(axis=1, keepdims=True)


def black_box():
    return answer, LABELS, 16000


def nothing():
    return None


def rate_missing():
    return RawWaveform(), LABELS, "16 kHz"
'''


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("sounds")
    write_soundscapes(folder, make_soundscapes(classes=3, clips=5, duration_s=0.6, seed=1))
    return Dataset.load(folder)


@pytest.fixture(scope="module")
def place(data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the user's own code, as the current one; what it imports is forgotten afterwards."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "own_networks.py").write_text(NETWORKS.replace("LABEL_NAMES", repr(data.labels)))
    before, path = set(sys.modules), list(sys.path)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder
    sys.path[:] = path
    for name in set(sys.modules) - before:
        if name.startswith("own_networks"):
            del sys.modules[name]


@pytest.fixture(scope="module")
def transformers_models(place: Path, data: Dataset) -> Path:
    """A tiny Audio Spectrogram Transformer and a tiny wav2vec 2, saved as their library saves them."""
    library = pytest.importorskip("transformers", reason="transformers is not installed")
    small = {"hidden_size": 32, "num_hidden_layers": 4, "num_attention_heads": 2, "intermediate_size": 48}
    labels = {"num_labels": 3, "id2label": dict(enumerate(data.labels))}
    torch.manual_seed(2)
    ast = library.ASTConfig(**small, **labels, max_length=96, num_mel_bins=48)
    library.ASTForAudioClassification(ast).save_pretrained(place / "ast")
    library.ASTFeatureExtractor(max_length=96, num_mel_bins=48).save_pretrained(place / "ast")
    convolutions = {"conv_dim": (16, 16, 16), "conv_kernel": (10, 8, 4), "conv_stride": (5, 8, 4)}
    wav2vec = library.Wav2Vec2Config(
        **small,
        **labels,
        **convolutions,
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=2,
        classifier_proj_size=16,
        mask_time_prob=0.0,
    )
    library.Wav2Vec2ForSequenceClassification(wav2vec).save_pretrained(place / "wav2vec2")
    library.Wav2Vec2FeatureExtractor().save_pretrained(place / "wav2vec2")
    return place


def call(*words: object) -> None:
    """Run a command; one that ends otherwise than well raises SystemExit."""
    with pytest.raises(SystemExit) as ending:
        main([str(word) for word in words])
    assert ending.value.code in (0, None)


def go_all_the_way(target: str, method: str, data: Dataset, out: Path) -> None:
    chosen = ["--classifier", target, "--method", method]
    clip = data.clips[0].path
    call("explain", clip, *chosen, "--out", out / "heard")
    record = json.loads((out / "heard" / clip.stem / "explanation.json").read_text())
    assert record["windows"][0]["prediction"] in data.labels
    scored = ["--data", data.root, "--limit", 2, "--sanity", 1]
    call("evaluate", *chosen, *scored, "--out", out / "scores.csv")
    table = pd.read_csv(out / "scores.csv")
    assert table["ai"].notna().all() and table["n_items"].eq(2).all()
    call("render", *chosen, "--data", data.root, "--items", 2, "--any", "--out", out / "stimuli")
    call("study", "build", out / "stimuli", "--out", out / "study")
    assert (out / "study" / "config.yaml").is_file()


@pytest.mark.parametrize(
    ("factory", "method"),
    [("raw_waveform", "gradcam"), ("mel_cnn", "layercam"), ("black_box", "occlusion:patch=[32,256]")],
)
def test_a_network_of_your_own_goes_from_classifier_to_study(factory, method, data, place, tmp_path) -> None:
    go_all_the_way(f"own_networks:{factory}", method, data, tmp_path)


@pytest.mark.parametrize(("name", "method"), [("ast", "gradcam"), ("wav2vec2", "saliency")])
def test_a_transformer_goes_from_classifier_to_study(name, method, data, transformers_models, tmp_path):
    go_all_the_way(f"hf:{name}", method, data, tmp_path)


@pytest.mark.parametrize("name", ["ast", "wav2vec2"])
def test_a_transformer_hears_what_its_feature_extractor_gives(name, data, transformers_models) -> None:
    """The witness is the library's own way: NumPy into the extractor, its result into the model."""
    import transformers

    model = transformers.AutoModelForAudioClassification.from_pretrained(name).eval()
    extractor = transformers.AutoFeatureExtractor.from_pretrained(name)
    clips = np.stack([data.read(clip, 16000, 0.6) for clip in data.clips[:3]])
    with torch.no_grad():
        expected = model(**extractor(list(clips), sampling_rate=16000, return_tensors="pt")).logits
    classifier = load_target(f"hf:{name}")
    waveforms = torch.from_numpy(clips).requires_grad_()
    logits = classifier(waveforms)
    assert torch.allclose(logits, expected, atol=1e-4)
    (gradient,) = torch.autograd.grad(logits.sum(), waveforms)
    assert bool((gradient != 0).any())
    maps = classifier.representations(waveforms)
    assert [map_.shape[1] for map_ in maps] == [32] * 4
    frames = {"ast": (6, 4), "wav2vec2": (59, 1)}[name]  # of 9 x 4 patches, those of 58 of 96 frames
    assert maps[0].shape[2:] == frames


def test_a_model_with_another_feature_extractor_is_a_black_box(data, place) -> None:
    library = pytest.importorskip("transformers", reason="transformers is not installed")
    small = {"d_model": 16, "encoder_layers": 1, "encoder_attention_heads": 2, "encoder_ffn_dim": 16}
    other = {"decoder_layers": 1, "decoder_attention_heads": 2, "decoder_ffn_dim": 16, "vocab_size": 20}
    ids = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1}
    labels = {"num_labels": 3, "id2label": dict(enumerate(data.labels)), "max_source_positions": 1500}
    config = library.WhisperConfig(**small, **other, **ids, **labels, classifier_proj_size=8)
    library.WhisperForAudioClassification(config).save_pretrained(place / "whisper")
    library.WhisperFeatureExtractor().save_pretrained(place / "whisper")
    classifier = load_target("hf:whisper")
    clip = torch.from_numpy(data.read(data.clips[0], 16000, 0.6))[None]
    assert float(classifier(clip).softmax(dim=1).sum()) == pytest.approx(1)
    with pytest.raises(ConfigError, match="which is a black box; expected --method audiolime, freqrise"):
        UNTRAINED_METHODS["saliency"](classifier).explain(clip)


def test_an_explainer_remembers_its_classifier(data, place, tmp_path) -> None:
    run = tmp_path / "runs" / "lmac"
    short = ("epochs=1", "steps_per_epoch=1", "batch_size=2", "duration_s=0.6", "validation_share=0.2")
    settings = [word for setting in short for word in ("--set", setting)]
    target = ["--classifier", "own_networks:mel_cnn"]
    call("train", "lmac", *target, "--data", data.root, "--out", run, "--no-progress", *settings)
    explainer = load_explainer(run)
    clip = torch.from_numpy(data.read(data.clips[0], 16000, 0.6))[None]
    assert explainer.explain(clip).interpretation.shape == clip.shape
    call("explain", data.clips[0].path, "--run", run, "--out", tmp_path / "out")
    call(
        "evaluate",
        "--run",
        run,
        "--data",
        data.root,
        "--limit",
        2,
        "--sanity",
        0,
        "--out",
        tmp_path / "s.csv",
    )
    values = json.loads((run / "run.json").read_text())
    assert values["target"] == "own_networks:mel_cnn" and values["classifier"] is None
    (run / "run.json").write_text(json.dumps(values | {"target_sha256": "0" * 64}))
    with pytest.raises(
        RunError, match="own_networks:mel_cnn has other weights than when the run was trained"
    ):
        load_explainer(run)


def test_the_folder_of_a_model_is_found_from_the_run(transformers_models, tmp_path, monkeypatch) -> None:
    from interpreter.runs.folder import describe_target, locate_target

    run = transformers_models / "runs" / "one"
    described = describe_target("hf:ast", run)
    assert described == "hf:../../ast"
    monkeypatch.chdir(tmp_path)
    assert locate_target(run, described) == f"hf:{transformers_models / 'ast'}"
    assert locate_target(run, "hf:MIT/ast") == "hf:MIT/ast" and locate_target(run, "a:b") == "a:b"


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("no_such:make", "there is no module 'no_such' in this folder or installed; expected a run's folder"),
        ("own_networks:make", "own_networks has no function 'make'; expected one that makes the classifier"),
        ("own_networks:nothing", "it made NoneType; expected a classifier"),
        ("own_networks:rate_missing", "the rate '16 kHz'; expected a list of names and a whole number of Hz"),
    ],
)
def test_targets_that_lead_nowhere(target: str, sentence: str, place: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        make_classifier(target)
    assert f"--classifier {target}: " in str(caught.value) and sentence in str(caught.value)


def test_a_model_that_is_not_there(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("transformers", reason="transformers is not installed")
    (place / "empty").mkdir(exist_ok=True)
    with pytest.raises(
        ConfigError, match=r"^--classifier hf:empty: .*[^.]; expected the name or folder of a model"
    ):
        load_target("hf:empty")


def test_a_classifier_alone_explains_nothing(place: Path, data: Dataset, tmp_path: Path, capsys) -> None:
    clip = str(data.clips[0].path)
    with pytest.raises(SystemExit) as ending:
        main(["explain", clip, "--classifier", "own_networks:black_box", "--out", str(tmp_path / "out")])
    assert ending.value.code == 2 and not (tmp_path / "out").exists()
    assert "a classifier explains nothing by itself; add --method occlusion" in capsys.readouterr().err


def test_only_methods_that_ask_explain_a_black_box(place: Path, data: Dataset) -> None:
    classifier = load_target("own_networks:black_box")
    clip = torch.from_numpy(data.read(data.clips[0], 16000, 0.6))[None]
    waveforms = clip.numpy()
    expected = sys.modules["own_networks"].answer(waveforms)
    assert np.allclose(classifier(clip).softmax(dim=1).numpy(), expected, atol=1e-6)
    assert np.array_equal(waveforms, clip.numpy())
    asking = {name for name in UNTRAINED_METHODS if UNTRAINED_METHODS[name].only_asks is True}
    assert asking | {"shap:variant=kernel"} == set(ANSWERS_SUFFICE)
    kernel = UNTRAINED_METHODS["shap"](classifier, variant="kernel", samples=8, patch=(32, 256))  # type: ignore[call-arg]
    assert kernel.explain(clip).mask is not None
    for name in ("saliency", "integrated-gradients"):
        with pytest.raises(ConfigError, match="needs the gradients or layers of the classifier, which is a"):
            UNTRAINED_METHODS[name](classifier).explain(clip)
    with pytest.raises(ConfigError, match="a black box and has no layers to read"):
        classifier.representations(clip)
