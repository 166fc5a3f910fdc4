"""Spoiled configs, manifests, data sets, ratings and sound files: read, or refused in a sentence."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import yaml
from hypothesis import given
from hypothesis import strategies as st

from analysis import load_ratings, mos, screen
from stimuli.audio import read_audio
from stimuli.dataset import Dataset
from stimuli.manifest import Manifest
from study_builder.config import StudyConfig
from tests.analysis.sources import MUSHRA, OURS
from tests.fuzz.mutations import bounded, refused_in_words, spoiled, spoiled_bytes

STIMULI = {name: f"audio/a/{name}.wav" for name in ("good", "poor", "anchor35")}
CONFIG: dict[str, Any] = {
    "testname": "A study", "testId": "a-study", "bufferSize": 2048, "stopOnErrors": True,
    "showButtonPreviousPage": True, "remoteService": "service/write.php",
    "pages": [
        {"type": "generic", "id": "hello", "name": "Hello", "content": "<p>Listen.</p>"},
        {"type": "volume", "id": "level", "name": "V", "content": "", "stimulus": "audio/a/reference.wav",
         "defaultVolume": 0.5},
        ["random", {"type": "mushra", "id": "a", "name": "A", "content": "", "showWaveform": True,
         "enableLooping": True, "reference": "audio/a/reference.wav", "createAnchor35": False,
         "createAnchor70": True, "stimuli": STIMULI}],
        {"type": "likert_single_stimulus", "id": "l", "name": "L", "content": "", "mustRate": True,
         "stimuli": STIMULI, "response": [{"value": "1", "label": "Bad"}, {"value": "5", "label": "Good"}]},
        {"type": "finish", "id": "end", "name": "End", "content": "", "showResults": False,
         "writeResults": True, "questionnaire": [
             {"type": "number", "name": "age", "label": "Age", "min": 18, "max": 99, "default": 30}]},
    ],
    "listenable": {"schema_version": 1, "seed": 3, "quota": 20, "trials": {
        "a": {"item": "a", "kind": "trial", "label": "dog", "prediction": "dog"}}},
}  # fmt: skip
MANIFEST: dict[str, Any] = {
    "schema_version": 1, "name": "a set", "seed": 0, "command": "listenable render",
    "items": [{"name": "a", "label": "dog"}], "conditions": [{"name": "reference", "role": "reference"}],
    "stimuli": [{"item": "a", "condition": "reference", "path": "audio/a/reference.wav"}],
}  # fmt: skip
INDEX = (
    "filename,fold,target,category,esc10,src_file,take\n"
    "1-1-A-0.wav,1,0,dog,True,1,A\n2-2-A-1.wav,2,1,rain,True,2,A\n"
)
TINYDB = {"test": {"1": {
    "type": "mushra", "id": 7, "testId": "test", "config": "c.yaml", "date": "2024-01-01 10:00:00",
    "responses": [{"stimulus": "C1", "score": 63, "comment": None, "time": 1000}],
    "questionaire": {"age": 30, "uuid": "123456789012345678901234"},
}}}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


def sound(format: str, subtype: str | None = None) -> bytes:
    out = io.BytesIO()
    audio = 0.3 * np.sin(np.arange(4000) / 9)
    soundfile.write(out, audio, 16_000, format=format, subtype=subtype)
    return out.getvalue()


SOUNDS = {
    "a.wav": sound("WAV"), "b.wav": sound("WAV", "FLOAT"), "c.flac": sound("FLAC"), "d.ogg": sound("OGG"),
    "e.mp3": sound("MP3"),
}  # fmt: skip


def test_what_is_spoiled_is_sound_before() -> None:
    StudyConfig.parse(yaml.safe_dump(CONFIG))
    for name, content in SOUNDS.items():
        audio, rate = soundfile.read(io.BytesIO(content))
        assert rate == 16_000 and len(audio) >= 4000, name


@bounded
@given(spoiled(CONFIG))
def test_configs(config: Any) -> None:
    text = yaml.safe_dump(config, allow_unicode=True)
    refused_in_words(lambda: StudyConfig.parse(text))


@bounded
@given(spoiled_bytes(yaml.safe_dump(CONFIG, sort_keys=False).encode()))
def test_config_files(folder: Path, content: bytes) -> None:
    path = folder / "config.yaml"
    path.write_bytes(content)
    refused_in_words(lambda: StudyConfig.load(path))


@bounded
@given(spoiled(MANIFEST))
def test_manifests(folder: Path, manifest: Any) -> None:
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8", errors="replace")
    refused_in_words(lambda: Manifest.load(folder))


@bounded
@given(spoiled_bytes(INDEX.encode()))
def test_data_set_indices(folder: Path, content: bytes) -> None:
    (folder / "meta").mkdir(exist_ok=True)
    (folder / "meta" / "esc50.csv").write_bytes(content)
    refused_in_words(lambda: Dataset.load(folder))


def analyse(path: Path) -> None:
    frame = load_ratings(path, bad_rows="drop", simulated="include")
    for attribute in frame["attribute"].unique():
        mos(frame, attribute=attribute)
        screen(frame, attribute=attribute)


@bounded
@given(st.sampled_from([MUSHRA, OURS]).flatmap(lambda text: spoiled_bytes(text.encode())))
def test_tables_of_ratings(folder: Path, content: bytes) -> None:
    path = folder / "mushra.csv"
    path.write_bytes(content)
    refused_in_words(lambda: load_ratings(path))
    refused_in_words(lambda: analyse(path))


@bounded
@given(spoiled(TINYDB))
def test_databases_of_pymushra(folder: Path, content: Any) -> None:
    path = folder / "db.json"
    path.write_text(json.dumps(content), encoding="utf-8", errors="replace")
    refused_in_words(lambda: analyse(path))


@bounded
@given(st.sampled_from(sorted(SOUNDS)).flatmap(
    lambda name: st.tuples(st.just(name), spoiled_bytes(SOUNDS[name]) | spoiled_bytes(SOUNDS[name], head=64))
))  # fmt: skip
def test_sound_files(folder: Path, spoilt: tuple[str, bytes]) -> None:
    path = folder / spoilt[0]
    path.write_bytes(spoilt[1])
    if not refused_in_words(lambda: read_audio(path)):
        audio, rate = read_audio(path)
        assert np.isfinite(audio).all() and rate > 0 and len(audio) > 0
