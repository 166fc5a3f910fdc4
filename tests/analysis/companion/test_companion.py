"""The companion page: every stimulus next to its score, and no page of other people's ratings."""

from __future__ import annotations

import errno
import itertools
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from analysis import DesignError, RatingsError, mos, write_companion
from analysis.ratings.tidy import tidy
from tests.analysis.html import Balanced

Make = Callable[..., pd.DataFrame]


@pytest.fixture
def study(tmp_path: Path, mushra: pd.DataFrame) -> Path:
    """A study folder with two of the items."""
    folder = tmp_path / "study"
    pages, trials = [], {}
    rng = np.random.default_rng(0)
    for item in ("item 00", "item 01"):
        names = sorted(set(mushra["condition"]))
        for name in names:
            path = folder / "audio" / item / f"{name}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, rng.normal(0, 0.1, 4000), 16000)
        others = "".join(f", {name}: 'audio/{item}/{name}.wav'" for name in names if name != "reference")
        pages.append(
            f"  - - random\n    - {{type: mushra, id: '{item}', "
            f"reference: 'configs/audio/{item}/reference.wav', stimuli: {{{others[2:]}}}}}"
        )
        trials[item] = (
            f"    '{item}': {{item: '{item}', kind: trial, label: dog, prediction: cat, probability: 0.93}}"
        )
    text = (
        "testname: Pets\npages:\n"
        + "\n".join(pages)
        + "\nlistenable:\n  trials:\n"
        + "\n".join(trials.values())
        + "\n"
    )
    (folder / "config.yaml").write_text(text)
    return folder


def test_the_companion_page(study: Path, mushra: pd.DataFrame, tmp_path: Path) -> None:
    page = write_companion(study, mushra, tmp_path / "site")
    text = page.read_text()
    parser = Balanced()
    parser.feed(text)
    assert parser.open == []
    assert len(parser.addresses) == 20, "a sound and a picture for each of 2 items x 5 conditions"
    assert all((tmp_path / "site" / address).is_file() for address in parser.addresses)
    assert "The classifier predicted <b>cat</b> (93 %). The recording is labelled <b>dog</b>." in text
    row = mos(mushra, by="item").query("item == 'item 00' and condition == 'good'").iloc[0]
    assert f"{row['mos']:.1f} ({row['ci_low']:.1f} to {row['ci_high']:.1f})" in text
    assert "SIMULATED" not in text
    assert "SIMULATED" in write_companion(study, mushra.assign(simulated=True), tmp_path / "b").read_text()


def test_a_companion_page_that_cannot_be_written_changes_nothing(
    study: Path, mushra: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill_the_disk(source: Path, picture: Path, level: float) -> None:
        if len(list(picture.parent.parent.iterdir())) > 1:
            raise OSError(errno.ENOSPC, "No space left on device", str(picture))

    kept = tmp_path / "kept"
    write_companion(study, mushra, kept)
    before = {path: path.read_bytes() for path in kept.rglob("*") if path.is_file()}
    monkeypatch.setattr("analysis.companion.write.draw_spectrogram", fill_the_disk)
    for site in (kept, tmp_path / "new"):
        with pytest.raises(OSError, match="No space left"):
            write_companion(study, mushra, site)
    assert {path: path.read_bytes() for path in kept.rglob("*") if path.is_file()} == before
    assert not (tmp_path / "new").exists()


def test_the_companion_page_shows_residuals_of_the_stimuli_set(
    study: Path, mushra: pd.DataFrame, tmp_path: Path
) -> None:
    stimuli = tmp_path / "set"
    stimuli.mkdir()
    soundfile.write(stimuli / "r.wav", np.zeros(100), 16000)
    entry = {"item": "item 00", "condition": "good", "path": "r.wav", "kind": "residual"}
    (stimuli / "manifest.json").write_text(json.dumps({"stimuli": [entry]}))
    text = write_companion(study, mushra, tmp_path / "site", stimuli=stimuli).read_text()
    assert text.count("What it leaves out") == 1 and "good~residual.wav" in text
    with pytest.raises(RatingsError, match=r"has no manifest\.json; expected a stimuli set"):
        write_companion(study, mushra, tmp_path / "site", stimuli=study)
    for damaged in ('{"stimuli": [', "[]", '{"stimuli": [{"kind": "residual"}]}'):
        (stimuli / "manifest.json").write_text(damaged)
        with pytest.raises(RatingsError, match=r"manifest\.json is not the manifest of a stimuli set \("):
            write_companion(study, mushra, tmp_path / "site", stimuli=stimuli)


def test_a_companion_of_other_ratings_and_of_no_study(
    study: Path, make: Make, mushra: pd.DataFrame, tmp_path: Path
) -> None:
    other = make().assign(item="another")
    with pytest.raises(RatingsError, match="the ratings are of other items than the study"):
        write_companion(study, other, tmp_path / "site")
    with pytest.raises(RatingsError, match=r"has no config\.yaml; expected a study folder"):
        write_companion(tmp_path, other, tmp_path / "site")
    with pytest.raises(DesignError, match="screening excludes every listener"):
        write_companion(study, make(means={"good": 1.0, "reference": 50.0}), tmp_path / "site")
    (study / "audio" / "item 00" / "good.wav").unlink()
    with pytest.raises(RatingsError, match=r"the study has no sound file .*good\.wav"):
        write_companion(study, mushra, tmp_path / "site")


def test_items_and_conditions_with_like_names_keep_their_own_sounds(tmp_path: Path) -> None:
    items, names = ["日本", "中国", "a b", "a_b", "Dog", "dog"], ["reference", "é", "è", "ö.residual", "ö"]
    pages, rows, length = [], [], {}
    for place, (item, name) in enumerate(itertools.product(items, names)):
        path = tmp_path / "study" / f"{place}.wav"
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, np.full(1000 + place, 0.1), 16000)
        length[item, name] = 1000 + place
        rows += [(f"listener {n}", item, name, 100.0 if name == "reference" else 50.0 + n) for n in range(3)]
    for place, item in enumerate(items):
        first = place * len(names)
        paths = {name: f"{first + number}.wav" for number, name in enumerate(names)}
        pages.append({"type": "mushra", "id": item, "reference": paths.pop("reference"), "stimuli": paths})
    (tmp_path / "study/config.yaml").write_text(json.dumps({"testname": "x", "pages": pages}))
    frame = tidy(pd.DataFrame(rows, columns=["listener", "item", "condition", "score"]))
    stimuli = tmp_path / "set"
    stimuli.mkdir()
    soundfile.write(stimuli / "r.wav", np.zeros(77), 16000)
    entry = {"item": "dog", "condition": "ö", "path": "r.wav", "kind": "residual"}
    (stimuli / "manifest.json").write_text(json.dumps({"stimuli": [entry]}))
    page = write_companion(tmp_path / "study", frame, tmp_path / "site", stimuli=stimuli)
    parser = Balanced()
    parser.feed(page.read_text())
    sounds = [address for address in parser.addresses if address.endswith(".wav")]
    assert len({address.lower() for address in sounds}) == len(sounds) == len(length) + 1
    found = [soundfile.info(tmp_path / "site" / address).frames for address in sounds]
    assert sorted(found) == sorted([*length.values(), 77])
    first = page.read_text().index("<audio")
    assert found[0] == length["日本", "reference"] and page.read_text().index("日本") < first
