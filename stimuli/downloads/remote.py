"""Data sets that can be downloaded: where they are, and what their licence asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Remote:
    """A published archive.

    Attributes:
        title: name and authors.
        url: of the archive, a `.zip` or `.tar.bz2`.
        folder: the archive's folder that contains the data.
        expected: a path inside that folder that a complete copy has.
        licence: what a user must know before downloading.
        size: for people.
        sha256: of the archive, or None if its publisher gives none that stays the same.
    """

    title: str
    url: str
    folder: str
    expected: str
    licence: str
    size: str
    sha256: str | None = None


REMOTES: Mapping[str, Remote] = MappingProxyType(
    {
        "esc50": Remote(
            title="ESC-50: Dataset for Environmental Sound Classification (K. J. Piczak, 2015)",
            url="https://github.com/karolpiczak/ESC-50/archive/master.zip",
            folder="ESC-50-master",
            expected="meta/esc50.csv",
            licence="Creative Commons Attribution-NonCommercial 3.0 (the subset ESC-10: Attribution 3.0)",
            size="0.6 GB",
        ),
        "wham": Remote(
            title="WHAM! noise (Wichern et al., 2019)",
            url="https://my-bucket-a8b4b49c25c811ee9a7e8bba05fa24c7.s3.amazonaws.com/wham_noise.zip",
            folder="wham_noise",
            expected="tr",
            licence="Creative Commons Attribution-NonCommercial 4.0",
            size="17 GB",
        ),
        "ljspeech": Remote(
            title="The LJ Speech Dataset 1.1 (K. Ito, L. Johnson, 2017)",
            url="https://data.keithito.com/data/speech/LJSpeech-1.1.tar.bz2",
            folder="LJSpeech-1.1",
            expected="metadata.csv",
            licence="public domain",
            size="2.7 GB",
            sha256="be1a30453f28eb8dd26af4101ae40cbf2c50413b1bb21936cbcdc6fae3de8aa5",
        ),
    }
)
