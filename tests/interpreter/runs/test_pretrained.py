"""Weights of SpeechBrain and PANNs come in whole, and whatever does not fit is named."""

from __future__ import annotations

import io
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from interpreter import load_classifier, load_explainer
from interpreter.classifier.cnn14 import Cnn14, CnnClassifier
from interpreter.classifier.front_end import FrontEnd
from interpreter.errors import CheckpointError, ConfigError, RunError
from interpreter.explainers.lmac_td_network import LmacTdNetwork
from interpreter.importing import Import, import_run
from interpreter.networks.nmf import NmfDecoder
from interpreter.networks.psi import PsiDecoder
from interpreter.networks.sepformer import Decoder, Encoder, MaskNet
from interpreter.networks.unet import UNetDecoder
from interpreter.runs.pretrained import load_start, read_labels
from tests.interpreter.stand_ins import panns_file

WIDTH = 64


@pytest.fixture
def speechbrain_folder(tmp_path: Path) -> Path:
    """A classifier as SpeechBrain saves it, of width 64."""
    folder = tmp_path / "speechbrain"
    folder.mkdir()
    torch.manual_seed(0)
    torch.save(Cnn14(80, WIDTH).state_dict(), folder / "embedding_model.ckpt")
    torch.save(nn.Linear(WIDTH, 3).state_dict(), folder / "classifier.ckpt")
    (folder / "label_encoder.txt").write_text(
        "'rain' => 1\n'dog' => 0\n\"cat's\" => 2\n================\n'starting_index' => 0\n"
    )
    return folder


@pytest.fixture
def imported(speechbrain_folder: Path, tmp_path: Path) -> Path:
    out = tmp_path / "classifier"
    assert import_run(Import("classifier", speechbrain_folder, out)) == ()
    return out


def test_a_classifier_comes_in_with_its_own_order_of_labels(speechbrain_folder: Path, imported: Path) -> None:
    classifier = load_classifier(imported)
    assert list(classifier.labels) == ["dog", "rain", "cat's"]
    assert classifier.normalisation == "max"
    theirs = torch.load(speechbrain_folder / "embedding_model.ckpt", weights_only=True)
    for name, tensor in classifier.cnn14.state_dict().items():
        assert torch.equal(tensor, theirs[name]), name


def test_speechbrains_own_linear_layer_is_read_too(speechbrain_folder: Path, tmp_path: Path) -> None:
    state = torch.load(speechbrain_folder / "classifier.ckpt", weights_only=True)
    torch.save(
        {f"w.{name}": tensor for name, tensor in state.items()}, speechbrain_folder / "classifier.ckpt"
    )
    import_run(Import("classifier", speechbrain_folder, tmp_path / "out"))
    assert torch.equal(load_classifier(tmp_path / "out").head.weight, state["weight"])


def test_the_explainers_come_in_under_the_authors_names(imported: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    folder = tmp_path / "explainers"
    folder.mkdir()
    masknet = MaskNet(256, 16, 2, 16, 1, 1, 1, 10)
    parts = {
        "encoder": Encoder(),
        "decoder": Decoder(),
        "masknet": masknet,
        "convt_decoder": UNetDecoder(WIDTH),
    }
    for name, module in parts.items():
        torch.save(module.state_dict(), folder / f"{name}.ckpt")
    torch.save(PsiDecoder(WIDTH).state_dict(), folder / "psi_model.ckpt")
    smaller = [f"mask_{key}" for key in ("channels=16", "heads=2", "hidden=16", "blocks=1", "chunk=10")]
    smaller += ["mask_intra_layers=1", "mask_inter_layers=1"]
    import_run(Import("lmac-td", folder, tmp_path / "td", classifier=imported, settings=smaller))
    import_run(Import("lmac", folder, tmp_path / "lmac", classifier=imported))
    clips = torch.rand(1, 20000, generator=torch.Generator().manual_seed(0)) - 0.5
    explainer = load_explainer(tmp_path / "td")
    found = explainer.explain(clips)
    classifier = load_classifier(imported)
    network = LmacTdNetwork(
        parts["encoder"], parts["convt_decoder"], masknet, parts["decoder"], alpha=1, padded=False
    ).eval()
    with torch.no_grad():
        expected = network(clips, classifier.representations(clips))
    assert torch.allclose(found.interpretation, expected.interpretation, atol=1e-6)
    assert load_explainer(tmp_path / "lmac").explain(clips).mask is not None


def test_panns_starts_a_training_and_what_was_left_out_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "Cnn14_16k.pth"
    saved = panns_file(WIDTH, 64)
    torch.save(saved, file)
    classifier = CnnClassifier(["a", "b"], FrontEnd(), WIDTH)
    own = classifier.cnn14.norm0.weight.detach().clone().fill_(0.5)
    with torch.no_grad():
        classifier.cnn14.norm0.weight.copy_(own)
    left_out = load_start(classifier, file)
    assert {"fc1.weight", "fc_audioset.bias", "logmel_extractor.melW", "norm0.weight"} <= set(left_out)
    assert "left out" in caplog.text
    given = saved["model"]
    assert isinstance(given, dict)
    assert torch.equal(classifier.cnn14.block(3).norm2.bias, given["conv_block3.bn2.bias"])
    assert torch.equal(classifier.cnn14.norm0.weight, own)
    out = tmp_path / "start"
    assert "fc1.weight" in import_run(Import("cnn14", file, out))
    again = CnnClassifier(["a", "b"], FrontEnd(), WIDTH)
    load_start(again, out)
    assert torch.equal(again.cnn14.block(6).conv2.weight, given["conv_block6.conv2.weight"])


def test_arrays_under_the_name_that_numpy_1_gave_them_are_read(tmp_path: Path) -> None:
    saved = io.BytesIO()
    torch.save(panns_file(WIDTH, 64), saved, _use_new_zipfile_serialization=False)
    old = saved.getvalue().replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    assert old != saved.getvalue()
    (tmp_path / "Cnn14_16k.pth").write_bytes(old)
    import_run(Import("cnn14", tmp_path / "Cnn14_16k.pth", tmp_path / "out"))


def test_a_dictionary_comes_in(tmp_path: Path) -> None:
    torch.save(NmfDecoder(513, 7).state_dict(), tmp_path / "nmf_decoder.ckpt")
    import_run(Import("nmf", tmp_path / "nmf_decoder.ckpt", tmp_path / "out"))
    assert "components: 7" in (tmp_path / "out" / "config.yaml").read_text()


class _Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (print, ("this ran",))


def test_a_pickle_that_wants_to_run_code_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "evil.ckpt"
    torch.save({"weight": _Evil()}, file)
    with pytest.raises(CheckpointError, match=r"evil.ckpt: only a file of tensors is read"):
        import_run(Import("nmf", file, tmp_path / "out"))
    (tmp_path / "old.ckpt").write_bytes(pickle.dumps(_Evil()))
    with pytest.raises(CheckpointError, match=r"old.ckpt: only a file of tensors is read"):
        import_run(Import("nmf", tmp_path / "old.ckpt", tmp_path / "out"))
    assert "this ran" not in capsys.readouterr().out
    assert not (tmp_path / "out").exists()


def test_what_does_not_fit_is_named(speechbrain_folder: Path, imported: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    torch.save(nn.Linear(WIDTH, 5).state_dict(), speechbrain_folder / "classifier.ckpt")
    with pytest.raises(CheckpointError, match=r"classifier.ckpt has 5 outputs for 3 labels"):
        import_run(Import("classifier", speechbrain_folder, out))
    torch.save(nn.Linear(32, 3).state_dict(), speechbrain_folder / "classifier.ckpt")
    with pytest.raises(CheckpointError, match=r"head.weight has the shape \[3, 32\]; expected \[3, 64\]"):
        import_run(Import("classifier", speechbrain_folder, out))
    with pytest.raises(
        CheckpointError, match=r"no CNN14 in this file \(conv_block6.conv2.weight is missing\)"
    ):
        import_run(Import("cnn14", speechbrain_folder / "classifier.ckpt", out))
    with pytest.raises(ConfigError, match=r"needs the classifier's run; give --classifier RUN"):
        import_run(Import("lmac", speechbrain_folder / "embedding_model.ckpt", out))
    with pytest.raises(CheckpointError, match=r"psi.convt1.weight is missing"):
        import_run(Import("lmac", speechbrain_folder / "embedding_model.ckpt", out, classifier=imported))
    with pytest.raises(FileNotFoundError, match="No such checkpoint"):
        import_run(Import("lmac-td", speechbrain_folder, out, classifier=imported))
    with pytest.raises(RunError, match="the folder is not empty"):
        import_run(Import("classifier", speechbrain_folder, imported))
    with pytest.raises(ConfigError, match="cannot import 'piq'"):
        import_run(Import("piq", speechbrain_folder, out))
    assert not out.exists()


@pytest.mark.parametrize(
    ("kind", "content", "sentence"),
    [
        ("nmf", {"W": 3}, "expected a map of names to tensors, but 'W' has int"),
        ("nmf", {3: torch.zeros(2)}, "expected a map of names to tensors, but 3 has Tensor"),
        ("nmf", {"V": torch.zeros(2)}, "W is missing"),
        ("nmf", {"W": torch.zeros(2)}, r"W has the shape \[2\]; expected 2 dimensions or more"),
        ("cnn14", {"conv_block6.conv2.weight": 1}, "but 'conv_block6.conv2.weight' has int"),
        ("cnn14", {3: torch.zeros(2)}, "but 3 has Tensor"),
        ("cnn14", {"model": {"a": [1]}}, "but 'a' has list"),
        ("cnn14", {"conv_block6.conv2.weight": torch.zeros(2)}, "norm0.weight is missing"),
        ("lmac", {"model": {"a": torch.zeros(2)}}, "but 'model' has dict"),
        ("lmac", {"a": np.zeros(2)}, "only a file of tensors is read"),
    ],
)
def test_files_of_something_else_are_named(
    tmp_path: Path, kind: str, content: dict[object, object], sentence: str
) -> None:
    torch.save(content, tmp_path / "file.ckpt")
    with pytest.raises(CheckpointError, match=f"file.ckpt: .*{sentence}"):
        import_run(Import(kind, tmp_path / "file.ckpt", tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_l2i_without_its_dictionary_is_named(imported: Path, tmp_path: Path) -> None:
    for name in ("psi_model", "theta", "nmf_decoder"):
        torch.save({"other": torch.zeros(2)}, tmp_path / f"{name}.ckpt")
    with pytest.raises(CheckpointError, match=r"nmf\.W is missing"):
        import_run(Import("l2i", tmp_path, tmp_path / "out", classifier=imported))


def test_what_explains_nothing_says_so(tmp_path: Path) -> None:
    torch.save(panns_file(WIDTH, 64), tmp_path / "Cnn14_16k.pth")
    import_run(Import("cnn14", tmp_path / "Cnn14_16k.pth", tmp_path / "out"))
    with pytest.raises(
        RunError, match="the run of cnn14 explains nothing by itself; expected a classifier, lmac"
    ):
        load_explainer(tmp_path / "out")


def test_labels_with_gaps_or_other_text_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "label_encoder.txt"
    file.write_text("'dog' => 0\n'rain' => 2\n")
    with pytest.raises(CheckpointError, match=r"indices are \[0, 2\]; expected 0 and up without gaps"):
        read_labels(file)
    file.write_text("dog, 0\n")
    with pytest.raises(CheckpointError, match=r"line 1 is 'dog, 0'; expected 'label' => index"):
        read_labels(file)
    file.write_bytes(b"\x80\x04\xff")
    with pytest.raises(CheckpointError, match="not a text in UTF-8; expected lines of 'label' => index"):
        read_labels(file)
