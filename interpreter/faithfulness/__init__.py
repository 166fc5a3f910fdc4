"""Faithfulness: does the interpretation carry what the classifier decided by?"""

from __future__ import annotations

from interpreter.faithfulness.answers import ask_probability
from interpreter.faithfulness.bootstrap import Interval, bootstrap_mean
from interpreter.faithfulness.functional import ROUNDING, ad, ad_published, ag, ai, comp, ff, fid_in, sps
from interpreter.faithfulness.placement import area_under, deletion_curve, insertion_curve, time_auc
from interpreter.faithfulness.removal import band_agreement, importance_agreement, window_importance
from interpreter.faithfulness.scores import METRICS, PictureOf, scored_picture, scores
from interpreter.faithfulness.sensitivity import max_sensitivity
from interpreter.faithfulness.streaming import Streaming

__all__ = [
    "METRICS",
    "ROUNDING",
    "Interval",
    "PictureOf",
    "Streaming",
    "ad",
    "ad_published",
    "ag",
    "ai",
    "area_under",
    "ask_probability",
    "band_agreement",
    "bootstrap_mean",
    "comp",
    "deletion_curve",
    "ff",
    "fid_in",
    "importance_agreement",
    "insertion_curve",
    "max_sensitivity",
    "scored_picture",
    "scores",
    "sps",
    "time_auc",
    "window_importance",
]
