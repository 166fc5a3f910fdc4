from __future__ import annotations

import csv
import gc
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from interpreter.errors import ConfigError, InterpreterError
from interpreter.evaluation.trivial_masks import FLOORS
from interpreter.explainers.base import Explainer, Separation
from interpreter.explainers.untrained import UNTRAINED_METHODS
from interpreter.recordings.explain_files import distinguish_names, explain_files, find_sounds
from interpreter.recordings.listening_page import render_listening_page
from interpreter.recordings.long_recordings import explain_long, window_starts
from stimuli import read_audio, write_audio

RATE = 8000


class Tones(nn.Module):
    """Tells low from high tones, at a rate of its own; notes the peaks that it was given."""

    sample_rate = RATE
    labels = ("low", "high")

    def __init__(self) -> None:
        super().__init__()
        self.peaks: list[float] = []

    def prepare(self, waveforms: Tensor) -> Tensor:
        return waveforms / waveforms.abs().amax(dim=1, keepdim=True)

    def forward(self, waveforms: Tensor) -> Tensor:
        spectrum = torch.fft.rfft(waveforms).abs()
        split = spectrum.shape[1] // 2
        return (
            torch.stack([spectrum[:, :split].sum(1), spectrum[:, split:].sum(1)], dim=1) / waveforms.shape[1]
        )

    def representations(self, waveforms: Tensor) -> list[Tensor]:
        return []


class Share(Explainer):
    """Keeps three quarters of the sound; notes what it was given."""

    name = "share"

    def __init__(self, classifier: Tones) -> None:
        super().__init__(classifier)
        self.given: list[tuple[int, ...]] = []
        self.peaks: list[float] = []

    def separate(self, waveforms: Tensor, target: Tensor) -> Separation:
        self.given.append(tuple(waveforms.shape))
        self.peaks += waveforms.abs().amax(dim=1).tolist()
        return Separation(0.75 * waveforms, 0.25 * waveforms)


def tone(hertz: float, seconds: float, level: float = 0.5, rate: int = RATE) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


@pytest.fixture
def explainer() -> Share:
    return Share(Tones())


@pytest.mark.parametrize("seconds", [0.1, 0.77, 1.0, 1.01, 3.3, 20.0])
def test_windows_of_any_length_add_up_to_the_whole(explainer, seconds) -> None:
    """A method that scales every window alike scales the whole: the fades sum to one at every sample."""
    rng = np.random.default_rng(1)
    sound = torch.from_numpy(rng.standard_normal(round(seconds * RATE)).astype(np.float32))
    found = explain_long(explainer, sound, window_s=1.0, overlap=0.25)
    assert torch.allclose(found.interpretation, 0.75 * sound, atol=1e-5)
    assert torch.allclose(found.interpretation + found.residual, sound, atol=1e-5)
    assert found.windows[0].start == 0
    assert found.windows[-1].stop == len(sound)
    assert all(width <= RATE for _, width in explainer.given)


def test_windows_overlap_by_at_least_what_was_asked() -> None:
    for samples, length, overlap in (
        (1000, 1000, 0.25),
        (1001, 1000, 0.25),
        (9999, 1000, 0.5),
        (5000, 800, 0.0),
    ):
        starts = window_starts(samples, length, overlap)
        assert starts[0] == 0
        assert starts[-1] == samples - length
        steps = np.diff(starts)
        assert (steps <= round(length * (1 - overlap))).all()
        assert (steps > 0).all()


def test_windows_are_faded_not_cut() -> None:
    """Where windows disagree, the result goes from one to the other without a step."""

    class Alternating(Share):
        def separate(self, waveforms: Tensor, target: Tensor) -> Separation:
            keep = target[:, None].to(waveforms)
            return Separation(keep * waveforms, (1 - keep) * waveforms)

    sound = torch.ones(4 * RATE)
    sound[: 2 * RATE] += torch.from_numpy(tone(300, 2.0, 0.9))
    sound[2 * RATE :] += torch.from_numpy(tone(3000, 2.0, 0.9))
    sound = sound - 1.0
    gain = explain_long(Alternating(Tones()), sound, window_s=1.0, overlap=0.5)
    share = (gain.interpretation / sound.where(sound.abs() > 0.05, torch.nan)).nan_to_num(nan=-1.0)
    known = share[share >= 0]
    assert float(known[:100].max()) == pytest.approx(0.0, abs=1e-6)
    assert float(known[-100:].min()) == pytest.approx(1.0, abs=1e-5)
    assert float(known.diff().abs().max()) < 0.01


def test_each_window_is_brought_to_the_classifiers_level_and_back(explainer) -> None:
    sound = torch.from_numpy(np.concatenate([tone(300, 1.0, 0.01), tone(300, 1.0, 0.8)]))
    found = explain_long(explainer, sound, window_s=1.0, overlap=0.0)
    assert explainer.peaks == pytest.approx([1.0, 1.0], abs=1e-4)
    assert float(found.interpretation[:RATE].abs().max()) == pytest.approx(0.0075, rel=1e-3)
    assert float(found.interpretation[RATE:].abs().max()) == pytest.approx(0.6, rel=1e-3)


def test_each_window_has_a_class_of_its_own_unless_one_is_asked_for(explainer) -> None:
    sound = torch.from_numpy(np.concatenate([tone(300, 1.0), np.zeros(RATE, np.float32), tone(3000, 1.0)]))
    found = explain_long(explainer, sound, window_s=1.0, overlap=0.0)
    assert [window.target for window in found.windows] == [0, None, 1]
    assert not found.interpretation[RATE : 2 * RATE].any()
    asked = explain_long(explainer, sound, window_s=1.0, overlap=0.0, target=1)
    assert [window.target for window in asked.windows] == [1, None, 1]


def test_memory_is_bounded_by_the_batch(explainer) -> None:
    told: list[tuple[int, int]] = []
    sound = torch.from_numpy(tone(300, 600.0))
    explain_long(explainer, sound, window_s=5.0, batch_size=3, progress=lambda *p: told.append(p))
    assert max(count for count, _ in explainer.given) == 3
    assert told[-1][0] == told[-1][1] == 160


@pytest.mark.parametrize(
    ("sound", "options", "sentence"),
    [
        (tone(300, 0.01), {}, r"the sound lasts 0\.010 s; expected at least 0\.1 s \(pad it with zeros\)"),
        (np.zeros(RATE, np.float32), {}, "the sound is silent; there is nothing to explain"),
        (tone(300, 1.0), {"overlap": 0.95}, r"windows of 5 s that overlap by 0\.95; expected"),
        (tone(300, 1.0), {"window_s": 0.01}, r"windows of 0\.01 s"),
    ],
)
def test_sounds_and_windows_that_cannot_be(explainer, sound, options, sentence) -> None:
    with pytest.raises(InterpreterError, match=sentence):
        explain_long(explainer, torch.from_numpy(sound), **options)


@pytest.fixture
def recordings(tmp_path) -> Sequence[Path]:
    """Stereo at 44.1 kHz, mono at 8 kHz, and another of the same name in another folder."""
    stereo = np.stack([tone(300, 1.3, rate=44100), 0.5 * tone(300, 1.3, rate=44100)], axis=1)
    (tmp_path / "more").mkdir()
    paths = [tmp_path / "a.wav", tmp_path / "b.flac", tmp_path / "more" / "a.wav"]
    write_audio(paths[0], stereo, 44100)
    write_audio(paths[1], tone(3000, 4.0), RATE)
    write_audio(paths[2], tone(3000, 1.0), RATE)
    return paths


def test_files_of_any_kind_become_parts_pictures_and_figures(explainer, recordings, tmp_path) -> None:
    out = tmp_path / "out"
    results = explain_files(explainer, recordings, out, window_s=1.0, command="listenable explain")
    assert [result.folder.name for result in results] == ["a", "b", "a-2"]
    for result, path in zip(results, recordings, strict=True):
        parts = {
            name: read_audio(result.folder / f"{name}.wav")
            for name in ("input", "interpretation", "residual")
        }
        assert {rate for _, rate in parts.values()} == {RATE}
        expected = read_audio(path, RATE)[0]
        expected = expected if expected.ndim == 1 else expected.mean(axis=1)
        assert np.allclose(parts["input"][0], expected, atol=1e-4)
        assert np.allclose(parts["interpretation"][0] + parts["residual"][0], parts["input"][0], atol=1e-5)
        assert (result.folder / "explanation.png").read_bytes()[:4] == b"\x89PNG"
        record = json.loads((result.folder / "explanation.json").read_text())
        assert record == result.record
        assert record["schema_version"] == 1
        assert record["method"] == "share"
        assert record["samples"] == len(expected)
    assert {w["target"] for w in results[0].record["windows"]} == {"low"}
    assert {w["target"] for w in results[1].record["windows"]} == {"high"}
    assert len(results[1].record["windows"]) == 5
    page = (out / "index.html").read_text()
    assert 'src="a-2/interpretation.wav"' in page
    for heading in (f"{tmp_path.name}/a.wav", "b.flac", "more/a.wav"):
        assert f"<h2>{heading}</h2>" in page
    assert not list(out.rglob("*.part"))


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["x.wav"], ["x.wav"]),
        (["x/1.wav", "y/2.wav"], ["1.wav", "2.wav"]),
        (["x/1/a.wav", "y/1/a.wav", "y/b.wav"], ["x/1/a.wav", "y/1/a.wav", "b.wav"]),
        (["a.wav", "x/a.wav"], ["a.wav", "x/a.wav"]),
        (["a.wav", "a.wav"], ["a.wav", "a.wav"]),
    ],
)
def test_files_are_told_apart_by_as_few_folders_as_do(paths, names) -> None:
    assert distinguish_names([Path(path) for path in paths]) == names


def test_the_same_command_gives_the_same_bytes(recordings, tmp_path) -> None:
    outs = [tmp_path / name for name in ("one", "two")]
    for out in outs:
        explain_files(Share(Tones()), recordings[:1], out)
    for file in ("a/interpretation.wav", "a/explanation.png", "a/explanation.json", "index.html"):
        assert (outs[0] / file).read_bytes() == (outs[1] / file).read_bytes(), file


def test_the_recorded_probabilities_are_the_classifiers(recordings, tmp_path) -> None:
    classifier = Tones()
    (result,) = explain_files(Share(classifier), recordings[2:], tmp_path / "out", target="low")
    sound = torch.from_numpy(read_audio(recordings[2], RATE)[0])[None]
    heard = classifier.prepare(sound)
    (window,) = result.record["windows"]
    assert (window["target"], window["prediction"]) == ("low", "high")
    for key, gain in (("probability_before", 1.0), ("probability_in", 0.75), ("probability_out", 0.25)):
        expected = classifier(gain * heard).softmax(-1)[0, 0]
        assert window[key] == pytest.approx(float(expected), abs=1e-5)


def test_what_cannot_be_explained_is_named(explainer, recordings, tmp_path) -> None:
    with pytest.raises(
        InterpreterError, match="the classifier does not know the class 'dog'; it knows low, high"
    ):
        explain_files(explainer, recordings, tmp_path / "out", target="dog")
    assert not (tmp_path / "out").exists()
    write_audio(tmp_path / "still.wav", np.zeros(8000, np.float32), RATE)
    with pytest.raises(InterpreterError, match=r"still\.wav: the sound is silent"):
        explain_files(explainer, [tmp_path / "still.wav"], tmp_path / "out")
    with pytest.raises(FileNotFoundError):
        explain_files(explainer, [tmp_path / "missing.wav"], tmp_path / "out")
    assert not (tmp_path / "out").exists()
    with pytest.raises(FileNotFoundError):
        explain_files(explainer, [recordings[0], tmp_path / "missing.wav"], tmp_path / "out")
    assert (tmp_path / "out" / "index.html").read_text().count("<article>") == 1


def test_files_that_cannot_be_explained_are_reported_and_left_out(recordings, tmp_path) -> None:
    out, faults, told = tmp_path / "out", [], []
    for name, sound in (("still", np.zeros(8000, np.float32)), ("short", np.ones(300, np.float32))):
        write_audio(tmp_path / f"{name}.wav", sound, RATE)
    (tmp_path / "damaged.wav").write_bytes(b"RIFF")
    bad = [tmp_path / f"{name}.wav" for name in ("still", "short", "damaged")]
    paths = [*bad[:2], *recordings, bad[2]]
    found = explain_files(
        Share(Tones()), paths, out, on_fault=faults.append, progress=lambda done, total: told.append(done)
    )
    assert [result.source for result in found] == list(recordings)
    assert told == [1, 2, 3, 4, 5, 6]
    assert [fault.split(": ")[0] for fault in faults] == [str(path) for path in bad]
    assert faults[0].endswith("still.wav: the sound is silent; there is nothing to explain")
    assert len((out / "explanations.jsonl").read_text().splitlines()) == 3
    assert not (out / "still").exists()
    with pytest.raises(InterpreterError, match="none of the 3 files can be explained; expected at least one"):
        explain_files(Share(Tones()), bad, tmp_path / "none", on_fault=faults.append)
    with pytest.raises(InterpreterError, match=r"expected at least 0\.1 s and a share of 0 to 0\.9"):
        explain_files(Share(Tones()), paths, out, overlap=0.95, on_fault=faults.append)
    assert not (tmp_path / "none").exists()


def test_many_files_resume_and_become_lines_and_a_table(recordings, tmp_path) -> None:
    out, told = tmp_path / "out", []
    explainer = Share(Tones())
    with pytest.raises(KeyboardInterrupt):  # as Ctrl-C after the second file

        def stop(done: int, total: int) -> None:
            told.append((done, total))
            if done == 2:
                raise KeyboardInterrupt

        explain_files(explainer, recordings, out, window_s=1.0, progress=stop)
    assert told == [(1, 3), (2, 3)] and (out / "index.html").read_text().count("<article>") == 2
    explained = len(explainer.given)
    results = explain_files(explainer, recordings, out, window_s=1.0)
    assert len(explainer.given) == explained + 1  # the one window of the third file alone
    lines = [json.loads(line) for line in (out / "explanations.jsonl").read_text().splitlines()]
    assert lines == [{"folder": result.folder.name, **result.record} for result in results]
    rows = list(csv.DictReader((out / "explanations.csv").read_text().splitlines()))
    windows = [window for result in results for window in result.record["windows"]]
    assert len(rows) == len(windows)
    assert [float(row["probability_in"]) for row in rows] == [w["probability_in"] for w in windows]
    explain_files(explainer, recordings[2:], out / "again", window_s=1.0, target="low")
    before = len(explainer.given)
    explain_files(explainer, recordings[2:], out / "again", window_s=1.0, target="high")
    assert len(explainer.given) == before + 1  # another question is asked again


def test_no_picture_of_a_file_stays_in_memory(recordings, tmp_path) -> None:
    gc.collect()
    gc.disable()  # as between two collections of the command line, which come a hundred files apart
    try:
        explain_files(Share(Tones()), recordings, tmp_path / "out", window_s=1.0)
        assert not [one for one in gc.get_objects() if type(one) is Figure]
    finally:
        gc.enable()


def test_the_second_answer_and_a_difference_are_explained(recordings, tmp_path) -> None:
    (second,) = explain_files(Share(Tones()), recordings[2:], tmp_path / "second", rank=2)
    (window,) = second.record["windows"]
    assert (window["prediction"], window["target"]) == ("high", "low")
    occlusion = UNTRAINED_METHODS["occlusion"](Tones())
    (found,) = explain_files(occlusion, recordings[2:], tmp_path / "against", target="low", against="high")
    (window,) = found.record["windows"]
    assert window["target"] == "low rather than high" and window["prediction"] == "high rather than low"
    with pytest.raises(ConfigError, match="against is 'low' without a target; expected --target with"):
        explain_files(occlusion, recordings, tmp_path / "out", against="low")
    with pytest.raises(ConfigError, match="share was trained for single classes; expected a method that"):
        explain_files(Share(Tones()), recordings, tmp_path / "out", target="low", against="high")
    with pytest.raises(ConfigError, match=r"rank is 3; expected 1 to 2, the classifier's answers \(--rank\)"):
        explain_files(occlusion, recordings, tmp_path / "out", rank=3)
    with pytest.raises(ConfigError, match="rank is 2 and the target 'low'; expected one of"):
        explain_files(occlusion, recordings, tmp_path / "out", rank=2, target="low")
    assert not (tmp_path / "out").exists()


def test_sounds_are_found_in_folders(recordings, tmp_path) -> None:
    (tmp_path / "more" / "notes.txt").write_text("no sound")
    assert find_sounds([tmp_path / "more", recordings[1]]) == [recordings[2], recordings[1]]
    (tmp_path / "empty").mkdir()
    with pytest.raises(InterpreterError, match="empty"):
        find_sounds([tmp_path / "empty"])
    with pytest.raises(FileNotFoundError):
        find_sounds([tmp_path / "missing.wav"])


def test_the_page_escapes_what_it_shows() -> None:
    record = {"source": "<script>.wav", "label": "A & B", "samples": 8000, "sample_rate": 8000, "windows": []}
    page = render_listening_page([("a b", record)])
    assert "&lt;script&gt;.wav" in page
    assert "A &amp; B" in page
    assert 'src="a%20b/input.wav"' in page


def test_a_spectral_method_explains_a_file_at_another_rate(recordings, tmp_path) -> None:
    (result,) = explain_files(FLOORS["floor-ones"](Tones()), recordings[:1], tmp_path / "out")
    before, after = (read_audio(result.folder / f"{name}.wav")[0] for name in ("input", "interpretation"))
    assert np.allclose(before, after, atol=1e-6)


def test_pages_get_pictures_of_sounds_that_an_earlier_release_explained(recordings, tmp_path) -> None:
    explainer, out = Share(Tones()), tmp_path / "out"
    (result,) = explain_files(explainer, recordings[:1], out)
    names = [f"{name}.png" for name in ("input", "interpretation", "residual", "kept")]
    drawn = {name: (result.folder / name).read_bytes() for name in names}
    assert len(set(drawn.values())) == 4
    for name in names:
        (result.folder / name).unlink()
    explained = len(explainer.given)
    explain_files(explainer, recordings[:1], out)
    assert len(explainer.given) == explained
    assert {name: (result.folder / name).read_bytes() for name in names} == drawn
