"""Every explaining method by name."""

from __future__ import annotations

from interpreter.explainers.base import Explainer
from interpreter.explainers.gradient.registry import GRADIENT_METHODS
from interpreter.explainers.l2i import L2i
from interpreter.explainers.lmac import Lmac, LmacFt
from interpreter.explainers.lmac_td import LmacTd

METHODS: dict[str, type[Explainer]] = {
    **GRADIENT_METHODS,
    "l2i": L2i,
    "lmac": Lmac,
    "lmac-ft": LmacFt,
    "lmac-td": LmacTd,
}
"""The methods' classes; `load_explainer` brings one to life from a run."""
