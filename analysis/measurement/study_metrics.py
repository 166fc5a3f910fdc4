"""How far each stimulus of a study is from its reference, measured on the sounds: `listenable metrics`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import signal

from analysis.errors import RatingsError
from analysis.measurement.perceptual import find_installed
from analysis.ratings.study import read_study
from analysis.statistics.variance import Floats

_WINDOW_S = 0.032
_FLOOR_DB = 80.0  # below the reference's loudest bin; what is fainter counts as silence


def measure_study(folder: str | Path) -> pd.DataFrame:
    """Measure every stimulus of a study's MUSHRA trials against the reference of its page.

    Args:
        folder: Study folder with `config.yaml` and its sounds.

    Returns:
        One row per item and condition, without the reference: `item, condition, si_sdr_db,
        log_spectral_distance_db, spectral_convergence`, and the metrics of `perceptual` whose packages are
        installed: `two_f_model, dnsmos_ovrl`. A value is missing if it is not finite, such as the
        SI-SDR of a copy of the reference. Channels are averaged.

    Raises:
        RatingsError: No study, no trial with a reference, a sound that is missing or cannot be read, or one
            that differs from its reference in length or sample rate.
    """
    study = read_study(folder)
    rows, metrics = [], METRICS | find_installed()
    for trial in study.trials:
        if trial.kind != "trial" or "reference" not in trial.sounds:
            continue
        reference, rate = _read(trial.sounds["reference"])
        for name, path in trial.sounds.items():
            if name == "reference":
                continue
            sound, own_rate = _read(path)
            if (len(sound), own_rate) != (len(reference), rate):
                raise RatingsError(
                    f"{path} has {len(sound)} samples at {own_rate} Hz; expected {len(reference)} at {rate} "
                    "Hz as its reference has"
                )
            values = {metric: measure(sound, reference, rate) for metric, measure in metrics.items()}
            rows.append({"item": trial.item, "condition": name, **values})
    if not rows:
        raise RatingsError(f"{study.folder} has no trial with a reference; expected one to measure against")
    table = pd.DataFrame(rows).drop_duplicates(["item", "condition"], ignore_index=True)
    return table.replace([np.inf, -np.inf], np.nan)


def si_sdr_db(sound: Floats, reference: Floats, rate: int) -> float:
    """Return the scale-invariant signal-to-distortion ratio in dB.

    Source: Le Roux, Wisdom, Erdogan & Hershey 2019, "SDR - half-baked or well done?", ICASSP, eq. 2 to 4.

    Args:
        sound: [samples].
        reference: [samples].
        rate: Not used.
    """
    energy = float(reference @ reference)
    if energy == 0:
        return float("nan")
    projection = (sound @ reference) / energy * reference
    distortion = float(((sound - projection) ** 2).sum())
    with np.errstate(divide="ignore", invalid="ignore"):  # of silence nothing is left of either
        return float(10 * (np.log10(projection @ projection) - np.log10(distortion)))


def log_spectral_distance_db(sound: Floats, reference: Floats, rate: int) -> float:
    """Return the mean over frames of the root mean square difference of the log power spectra, in dB.

    Source: Gray & Markel 1976, IEEE Transactions on Acoustics, Speech, and Signal Processing 24:380-391. Bins
    more than 80 dB below the loudest one of the reference count as that level.

    Args:
        sound: [samples].
        reference: [samples].
        rate: Samples per second.
    """
    power, own = (_spectrogram(x, rate) ** 2 for x in (reference, sound))
    if not power.any():
        return float("nan")
    floor = float(power.max()) * 10 ** (-_FLOOR_DB / 10)
    gap = 10 * np.log10(np.maximum(own, floor) / np.maximum(power, floor))
    return float(np.sqrt((gap**2).mean(axis=0)).mean())


def spectral_convergence(sound: Floats, reference: Floats, rate: int) -> float:
    """Return the norm of the difference of the magnitude spectrograms over that of the reference's.

    Source: Arik, Jun & Diamos 2019, IEEE Signal Processing Letters 26:94-98.

    Args:
        sound: [samples].
        reference: [samples].
        rate: Samples per second.
    """
    magnitude, own = (_spectrogram(x, rate) for x in (reference, sound))
    size = float(np.linalg.norm(magnitude))
    return float(np.linalg.norm(own - magnitude)) / size if size else float("nan")


METRICS: dict[str, Callable[[Floats, Floats, int], float]] = {
    "si_sdr_db": si_sdr_db,
    "log_spectral_distance_db": log_spectral_distance_db,
    "spectral_convergence": spectral_convergence,
}


def _spectrogram(sound: Floats, rate: int) -> Floats:
    """Magnitudes [frequencies, frames] with Hann windows of 32 ms, three quarters overlapping."""
    window = max(16, round(_WINDOW_S * rate / 4) * 4)
    if len(sound) < window:
        sound = np.pad(sound, (0, window - len(sound)))
    _, _, spectrum = signal.stft(sound, rate, nperseg=window, noverlap=3 * window // 4)
    return np.asarray(np.abs(spectrum))


def _read(path: Path) -> tuple[Floats, int]:
    import soundfile

    try:
        audio, rate = soundfile.read(path, dtype="float64", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise RatingsError(f"{path} cannot be read as sound: {error}") from None
    return np.asarray(audio.mean(axis=1)), int(rate)
