"""Metrics of a study's sounds: by formulas, against a slower second writing, and at the edges."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import typer
from scipy.signal import get_window
from typer.testing import CliRunner

from analysis import RatingsError, measure_study, read_metrics
from analysis.commands import companion
from analysis.measurement import perceptual
from analysis.measurement.study_metrics import log_spectral_distance_db, si_sdr_db, spectral_convergence

RATE = 8000


@pytest.fixture
def study(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    pages = ""
    for item in ("dog", "rain"):
        clean = 0.1 * rng.normal(size=RATE)
        sounds = {"reference": clean, "quiet": 0.5 * clean, "noisy": clean + 0.01 * rng.normal(size=RATE)}
        for name, sound in sounds.items():
            path = tmp_path / "study" / "audio" / item / f"{name}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, sound, RATE, subtype="FLOAT")
        files = ", ".join(f"{name}: 'audio/{item}/{name}.wav'" for name in ("quiet", "noisy"))
        reference = f"audio/{item}/reference.wav"
        pages += f"  - {{type: mushra, id: '{item}', reference: '{reference}', stimuli: {{{files}}}}}\n"
    (tmp_path / "study" / "config.yaml").write_text(f"testname: Pets\npages:\n{pages}")
    return tmp_path / "study"


def test_a_gain_and_a_noise_measure_what_they_must(study: Path) -> None:
    table = measure_study(study)
    assert list(zip(table["item"], table["condition"], strict=True)) == [
        (item, name) for item in ("dog", "rain") for name in ("quiet", "noisy")
    ]
    quiet, noisy = (table[table["condition"] == name] for name in ("quiet", "noisy"))
    # Half the amplitude is 6.02 dB less in every bin; no scale matters to the SI-SDR, up to rounding.
    assert quiet["log_spectral_distance_db"].to_numpy() == pytest.approx(20 * np.log10(2), abs=0.01)
    assert quiet["spectral_convergence"].to_numpy() == pytest.approx(0.5, abs=1e-6)
    assert (quiet["si_sdr_db"].isna() | (quiet["si_sdr_db"] > 100)).all()
    # Noise of a tenth of the amplitude is 20 dB below.
    assert noisy["si_sdr_db"].to_numpy() == pytest.approx(20, abs=0.5)


def test_the_distances_agree_with_a_second_writing() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=2000), rng.normal(size=2000)
    window, hop = 256, 64  # 32 ms at 8 kHz
    padded = [np.pad(x, (window // 2, window // 2 + (-2000) % hop)) for x in (a, b)]
    shape = get_window("hann", window)
    frames = range(0, len(padded[0]) - window + 1, hop)
    spectra = [np.array([np.abs(np.fft.rfft(shape * x[t : t + window])) for t in frames]) for x in padded]
    floor = spectra[1].max() ** 2 * 1e-8
    rows = [
        np.mean(
            [(10 * np.log10(max(p**2, floor) / max(q**2, floor))) ** 2 for p, q in zip(*pair, strict=True)]
        )
        ** 0.5
        for pair in zip(*spectra, strict=True)
    ]
    assert log_spectral_distance_db(a, b, RATE) == pytest.approx(np.mean(rows))
    size = np.sqrt((spectra[1] ** 2).sum())
    assert spectral_convergence(a, b, RATE) == pytest.approx(
        np.sqrt(((spectra[0] - spectra[1]) ** 2).sum()) / size
    )
    share = (a @ b) ** 2 / ((a @ a) * (b @ b))  # the squared cosine of the angle between the two
    assert si_sdr_db(a, b, RATE) == pytest.approx(10 * np.log10(share / (1 - share)))
    silence = np.zeros(2000)
    for measure in (si_sdr_db, log_spectral_distance_db, spectral_convergence):
        assert np.isnan(measure(a, silence, RATE))
    assert np.isnan(si_sdr_db(silence, a, RATE))


def test_the_command_writes_what_analyze_reads(study: Path, tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(companion.metrics)
    result = CliRunner().invoke(app, [str(study), "--out", str(tmp_path / "metrics.csv")])
    assert result.exit_code == 0 and "4 stimuli" in result.output
    pd.testing.assert_frame_equal(read_metrics(tmp_path / "metrics.csv"), measure_study(study))


def test_models_of_hearing_are_measured_where_they_are_installed(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def measure(sound: np.ndarray, reference: np.ndarray, rate: int) -> float:
        seen.append((len(sound), len(reference), rate))
        return 3.5

    app = typer.Typer()
    app.command()(companion.metrics)
    words = [str(study), "--out", str(tmp_path / "metrics.csv")]
    monkeypatch.setattr("analysis.measurement.perceptual.find_spec", lambda name: None)
    said = 'not measured: two_f_model, dnsmos_ovrl (pip install "listenable[metrics]")'
    assert said in CliRunner().invoke(app, words).output
    only = {"speechmos": "found"}
    monkeypatch.setattr("analysis.measurement.perceptual.find_spec", only.get)
    monkeypatch.setitem(perceptual.PERCEPTUAL, "dnsmos_ovrl", ("speechmos", measure))
    assert "not measured: two_f_model (pip" in CliRunner().invoke(app, words).output
    assert (read_metrics(tmp_path / "metrics.csv")["dnsmos_ovrl"] == 3.5).all() and seen[0][2] == RATE


def test_the_models_of_hearing_prefer_the_cleaner_sound() -> None:
    pytest.importorskip("speechmos")
    rng = np.random.default_rng(0)
    tone = np.sin(2 * np.pi * 200 * np.arange(2 * 16_000) / 16_000) * 0.3
    noisy = tone + 0.1 * rng.normal(size=len(tone))
    clean, worse = (perceptual.measure_dnsmos(sound, tone, 16_000) for sound in (tone, noisy))
    assert 1 <= worse < clean <= 5


def test_sounds_that_cannot_be_compared_are_refused(study: Path) -> None:
    path = study / "audio" / "dog" / "noisy.wav"
    soundfile.write(path, np.zeros(100), RATE)
    with pytest.raises(
        RatingsError, match=r"noisy\.wav has 100 samples at 8000 Hz; expected 8000 at 8000 Hz"
    ):
        measure_study(study)
    path.unlink()
    with pytest.raises(RatingsError, match=r"noisy\.wav cannot be read as sound"):
        measure_study(study)
    (study / "config.yaml").write_text(
        "testname: Pets\npages:\n  - {type: mushra, id: dog, stimuli: {noisy: 'audio/dog/noisy.wav'}}\n"
    )
    with pytest.raises(RatingsError, match="no trial with a reference; expected one to measure against"):
        measure_study(study)
