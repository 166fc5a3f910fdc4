"""Metrics next to scores: scipy for the numbers, formulas for the mappings, simulation for the intervals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis import DesignError, RatingsError, metric_agreement, plot_metric, read_metrics
from analysis.measurement.mapping import errors_of, fit_first, fit_third

Make = Callable[..., pd.DataFrame]


def measured(frame: pd.DataFrame, seed: int = 0, noise: float = 5.0) -> pd.DataFrame:
    means = frame.groupby(["item", "condition"])["score"].mean().reset_index()
    values = means["score"] + np.random.default_rng(seed).normal(0, noise, len(means))
    return means[["item", "condition"]].assign(good=values, bad=-values)


def test_the_correlations_are_scipys(make: Make) -> None:
    frame = make(listeners=6, items=8, missing=0.1)
    table = measured(frame)
    found = metric_agreement(frame, table, draws=200).set_index("metric")
    means = frame.groupby(["item", "condition"])["score"].mean().to_numpy()
    for name, sign in (("good", 1), ("bad", -1)):
        row, x = found.loc[name], table[name].to_numpy()
        assert row["pearson"] == pytest.approx(stats.pearsonr(x, means).statistic)
        assert row["spearman"] == pytest.approx(stats.spearmanr(x, means).statistic)
        assert row["kendall"] == pytest.approx(stats.kendalltau(x, means).statistic)
        for key in ("pearson", "spearman", "kendall"):
            assert row[f"{key}_low"] < row[key] < row[f"{key}_high"]
            assert np.sign(row[key]) == sign
    assert (found["n_stimuli"] == 24).all() and (found["n_items"] == 8).all()


def test_few_listeners_make_wide_intervals(make: Make) -> None:
    frame = make(listeners=30, items=8, sd=(8, 5, 25), seed=4)
    few = frame[frame["listener"] < "listener 003"]
    table = measured(frame)
    widths = [
        (row["pearson_high"] - row["pearson_low"]).iloc[0]
        for row in (metric_agreement(part, table, draws=300) for part in (frame, few))
    ]
    assert widths[1] > 1.3 * widths[0]


def test_the_mappings_find_what_was_put_in() -> None:
    x = np.linspace(-3, 4, 40)
    cubic = 20 + 3 * x + 0.4 * x**2 + 0.2 * x**3
    assert fit_third(x, cubic) == pytest.approx([20, 3, 0.4, 0.2], abs=1e-3)
    assert fit_third(x, -cubic) == pytest.approx([-20, -3, -0.4, -0.2], abs=1e-3)
    third, first = fit_third(x, cubic), fit_first(x, cubic)
    values = [np.polynomial.polynomial.polyval(x, fitted) for fitted in (third, first)]
    errors = [errors_of(value, cubic, np.zeros(40), n) for value, n in zip(values, (4, 2), strict=True)]
    assert errors[0].rmse < 0.01 and errors[1].rmse > 1
    assert first == pytest.approx(np.polyfit(x, cubic, 1)[::-1])


def test_the_third_order_is_monotone_where_least_squares_are_not() -> None:
    x = np.linspace(0, 1, 30)
    y = np.sin(5 * x)
    free = np.polyval(np.polyder(np.polyfit(x, y, 3)), x)
    assert free.min() < 0 < free.max()
    slopes = np.gradient(np.polynomial.polynomial.polyval(x, fit_third(x, y)), x)
    assert slopes.min() > -1e-3 or slopes.max() < 1e-3


def test_the_errors_are_those_of_p1401() -> None:
    mapped, scores = np.array([1.0, 2, 3, 4, 5, 6]), np.array([1.5, 2, 3, 4, 5, 8])
    found = errors_of(mapped, scores, np.full(6, 0.6), 2)
    assert found.rmse == pytest.approx(((0.5**2 + 2**2) / 4) ** 0.5)
    assert found.rmse_star == pytest.approx((1.4**2 / 4) ** 0.5)
    assert found.outliers == pytest.approx(1 / 6)


def test_values_that_are_not_finite_are_left_out_and_few_have_no_numbers(make: Make) -> None:
    frame = make(items=4)
    table = measured(frame)
    table.loc[:2, "good"] = np.inf
    table.loc[4:, "bad"] = np.nan
    found = metric_agreement(frame, table, draws=100).set_index("metric")
    assert found.loc["good", "n_stimuli"] == 9 and np.isfinite(found.loc["good", "pearson"])
    assert np.isnan(found.loc["bad", "pearson"]) and found.loc["bad", "note"].startswith("needs 5 stimuli")
    wanted = "expected five stimuli, and two different values"
    with pytest.raises(
        DesignError, match=f"bad has values, 4 of them different, for 4 rated stimuli; {wanted}"
    ):
        plot_metric(frame, table, "bad")
    with pytest.raises(
        DesignError, match=f"bad has values, 1 of them different, for 12 rated stimuli; {wanted}"
    ):
        plot_metric(frame, table.assign(bad=1.0), "bad")
    with pytest.raises(DesignError, match="no item and condition in common"):
        metric_agreement(frame, table.assign(item="other" + table["item"]))


def test_a_file_of_metrics(make: Make, tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    measured(make()).assign(item=lambda f: f["item"].str[-2:], remark="x").to_csv(path, index=False)
    table = read_metrics(path)
    assert list(table.columns) == ["item", "condition", "good", "bad"] and table["item"].iloc[0] == "00"
    for change, message in (
        (table.drop(columns="item"), "has no column 'item'; expected item, condition and one column per"),
        (table[["item", "condition"]], "has no column of numbers; expected one per metric"),
        (pd.concat([table, table.head(1)]), "has 'A' of '00' twice; expected one row per stimulus"),
    ):
        with pytest.raises(RatingsError, match=message):
            read_metrics(change)
    with pytest.raises(RatingsError, match=r"none\.csv cannot be read as a CSV file"):
        read_metrics(tmp_path / "none.csv")


def test_the_figure_shows_the_points_the_intervals_and_the_mapping(make: Make) -> None:
    frame = make(listeners=6, items=8).assign(simulated=True)
    table = measured(frame)
    ax = plot_metric(frame, table, "good")
    means = frame.groupby(["item", "condition"])["score"].mean()
    drawn = np.concatenate([line.get_ydata() for line in ax.get_lines() if line.get_marker() != "None"])
    assert sorted(drawn) == pytest.approx(sorted(means))
    line = next(one for one in ax.get_lines() if one.get_marker() == "None")
    mapping = fit_third(table["good"].to_numpy(), means.to_numpy())
    assert line.get_ydata() == pytest.approx(np.polynomial.polynomial.polyval(line.get_xdata(), mapping))
    assert "SIMULATED" in [text.get_text() for text in ax.texts]


def evaluation(names: list[str], setting: str = "clean") -> pd.DataFrame:
    """The columns of what `evaluate` writes per item that matter here."""
    rows = [(clip, method, 10.0 * at + k) for at, clip in enumerate(names) for k, method in enumerate("ABC")]
    table = pd.DataFrame(rows, columns=["item", "method", "ai"])
    return table.assign(clip=table["item"], setting=setting, label="x", target=3, silent=False)


def test_the_items_of_an_evaluation_are_metrics_of_the_study_that_was_rendered(make: Make) -> None:
    from study_builder.rendering.item_selection import item_name

    class Clip:
        def __init__(self, filename: str) -> None:
            self.filename = filename

    clips = ["1-dog (a).wav", "2-cat.wav", "été.wav", f"{'x' * 120}.wav", "5.wav", "not in the study.wav"]
    frame = make(listeners=6, items=5)
    names = {f"item {k:02d}": item_name(Clip(clip), k + 1) for k, clip in enumerate(clips[:5])}  # type: ignore[arg-type]
    frame["item"] = frame["item"].map(names)
    metrics = read_metrics(evaluation(clips))
    assert list(metrics.columns) == ["item", "condition", "ai"]
    row = metric_agreement(frame, metrics, draws=100).iloc[0]
    assert (row["metric"], row["n_stimuli"], row["n_items"]) == ("ai", 15, 5)
    means = frame.groupby(["item", "condition"])["score"].mean()
    values = [means[names[f"item {k:02d}"], method] for k in range(5) for method in "ABC"]
    assert row["pearson"] == pytest.approx(stats.pearsonr(metrics["ai"][:15], values).statistic)
    ax = plot_metric(frame, metrics, "ai")
    assert len(ax.collections) > 0


def test_names_that_fit_stay_and_mixtures_are_no_sounds_of_a_study(make: Make) -> None:
    frame = make(listeners=6, items=5)
    fitting = read_metrics(evaluation(sorted(frame["item"].unique())))
    assert metric_agreement(frame, fitting, draws=100)["n_stimuli"].iloc[0] == 15
    with pytest.raises(
        RatingsError, match="has the setting 'mixtures'; expected 'clean', since a study has the"
    ):
        read_metrics(evaluation(["a.wav"], "mixtures"))
    both = pd.concat([evaluation(["a.wav"]), evaluation(["b.wav"], "mixtures")])
    assert set(read_metrics(both)["item"]) == {"a.wav"}
    twins = evaluation(["dog.wav"])
    frame["item"] = frame["item"].map({f"item {k:02d}": f"0{k}-dog" for k in range(5)})
    with pytest.raises(DesignError, match="no item and condition in common"):
        metric_agreement(frame, read_metrics(twins))
