from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from stimuli import Audio, read_audio, sha256_of, write_audio
from study_builder.building.build import build_study
from study_builder.building.choices import Choices
from study_builder.checks import sounds
from study_builder.checks.report import CheckReport, Finding
from study_builder.checks.sounds import extra_chunks
from study_builder.checks.study import check_study
from study_builder.sounds.measures import measure_clipped_run

MakeFolder = Callable[..., Path]


@pytest.fixture
def study(make_folder: MakeFolder, tmp_path: Path) -> Path:
    build_study(make_folder(items=5), tmp_path / "study", jobs=1)
    return tmp_path / "study"


def codes(study: Path) -> dict[str, Finding]:
    return {finding.code: finding for finding in check_study(study, jobs=1).findings}


def edit(study: Path, change: Callable[[dict[str, Any]], None]) -> None:
    path = study / "config.yaml"
    data = yaml.safe_load(path.read_text())
    change(data)
    path.write_text(yaml.safe_dump(data, sort_keys=False))


def rewrite(study: Path, path: str, audio: Any, rate: int = 16000) -> None:
    """Replace a sound and its hash, as a lab that edits by hand would."""
    write_audio(study / path, audio, rate)
    edit(study, lambda data: data["listenable"]["files"].update({path: sha256_of(study / path)}))


def trials(data: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = data["pages"][-2][1:]
    return found


def test_a_study_as_it_is_built_has_neither_errors_nor_warnings(study: Path) -> None:
    report = check_study(study, jobs=1)
    assert report.exit_code == 0, [str(finding) for finding in report.findings]
    assert {finding.code for finding in report.findings} <= {"file-names", "items-per-method"}


def test_two_threads_find_what_one_finds(study: Path) -> None:
    (study / "audio/sound-2/lmac.wav").unlink()
    assert check_study(study, jobs=2) == check_study(study, jobs=1)


def test_each_sound_is_read_once(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []

    def counting(path: Path) -> tuple[Audio, int]:
        read.append(path)
        return read_audio(path)

    monkeypatch.setattr(sounds, "read_audio", counting)
    assert check_study(study, jobs=1).exit_code == 0
    assert sorted(read) == sorted((study / "audio").rglob("*.wav"))  # the volume page plays one of a trial


def test_missing_changed_and_unreadable_files(study: Path) -> None:
    (study / "audio/sound-1/lmac.wav").unlink()
    (study / "audio/sound-2/lmac.wav").write_bytes(b"nothing")
    audio, rate = read_audio(study / "audio/sound-3/lmac.wav")
    write_audio(study / "audio/sound-3/lmac.wav", audio * 0.99, rate)
    found = codes(study)
    assert found["missing-file"].where == "audio/sound-1/lmac.wav"
    assert found["unreadable"].where == "audio/sound-2/lmac.wav"
    assert found["changed-file"].message.startswith("has changed since the study was built")
    assert check_study(study, jobs=1).exit_code == 2


@pytest.mark.parametrize("name", ["config.yaml", "audio/sound-1/lmac.wav", "audio"])
def test_a_link_that_leaves_the_study_is_an_error(study: Path, tmp_path: Path, name: str) -> None:
    (study / name).rename(tmp_path / "elsewhere")
    (study / name).symlink_to(tmp_path / "elsewhere")
    found = [one for one in check_study(study).of_severity("error") if one.code == "path-outside"]
    assert found and all("is a link that leaves the study's folder" in one.message for one in found)


def test_one_sound_under_two_names_is_found(study: Path) -> None:
    assert "same-sound" not in codes(study)
    audio, _ = read_audio(study / "audio/sound-1/lmac.wav")
    others = [path.stem for path in sorted((study / "audio/sound-1").glob("*.wav"))]
    other = next(name for name in others if name not in ("lmac", "reference"))
    rewrite(study, f"audio/sound-1/{other}.wav", audio)
    found = codes(study)["same-sound"]
    assert found.severity == "warning" and found.where == "page 'sound-1'"
    assert "are the same sound" in found.message and {"lmac", other} <= set(found.message.split("'"))


def test_clipped_and_silent_sounds(study: Path) -> None:
    audio, _ = read_audio(study / "audio/sound-1/lmac.wav")
    clipped = audio.copy()
    clipped[50:53] = 1.0
    rewrite(study, "audio/sound-1/lmac.wav", clipped)
    rewrite(study, "audio/sound-2/lmac.wav", np.zeros_like(audio))
    rewrite(study, "audio/sound-3/reference.wav", np.zeros_like(audio))
    report = check_study(study, jobs=1)
    found = {(f.code, f.where): f.severity for f in report.findings}
    assert found["clipped", "audio/sound-1/lmac.wav"] == "error"
    assert found["silent", "audio/sound-2/lmac.wav"] == "warning"
    assert found["silent", "audio/sound-3/reference.wav"] == "error"


@pytest.mark.parametrize(("run", "clipped"), [(2, False), (3, True)])
def test_clipping_is_three_samples_in_a_row(run: int, clipped: bool) -> None:
    audio = np.zeros(100, dtype=np.float32)
    audio[10 : 10 + run] = -1.0
    audio[40], audio[42] = 1.0, 1.0
    assert (
        measure_clipped_run(audio)
        == measure_clipped_run(np.stack([audio * 0, audio], axis=1))
        == (run if clipped else 0)
    )


def test_sounds_of_a_trial_must_be_alike(study: Path) -> None:
    audio, rate = read_audio(study / "audio/sound-1/lmac.wav")
    rewrite(study, "audio/sound-1/lmac.wav", audio[:-1])
    rewrite(study, "audio/sound-2/lmac.wav", audio, 22050)
    rewrite(study, "audio/sound-3/lmac.wav", np.stack([audio, audio], axis=1))
    found = codes(study)
    assert found["unequal-length"].message == (
        "'lmac' has 9599 samples (0.600 s), 5 of the trial's 6 sounds have 9600 samples (0.600 s); expected "
        "the same for all sounds of a trial"
    )
    assert "'lmac' has 22050 Hz, 5 of the trial's 6 sounds have 16000 Hz;" in found["unequal-rate"].message
    assert "'lmac' has 2 channels, 5 of the trial's 6 sounds have 1 ch" in found["unequal-channels"].message
    assert rate == 16000


def test_loudness_that_differs_within_a_trial(study: Path) -> None:
    audio, _ = read_audio(study / "audio/sound-1/lmac.wav")
    rewrite(study, "audio/sound-1/lmac.wav", audio * 0.5)
    finding = codes(study)["loudness-spread"]
    assert "differ in loudness by 6.0 LU ('lmac' -29.0 LUFS" in finding.message
    assert (finding.severity, finding.clause) == ("warning", "ITU-R BS.1534-3, p. 12")


def test_an_anchor_off_the_mask_or_late(study: Path) -> None:
    audio, _ = read_audio(study / "audio/sound-1/anchor35.wav")
    rewrite(study, "audio/sound-1/anchor35.wav", np.roll(audio, 16))
    reference, _ = read_audio(study / "audio/sound-2/reference.wav")
    rewrite(study, "audio/sound-2/anchor35.wav", reference)
    found = [f for f in check_study(study, jobs=1).findings if f.code == "anchor-mask"]
    assert [f.where for f in found] == ["audio/sound-1/anchor35.wav"] + ["audio/sound-2/anchor35.wav"] * 2
    assert found[0].message == "is 16 samples late; expected none"
    assert found[1].clause == "ITU-R BS.1534-3, p. 7"


def test_a_text_in_a_sound_file_could_name_its_condition(study: Path) -> None:
    path = study / "audio/sound-1/lmac.wav"
    content = path.read_bytes()
    chunk = b"LIST" + struct.pack("<I", 16) + b"INFOINAM" + struct.pack("<I", 4) + b"lmac"
    path.write_bytes(content[:4] + struct.pack("<I", len(content) - 8 + len(chunk)) + content[8:] + chunk)
    assert extra_chunks(path) == ["LIST"]
    assert "carries texts or pictures in addition to its sound (LIST)" in codes(study)["metadata"].message


def test_long_sounds_need_a_reason(make_folder: MakeFolder, tmp_path: Path) -> None:
    build_study(make_folder(items=1, conditions=("reference", "a"), seconds=12.5), tmp_path / "study", jobs=1)
    found = codes(tmp_path / "study")
    assert found["long"].message.startswith("lasts 12.5 s; about 10 s and no more than 12 s are expected")
    assert found["few-items"].message == "a session hears 1 items; at least 5 are expected"


def test_more_than_twelve_signals(make_folder: MakeFolder, tmp_path: Path) -> None:
    names = ["reference", *(f"m{number}" for number in range(10))]
    build_study(make_folder(items=1, conditions=names), tmp_path / "study", jobs=1)
    assert codes(tmp_path / "study")["many-signals"].message.startswith(
        "has 13 signals to rate; no more than 12"
    )
    build_study(make_folder("b", items=1, conditions=names[:-1]), tmp_path / "fewer", jobs=1)
    assert "many-signals" not in codes(tmp_path / "fewer")


def test_what_the_standard_asks_and_the_choices_left_out(make_folder: MakeFolder, tmp_path: Path) -> None:
    choices = Choices(
        reference="open", anchors=(), training_items=0, order="fixed", loop=False, volume_text=""
    )
    build_study(make_folder(items=5), tmp_path / "study", choices, jobs=1)
    found = codes(tmp_path / "study")
    expected = {
        "no-training": "ITU-R BS.1534-3, pp. 7 and 22",
        "no-low-anchor": "ITU-R BS.1534-3, p. 7",
        "no-mid-anchor": "ITU-R BS.1534-3, p. 7",
        "no-hidden-reference": "ITU-R BS.1534-3, pp. 5 and 8",
        "fixed-order": "ITU-R BS.1534-3, p. 4",
        "no-loop": "ITU-R BS.1534-3, pp. 8-9",
        "no-volume": "ITU-R BS.1534-3, pp. 13-14",
    }
    assert {code: found[code].clause for code in expected} == expected


def test_a_study_without_a_reference_says_so_once(make_folder: MakeFolder, tmp_path: Path) -> None:
    choices = Choices(reference="none", layout="item/condition")
    build_study(make_folder(items=5, conditions=("a", "b")), tmp_path / "study", choices, jobs=1)
    found = [f for f in check_study(tmp_path / "study", jobs=1).findings if f.code == "no-reference"]
    assert [str(f) for f in found] == [
        "note: pages: 6 have no reference; webMUSHRA itself cannot show them, listenable's server can"
    ]


def test_pages_that_webmushra_would_spoil(study: Path) -> None:
    def change(data: dict[str, Any]) -> None:
        first, second, third, fourth, _ = trials(data)
        first["showConditionNames"] = True
        second.update(createAnchor35=True, stimuli={"lmac": "audio/sound-2/lmac.wav"})
        third["randomize"] = False
        fourth["id"] = "sound-1"
        data["language"] = "ja"
        data["pages"].append({"type": "generic", "name": "after the end"})

    edit(study, change)
    found = codes(study)
    assert found["names-shown"].severity == "warning"
    assert "make anchor35 in the browser, which misses the mask" in found["browser-anchors"].message
    assert found["fixed-conditions"].where == "page 'sound-3'"
    assert found["same-id"].where == "page 'sound-1'"
    assert found["unequal-trials"].where == "page 'sound-2'"
    assert "is 'ja', at which webMUSHRA itself stops" in found["language"].message
    assert found["finish-last"].message == "1 finish pages were found; expected one, as the last page"
    assert found["unused-trial"].where == "listenable.trials.sound-4"


def test_a_condition_named_on_a_page_is_found(study: Path) -> None:
    def change(data: dict[str, Any]) -> None:
        data["testname"] = "LMAC against the rest"
        trials(data)[0]["content"] = "Is this grad-cam-like or gradcams?"
        data["listenable"]["conditions"]["saliency"]["label"] = "Vanilla gradient"
        data["pages"][-1]["questionnaire"][0]["label"] = "Did you like vanilla gradient?"

    edit(study, change)
    found = [f for f in check_study(study, jobs=1).findings if f.code == "name-readable"]
    assert [(f.severity, f.where, f.message) for f in found] == [
        (
            "error",
            "page 'finish'",
            "names the condition 'saliency' ('Vanilla gradient') in what participants read",
        ),
        ("warning", "testname", "names the condition 'lmac' ('lmac') in what participants read"),
    ]


def test_keys_that_webmushra_does_not_read_are_warnings_with_a_line(study: Path) -> None:
    with (study / "config.yaml").open("a") as file:
        file.write("tesname: x\n")
    lines = (study / "config.yaml").read_text().count("\n")
    assert codes(study)["key"].where == f"config.yaml, line {lines}"


def test_a_report_sorts_counts_and_speaks_json() -> None:
    note, warning = Finding("note", "a", "x", "y"), Finding("warning", "b", "x", "y", "clause")
    error = Finding("error", "c", "x", "y")
    assert CheckReport.of([note, error, warning]).findings == (error, warning, note)
    assert [CheckReport.of(found).exit_code for found in ([], [note], [note, warning], [error])] == [
        0,
        0,
        1,
        2,
    ]
    assert str(warning) == "warning: x: y [clause]"
    data = json.loads(json.dumps(CheckReport.of([warning]).to_json()))
    assert data["findings"][0]["clause"] == "clause"
