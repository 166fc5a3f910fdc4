"""Explained files: what is written, what is left out, and how an interrupted call resumes."""

from __future__ import annotations

import csv
import gc
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from interpreter.errors import ConfigError, InterpreterError
from interpreter.evaluation.trivial_masks import FLOORS
from interpreter.explainers.untrained import UNTRAINED_METHODS
from interpreter.recordings.explain_files import distinguish_names, explain_files, find_sounds
from stimuli import read_audio, write_audio
from tests.interpreter.recordings.stand_ins import RATE, Share, Tones


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
    def figures() -> set[Figure]:
        return {one for one in gc.get_objects() if type(one) is Figure}

    gc.collect()
    before = figures()  # of other tests
    gc.disable()  # as between two collections of the command line, which come a hundred files apart
    try:
        explain_files(Share(Tones()), recordings, tmp_path / "out", window_s=1.0)
        assert figures() <= before
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


def test_what_a_kill_left_half_written_goes_when_it_is_explained_again(
    explainer, recordings, tmp_path
) -> None:
    out = tmp_path / "out"
    left = [out / ".index.html.0123abcd.part", out / "a" / ".explanation.png.0123abcd.part"]
    left[1].parent.mkdir(parents=True)
    for path in left:
        path.touch()
    explain_files(explainer, recordings[:1], out, window_s=1.0)
    assert not any(path.exists() for path in left) and (out / "a" / "explanation.png").is_file()
