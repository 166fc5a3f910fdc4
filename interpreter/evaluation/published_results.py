"""Rows that the LMAC-TD paper printed, to compare with our own: they were not measured here.

Only cells that are known for certain are given. Mancini, Paissan, Ravanelli, Subakan, "LMAC-TD: Producing
Time Domain Explanations for Audio Classifiers", ICASSP 2025, Table I (in-domain) and Table II (mixtures).
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class PublishedRow:
    """One row of a published table.

    Attributes:
        label: the method, as people read it.
        values: metric name to printed value; a metric that is missing is unknown here. The printed AD is on
            the compressed scale, `ad_published`.
        halved: whether the row looks like sums over 400 clips that were divided by 800: SPS and COMP, which
            hardly depend on the setting, are half of the same method's in the other table.
    """

    label: str
    values: dict[str, float] = field(default_factory=dict)
    halved: bool = False


def _row(label: str, halved: bool = False, **values: float) -> PublishedRow:
    return PublishedRow(label, values, halved)


PUBLISHED: dict[str, tuple[PublishedRow, ...]] = {
    "id": (
        _row("Saliency", halved=True, ad_published=15.79, sps=0.39, comp=5.48),
        _row("SmoothGrad", halved=True, sps=0.42, comp=5.32),
        _row("Integrated gradients", halved=True, sps=0.43, comp=5.11),
        _row("Guided GradCAM", halved=True, sps=0.44, comp=5.12),
        _row("SHAP", halved=True, ad_published=15.79, sps=0.43, comp=5.24),
        _row("L2I", halved=True, ad_published=12.78, sps=0.25, comp=5.50),
        _row("L-MAC", halved=True, ai=36.25, ff=0.20, fid_in=0.42, sps=0.47, comp=4.71),
        _row("L-MAC FT", halved=True, sps=0.43, comp=5.20),
        _row("LMAC-TD", ai=69.75, ad_published=2.10, ag=28.07, ff=0.42, fid_in=0.91, sps=0.86, comp=10.53),
    ),
    "mixtures": (
        _row("Saliency", ad_published=31.73, sps=0.76, comp=11.06),
        _row("SmoothGrad", sps=0.83, comp=10.66),
        _row("Integrated gradients", sps=0.87, comp=10.22),
        _row("GradCAM", ai=14.12, fid_in=0.00, sps=0.91, comp=9.66),
        _row("Guided GradCAM", sps=0.89, comp=10.24),
        _row("SHAP", ad_published=31.81, sps=0.84, comp=10.58),
        _row("L2I", ad_published=25.65, sps=0.52, comp=10.99),
        _row("L-MAC", ff=0.39, fid_in=0.81, sps=0.94, comp=9.61),
        _row("L-MAC FT", sps=0.84, comp=10.51),
        _row("LMAC-TD", sps=0.88, comp=10.35),
    ),
}
"""Published rows by setting; ESC-50, 50 classes, CNN14 of full width."""

HALVED_NOTE = (
    "The published in-domain rows marked * look halved (sums over 400 clips divided by 800): their SPS and "
    "COMP are half of the same methods' values on mixtures. Doubled, L-MAC is level with LMAC-TD."
)
AD_NOTE = (
    "Published AD is on the compressed scale of the column AD (published), which takes the softmax twice."
)
