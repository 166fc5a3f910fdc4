"""The paragraph on methods of a report on preferences (`ab`)."""

from __future__ import annotations

import pandas as pd

from analysis.choices.pair_scale import PairScale
from analysis.report.choices import words
from analysis.report.choices.active_pairs import WITHOUT_TEST
from analysis.report.choices.preference_scale import fit_in_words
from analysis.report.results import Options
from analysis.statistics.shares import INDEPENDENT


def write_methods(
    pairs: pd.DataFrame, table: pd.DataFrame, scale: PairScale | None, options: Options, *, active: bool
) -> str:
    """Say how the shares, and the scale if there is one, were found.

    Args:
        pairs: The choices.
        table: Of the shares.
        scale: Of all conditions.
        options: Interval, correction and draws.
        active: Whether the answers chose the pairs.
    """
    names = {*pairs["first"], *pairs["second"]}
    neither = ", or that they preferred neither" if table["ties"].sum() else ""
    heard = (
        f"Listeners heard {len(names)} conditions"
        if options.interval == INDEPENDENT
        else f"{pairs['listener'].nunique()} listeners heard {len(names)} conditions of "
        f"{pairs['item'].nunique()} items"
    )
    sentences = [
        f"{heard} in {len(table)} different pairs and said which of the two sounds they preferred{neither} "
        f"({len(pairs)} choices).",
        "Each pair was the one whose answer was expected to say most about the scale, given the listener's "
        "answers so far."
        if active
        else f"{_shares(table)}; {words.share_model(options)}. p values test a share of "
        "one half by the same variance" + words.correction_in_words(options, len(table), "pairs") + ".",
    ]
    if scale:
        model = (
            "Davidson's (1970) model, which extends that of Bradley and Terry (1952) by ties"
            if scale.model == "davidson"
            else "the model of Bradley and Terry (1952)"
        )
        how = f"are {words.JACKKNIFE}" if scale.interval != "wald" else "treat choices as independent"
        sentences.append(
            f"Strengths are maximum-likelihood estimates of {model}; their 95 % intervals {how}."
        )
        if active:
            sentences.append(WITHOUT_TEST)
        elif scale.test.df:
            adjusted = " (with the correction of Rao and Scott, 1984)" if scale.interval != "wald" else ""
            sentences.append(
                f"The fit was tested by the likelihood ratio{adjusted}: {fit_in_words(scale)}. "
                "Circular triads: Kendall and Babington Smith (1940)."
            )
    return " ".join(sentences)


def _shares(table: pd.DataFrame) -> str:
    ties = " with each tie as half a choice" if table["ties"].sum() else ""
    return f"Shares of preference are plain shares of all choices{ties}"
