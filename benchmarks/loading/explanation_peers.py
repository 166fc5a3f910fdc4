"""The explainers of others, called as their users call them, on one clip of a classifier of ours.

Each function returns what computes one explanation, or the name of what is missing here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import captum.attr
import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.loading.captum_plainly import METHODS, OfPictures
from interpreter.classifier.cnn14 import CnnClassifier
from interpreter.explainers.captum_calls import captum_draws, silence_captum
from interpreter.explainers.gradient.shap import patches
from interpreter.explainers.perturbation.components import MASKS, split_by_masks
from interpreter.explainers.perturbation.segments import cut_frequency, cut_time, number_segments

AT_A_TIME, SEGMENTS, PATCH, PIECES = 16, (6, 4), (32, 64), 5
Call = Callable[[], Any]
CAMS = {
    "gradcam++": "GradCAMPlusPlus",
    "hirescam": "HiResCAM",
    "layercam": "LayerCAM",
    "scorecam": "ScoreCAM",
}


class Asked:
    """One clip and what the peers ask about it, as tensors and as arrays."""

    def __init__(self, classifier: CnnClassifier, clip: Tensor, samples: int) -> None:
        self.classifier, self.clip, self.samples = classifier, clip, samples
        self.picture = classifier.front_end.log_magnitude(clip)
        with torch.no_grad():
            self.target = int(classifier(clip).argmax())

    def of_pictures(self, pictures: Tensor) -> Tensor:
        """Return probabilities of pictures `[n, T, F]`."""
        return self.classifier.from_log_spectrogram(pictures).softmax(dim=1)

    def of_images(self, images: np.ndarray) -> np.ndarray:
        """Return probabilities of images `[n, T, F, 3]`, which is what `lime` makes of pictures."""
        with torch.no_grad():
            answers: np.ndarray = self.of_pictures(torch.from_numpy(images[..., 0]).float()).numpy()
        return answers

    def of_sounds(self, sounds: np.ndarray) -> np.ndarray:
        """Return probabilities of sounds `[n, samples]`."""
        with torch.no_grad():
            return self.classifier(torch.from_numpy(sounds).float()).softmax(dim=1).numpy()


class OfChannels(nn.Module):
    """The classifier as a function of images of one channel `[B, 1, T, F]`."""

    def __init__(self, classifier: CnnClassifier) -> None:
        super().__init__()
        self.classifier = classifier

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits."""
        return self.classifier.from_log_spectrogram(images[:, 0])


def ask_captum(name: str, asked: Asked) -> Call:
    """Return a call of Captum's method of a name."""
    model, label = OfPictures(asked.classifier), torch.tensor([asked.target])

    def explain() -> Tensor:
        picture = asked.picture.clone().requires_grad_()
        with torch.enable_grad(), silence_captum(), captum_draws(0, picture.device):
            found: Tensor = METHODS[name](model, picture, label).detach()
        return found

    return explain


def ask_guided_gradcam(asked: Asked) -> Call:
    """Return a call of Captum's GuidedGradCam, which multiplies maps of one size: those of an image."""
    model = OfChannels(asked.classifier)
    method = captum.attr.GuidedGradCam(model, asked.classifier.cnn14.conv_block6)

    def explain() -> Tensor:
        image = asked.picture[:, None].clone().requires_grad_()
        with torch.enable_grad(), silence_captum():
            found: Tensor = method.attribute(image, asked.target).detach()
        return found

    return explain


def ask_grad_cam(name: str, asked: Asked) -> Call | str:
    """Return a call of a class of `pytorch_grad_cam`, the package grad-cam."""
    if find_spec("pytorch_grad_cam") is None:
        return "grad-cam"
    library = import_module("pytorch_grad_cam")
    goal = import_module("pytorch_grad_cam.utils.model_targets").ClassifierOutputTarget(asked.target)
    method = getattr(library, CAMS[name])(OfChannels(asked.classifier), [asked.classifier.cnn14.conv_block6])

    def explain() -> object:
        with torch.enable_grad():
            found: object = method(asked.picture[:, None].clone().requires_grad_(), [goal])
        return found

    return explain


def ask_lime(asked: Asked) -> Call | str:
    """Return a call of `lime`'s image explainer on the blocks that ours has."""
    if find_spec("lime") is None:
        return "lime"
    explainer_class = import_module("lime.lime_image").LimeImageExplainer
    frames = asked.picture.shape[1]
    shares = cut_frequency(asked.classifier.front_end, SEGMENTS[1], "linear")
    labels = number_segments(cut_time(frames, SEGMENTS[0]), shares).numpy()
    image = asked.picture[0].double().numpy()
    return lambda: explainer_class(random_state=0, verbose=False).explain_instance(
        image,
        asked.of_images,
        labels=(asked.target,),
        top_labels=None,
        hide_color=0,
        num_features=100,
        num_samples=asked.samples,
        batch_size=AT_A_TIME,
        segmentation_fn=lambda _: labels,
    )


def ask_audiolime(asked: Asked, checkout: Path | None) -> Call | str:
    """Return a call of audioLIME's explainer on the bands and pieces that ours has."""
    if checkout is None or find_spec("sklearn") is None:
        return "audioLIME"
    sys.path.insert(0, str(checkout))
    for name in ("regressors", "librosa"):  # imported there, and not used by the explainer
        module = ModuleType(name)
        module.stats = None  # type: ignore[attr-defined]
        sys.modules.setdefault(name, module)
    import_module("sklearn.metrics")  # audioLIME uses it without importing it
    explainer_class = import_module("audioLIME.lime_audio").LimeAudioExplainer
    clip = asked.clip[0]
    piece_of = cut_time(len(clip), PIECES).numpy()

    def explain() -> object:
        parts = split_by_masks(clip, asked.classifier.front_end, MASKS["bands"], torch.Generator()).numpy()

        def compose(chosen: np.ndarray) -> np.ndarray:
            present = np.zeros((len(parts), PIECES), dtype=parts.dtype)
            present.flat[chosen] = 1
            sound: np.ndarray = np.einsum("ms,ms->s", present[:, piece_of], parts)
            return sound

        factors = SimpleNamespace(
            get_number_components=lambda: len(parts) * PIECES, compose_model_input=compose
        )
        return explainer_class(random_state=0).explain_instance(
            factors,
            asked.of_sounds,
            labels=[asked.target],
            num_samples=asked.samples,
            batch_size=AT_A_TIME,
        )

    return explain


def ask_kernel_shap(asked: Asked) -> Call:
    """Return a call of Captum's KernelShap on the same patches."""
    return partial(
        captum.attr.KernelShap(asked.of_pictures).attribute,
        asked.picture,
        target=asked.target,
        feature_mask=patches(asked.picture, PATCH),
        n_samples=asked.samples,
        perturbations_per_eval=AT_A_TIME,
    )


def ask_occlusion(asked: Asked) -> Call:
    """Return a call of Captum's Occlusion with the same patch."""
    return partial(
        captum.attr.Occlusion(asked.classifier.from_log_spectrogram).attribute,
        asked.picture,
        sliding_window_shapes=PATCH,
        strides=PATCH,
        target=asked.target,
        perturbations_per_eval=AT_A_TIME,
    )


def ask_piq(classes: int) -> Call | str:
    """Return a call of SpeechBrain's PIQ at its recipe's size, from its classifier's map to a mask."""
    if find_spec("speechbrain") is None:
        return "speechbrain"
    psi = import_module("speechbrain.lobes.models.PIQ").VectorQuantizedPSI_Audio(
        dim=256, K=1024, numclasses=classes, shared_keys=0
    )
    psi.eval()
    maps, label = torch.randn(1, 256, 26, 32), torch.tensor([0])
    return lambda: psi(maps, label)[0].sigmoid()
