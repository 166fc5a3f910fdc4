"""Faithfulness: does the interpretation carry what the classifier decided by?"""

from __future__ import annotations

from interpreter.faithfulness.bootstrap import Interval, bootstrap_mean
from interpreter.faithfulness.functional import ROUNDING, ad, ad_published, ag, ai, comp, ff, fid_in, sps
from interpreter.faithfulness.placement import area_under, deletion_curve, insertion_curve, time_auc
from interpreter.faithfulness.scores import METRICS, PictureOf, scored_picture, scores
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
    "bootstrap_mean",
    "comp",
    "deletion_curve",
    "ff",
    "fid_in",
    "insertion_curve",
    "scored_picture",
    "scores",
    "sps",
    "time_auc",
]
