from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="rendering needs the extra [interpreter]")

from interpreter.errors import ConfigError  # noqa: E402
from interpreter.explainers.base import Explainer, Separation  # noqa: E402
from interpreter.explainers.targets import Question  # noqa: E402
from interpreter.explainers.untrained import UNTRAINED_METHODS  # noqa: E402
from stimuli import Dataset, Manifest, SeedError, read_audio, sha256_of, write_audio  # noqa: E402
from study_builder.errors import RenderError  # noqa: E402
from study_builder.rendering.explaining import Rendering  # noqa: E402
from study_builder.rendering.item_selection import balance_order, read_picks  # noqa: E402
from study_builder.rendering.render import RenderedItem, render, render_set  # noqa: E402

RATE = 8000
LABELS = ("low", "mid", "high")


class LevelClassifier(torch.nn.Module):
    """Answers with the class that a clip's level says, and with the next one where the first sample is 0."""

    sample_rate = RATE
    labels = LABELS

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        level = waveforms[:, 1:].abs().amax(dim=1)
        target = torch.bucketize(level, torch.tensor([0.2, 0.4]))
        wrong = waveforms[:, 0] == 0
        return torch.nn.functional.one_hot((target + wrong) % 3, 3).float() * 4


class Scale(Explainer):
    """Keeps a constant share of the clip."""

    name = "scale"

    def __init__(self, classifier: torch.nn.Module, share: float) -> None:
        super().__init__(classifier)  # type: ignore[arg-type]
        self.share = share
        self.calls = 0

    def separate(self, waveforms: torch.Tensor, target: torch.Tensor) -> Separation:
        self.calls += 1
        return Separation(self.share * waveforms, (1 - self.share) * waveforms)


def make_dataset(root: Path, per_class: int = 6) -> Dataset:
    (root / "audio").mkdir(parents=True)
    (root / "meta").mkdir()
    lines = ["filename,fold,target,category"]
    for index, level in enumerate((0.1, 0.3, 0.5)):
        for number in range(per_class):
            name = f"{LABELS[index]}-{number}.wav"
            audio = np.full(RATE // 2, level, dtype=np.float32)
            audio[::2] *= -1
            audio[0] = 0 if number == 0 else level
            write_audio(root / "audio" / name, audio, RATE)
            lines.append(f"{name},1,{index},{LABELS[index]}")
    (root / "meta" / "esc50.csv").write_text("\n".join(lines) + "\n")
    return Dataset.load(root)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return make_dataset(tmp_path / "data")


def rendering(dataset: Dataset, **settings: object) -> Rendering:
    classifier = LevelClassifier()
    explainers: dict[str, Explainer] = {"half": Scale(classifier, 0.5), "loud": Scale(classifier, 3.0)}
    return Rendering(explainers, dataset, **settings)  # type: ignore[arg-type]


def test_a_set_holds_the_input_and_every_interpretation(dataset: Dataset, tmp_path: Path) -> None:
    manifest = render_set(
        rendering(dataset, items=4, residuals=True), tmp_path / "set", command="listenable render"
    )
    assert Manifest.load(tmp_path / "set") == manifest
    assert [(c.name, c.role) for c in manifest.conditions] == [
        ("reference", "reference"),
        ("half", "method"),
        ("loud", "method"),
    ]
    assert len(manifest.stimuli) == 4 * (3 + 2)
    for stimulus in manifest.stimuli:
        assert sha256_of(tmp_path / "set" / stimulus.path) == stimulus.sha256
    item = manifest.items[0]
    reference, _ = read_audio(tmp_path / "set" / item.name / "reference.wav")
    half, _ = read_audio(tmp_path / "set" / item.name / "half.wav")
    residual, _ = read_audio(tmp_path / "set" / "residuals" / item.name / "half.wav")
    assert np.allclose(half, 0.5 * reference, atol=1e-6)
    assert np.allclose(half + residual, reference, atol=1e-6)
    assert not (tmp_path / "set" / ".rendered").exists()


def test_one_gain_keeps_a_whole_item_from_clipping(dataset: Dataset, tmp_path: Path) -> None:
    manifest = render_set(rendering(dataset, items=6), tmp_path / "set")
    by_item = {
        item.name: {s.gain_db for s in manifest.stimuli if s.item == item.name} for item in manifest.items
    }
    gains = {item.label: by_item[item.name] for item in manifest.items}
    assert gains["low"] == {0.0}
    # 0.5 times 3 is 1.5; the peak is brought to 0.99.
    assert list(gains["high"]) == pytest.approx([20 * np.log10(0.99 / 1.5)], abs=1e-2)


def test_items_are_correct_balanced_and_named(dataset: Dataset, tmp_path: Path) -> None:
    manifest = render_set(rendering(dataset, items=6), tmp_path / "set")
    assert Counter(item.label for item in manifest.items) == dict.fromkeys(LABELS, 2)
    assert all(item.prediction == item.label for item in manifest.items)
    assert not any(item.name.endswith("-0") for item in manifest.items)
    assert [item.name[:3] for item in manifest.items] == [f"{number:02d}-" for number in range(1, 7)]
    probability = manifest.items[0].probability
    assert probability == pytest.approx(float(torch.tensor([4.0, 0, 0]).softmax(0)[0]), abs=1e-6)


def test_any_also_takes_clips_that_the_classifier_gets_wrong(dataset: Dataset, tmp_path: Path) -> None:
    manifest = render_set(rendering(dataset, items=18, correct_only=False), tmp_path / "set")
    assert sum(item.prediction != item.label for item in manifest.items) == 3


def test_too_few_clips_are_one_sentence_and_no_manifest(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(
        RenderError, match="only 15 of 18 items could be chosen; expected as many correctly classified"
    ):
        render_set(rendering(dataset, items=18), tmp_path / "set")
    assert not (tmp_path / "set").exists()


def test_the_same_seed_gives_the_same_bytes_and_another_other_items(dataset: Dataset, tmp_path: Path) -> None:
    one = render_set(rendering(dataset, items=3, seed=1), tmp_path / "a")
    again = render_set(rendering(dataset, items=3, seed=1), tmp_path / "b")
    assert one.stimuli == again.stimuli
    other = render_set(rendering(dataset, items=3, seed=2), tmp_path / "c")
    assert [item.name for item in other.items] != [item.name for item in one.items]


def test_an_interrupted_rendering_goes_on(dataset: Dataset, tmp_path: Path) -> None:
    whole = render_set(rendering(dataset, items=5), tmp_path / "whole")

    def stop_after_two(items: Iterable[RenderedItem], _: int) -> Iterable[RenderedItem]:
        for number, item in enumerate(items, start=1):
            yield item
            if number == 2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render_set(rendering(dataset, items=5), tmp_path / "set", track=stop_after_two)
    second = rendering(dataset, items=5)
    manifest = render_set(second, tmp_path / "set")
    assert manifest.stimuli == whole.stimuli
    explainer = second.explainers["half"]
    assert isinstance(explainer, Scale) and explainer.calls <= 3


def test_other_settings_do_not_go_on_from_an_interrupted_rendering(dataset: Dataset, tmp_path: Path) -> None:
    def stop(items: Iterable[RenderedItem], _: int) -> Iterable[RenderedItem]:
        yield next(iter(items))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render_set(rendering(dataset, items=3), tmp_path / "set", fingerprint="old run", track=stop)
    second = rendering(dataset, items=3)
    render_set(second, tmp_path / "set", fingerprint="new run")
    explainer = second.explainers["half"]
    assert isinstance(explainer, Scale) and explainer.calls == 3


def test_what_an_interrupted_rendering_left_is_no_part_of_another_set(
    dataset: Dataset, tmp_path: Path
) -> None:
    def stop(items: Iterable[RenderedItem], _: int) -> Iterable[RenderedItem]:
        yield next(iter(items))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render_set(rendering(dataset, items=3, seed=1), tmp_path / "set", track=stop)
    assert list((tmp_path / "set").rglob("*.wav"))
    manifest = render_set(rendering(dataset, items=3, seed=2), tmp_path / "set")
    assert len(manifest.stimuli) == 9
    listed = {tmp_path / "set" / stimulus.path for stimulus in manifest.stimuli}
    assert set((tmp_path / "set").rglob("*.wav")) == listed


def test_a_file_in_the_way_is_named(dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / "set").touch()
    with pytest.raises(RenderError, match="set: is a file; expected a folder, or a name that is free"):
        render_set(rendering(dataset, items=1), tmp_path / "set")


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf")])
def test_a_length_that_no_clip_can_have_is_refused(tmp_path: Path, seconds: float) -> None:
    with pytest.raises(RenderError, match=r"the length of clips is .*; expected more than 0 s \(--seconds\)"):
        render([], tmp_path, tmp_path / "set", duration_s=seconds)


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_seeds_that_nothing_can_be_drawn_with_are_refused(tmp_path: Path, seed: int) -> None:
    with pytest.raises(SeedError, match=f"the seed is {seed}; expected 0 to 18446744073709551615"):
        render([], tmp_path, tmp_path / "set", seed=seed)


def test_a_finished_set_is_not_overwritten(dataset: Dataset, tmp_path: Path) -> None:
    render_set(rendering(dataset, items=1), tmp_path / "set")
    with pytest.raises(RenderError, match="set: already contains a stimuli set; choose another folder"):
        render_set(rendering(dataset, items=1), tmp_path / "set")


def test_picked_clips_are_rendered_in_their_order(dataset: Dataset, tmp_path: Path) -> None:
    picks = tmp_path / "picks.txt"
    picks.write_text("mid-0.wav\nlow-3.wav\n")
    clips = tuple(read_picks(picks, dataset.clips))
    manifest = render_set(rendering(dataset, picks=clips), tmp_path / "set")
    assert [item.name for item in manifest.items] == ["01-mid-0", "02-low-3"]
    assert manifest.items[0].prediction == "high"


def test_picks_from_a_csv_and_wrong_picks(dataset: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "picks.csv"
    path.write_text("rank,filename\n1,low-1.wav\n2,high-2.wav\n")
    assert [clip.filename for clip in read_picks(path, dataset.clips)] == ["low-1.wav", "high-2.wav"]
    for text, message in (
        ("low-1.wav\nlow-99.wav\n", r"picks.csv, line 2: 'low-99.wav' is not a clip of the data set"),
        ("low-1.wav\nlow-1.wav\n", r"picks.csv, line 2: 'low-1.wav' is listed twice"),
        ("\n", r"picks.csv: names no clips; expected one file name per line"),
    ):
        path.write_text(text)
        with pytest.raises(RenderError, match=message):
            read_picks(path, dataset.clips)


def test_a_silent_clip_is_passed_over_or_refused_where_it_was_picked(
    dataset: Dataset, tmp_path: Path
) -> None:
    clip = next(clip for clip in dataset.clips if clip.filename == "low-1.wav")
    write_audio(clip.path, np.zeros(RATE, dtype=np.float32), RATE)
    manifest = render_set(rendering(dataset, items=14), tmp_path / "set")
    assert not any(item.name.endswith("low-1") for item in manifest.items)
    with pytest.raises(RenderError, match=r"low-1.wav: is silent; expected a clip that can be explained"):
        render_set(rendering(dataset, picks=(clip,)), tmp_path / "other")


def test_every_beginning_of_the_order_is_balanced(dataset: Dataset) -> None:
    order = list(balance_order(dataset.clips, seed=3))
    assert sorted(clip.filename for clip in order) == sorted(clip.filename for clip in dataset.clips)
    for count in range(1, len(order) + 1):
        classes = Counter(clip.category for clip in order[:count])
        assert max(classes.values()) - min(classes[label] for label in LABELS) <= 1


def test_clips_are_trimmed_or_padded_to_a_given_length(dataset: Dataset, tmp_path: Path) -> None:
    manifest = render_set(rendering(dataset, items=2, duration_s=0.25), tmp_path / "set")
    assert {stimulus.samples for stimulus in manifest.stimuli} == {2000}


def test_the_second_answer_and_a_given_class_are_rendered(dataset: Dataset, tmp_path: Path) -> None:
    second = render_set(rendering(dataset, items=3, question=Question(rank=2)), tmp_path / "second")
    asked = render_set(rendering(dataset, items=3, question=Question(target="mid")), tmp_path / "mid")
    first = render_set(rendering(dataset, items=3), tmp_path / "first")
    assert [item.name for item in second.items] == [item.name for item in first.items], "chosen alike"
    for item, own in zip(second.items, first.items, strict=True):
        assert item.prediction != own.prediction == own.label
        assert item.probability == pytest.approx(1 / (2 + np.exp(4)), abs=1e-6)
    assert {item.prediction for item in asked.items} == {"mid"}
    sentence = r"^rank is 4; expected 1 to 3, the classifier's answers \(--rank\)$"
    with pytest.raises(ConfigError, match=sentence):
        render_set(rendering(dataset, question=Question(rank=4)), tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_a_difference_of_two_classes_is_rendered(dataset: Dataset, tmp_path: Path) -> None:
    occlusion = UNTRAINED_METHODS["occlusion"](LevelClassifier())  # type: ignore[arg-type]
    question = Question(target="low", against="high")
    manifest = render_set(
        Rendering({"occlusion": occlusion}, dataset, items=2, question=question), tmp_path / "set"
    )
    assert {item.prediction for item in manifest.items} == {"low rather than high"}
