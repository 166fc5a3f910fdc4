"""The sentences at the top of a report: what they say must be in its tables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from analysis import load_ratings
from analysis.report.headline import headline
from analysis.report.results import Options, analyse

Make = Callable[..., pd.DataFrame]


def test_the_highest_mean_and_what_it_is_distinguished_from(make: Make) -> None:
    frame = make(listeners=12, items=8, means={"A": 70.0, "B": 50.0, "C": 69.5}, own=(1, 0.1), seed=1)
    results = analyse(frame, Options(draws=200))
    row = results.mos.iloc[0]
    assert headline(results) == [
        f"Of the 3 methods, {row['label']} has the highest mean: {row['mos']:.1f} (95 % interval "
        f"{row['ci_low']:.1f} to {row['ci_high']:.1f}, new listeners and items).",
        "It is distinguished from 1 of the 2 others (p < 0.05, Holm, new listeners and items).",
    ]


def test_equal_methods_are_not_distinguished(make: Make) -> None:
    frame = make(means={"A": 50.0, "B": 50.1}, own=(1, 0.1), seed=2)
    said = headline(analyse(frame, Options(draws=200, test="wilcoxon", correction="none")))
    assert said[1].startswith("The ratings do not distinguish ")
    assert said[1].endswith(" from the other one (p < 0.05, new listeners, these items).")


def test_a_strong_interaction_is_in_the_headline(codec_csv: Path) -> None:
    results = analyse(load_ratings(codec_csv), Options(draws=200))
    rows = results.screened[results.screened["condition"] == "AudioDec"]
    means = rows.groupby("item")["score"].mean()
    said = headline(results)[2]
    assert "Differences between methods depend on the item: the item means of " in said
    assert f"AudioDec run from {means.min():.0f} to {means.max():.0f}. Look at the scores per item" in said
    assert "(mixed model, SD 10.3 points, p < 0.0001; new listeners and items)" in said


def test_means_over_different_items_say_so(make: Make) -> None:
    frame = make(items=6)
    some = frame[(frame["condition"] != "A") | (frame["item"] < "item 03")].reset_index(drop=True)
    said = headline(analyse(some, Options(draws=200)))[0]
    assert said.endswith(", new listeners and items; not every condition was rated on every item).")
