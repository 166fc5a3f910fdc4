"""Metrics that model hearing, by packages with their weights inside: the extra `listenable[metrics]`.

They are measured if they are installed. Neither needs a network at run time.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

import numpy as np

from analysis.statistics.variance import Floats

_PEAQ_HZ, _DNSMOS_HZ = 48_000, 16_000


def measure_2f_model(sound: Floats, reference: Floats, rate: int) -> float:
    """Return the mean MUSHRA score that the 2f-model expects, from 0 to 100.

    Source: Kastner & Herre 2019, WASPAA; of 13 measures the one that followed 14 listening tests of coding
    and separation best (Torcoli, Kastner & Herre 2021, arXiv:2110.11438). Package `seabass-2f`.

    Args:
        sound: [samples].
        reference: [samples].
        rate: Samples per second; other rates than 48 kHz are converted.
    """
    from seabass.core.models.mms import estimated_mean_mushra_score

    test, clean = (_convert(x, rate, _PEAQ_HZ)[None] for x in (sound, reference))
    return float(estimated_mean_mushra_score(test, clean, fs=_PEAQ_HZ))


def measure_dnsmos(sound: Floats, reference: Floats, rate: int) -> float:
    """Return the overall quality (OVRL) that DNSMOS P.835 expects, from 1 to 5; made for speech in noise.

    Source: Reddy, Gopal & Cutler 2022, ICASSP, "DNSMOS P.835". Package `speechmos`.

    Args:
        sound: [samples].
        reference: Not used.
        rate: Samples per second; other rates than 16 kHz are converted.
    """
    from speechmos import dnsmos

    converted = np.clip(_convert(sound, rate, _DNSMOS_HZ), -1.0, 1.0)
    return float(dnsmos.run(converted, _DNSMOS_HZ, return_df=False)["ovrl_mos"])


PERCEPTUAL: dict[str, tuple[str, Callable[[Floats, Floats, int], float]]] = {
    "two_f_model": ("seabass", measure_2f_model),
    "dnsmos_ovrl": ("speechmos", measure_dnsmos),
}
"""Metric to the module that it needs and the function that measures it."""


def find_installed() -> dict[str, Callable[[Floats, Floats, int], float]]:
    """Return the metrics whose packages are installed."""
    return {name: measure for name, (module, measure) in PERCEPTUAL.items() if find_spec(module) is not None}


def _convert(sound: Floats, rate: int, wanted: int) -> Floats:
    import soxr

    return np.asarray(sound if rate == wanted else soxr.resample(sound, rate, wanted))
