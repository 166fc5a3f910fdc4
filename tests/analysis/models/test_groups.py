"""Groups of listeners: against R's aov and t.test, and at the edges."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis import DesignError, analyse_groups, compare_groups
from analysis.ratings.tidy import tidy


@pytest.fixture
def panel() -> pd.DataFrame:
    """Eleven listeners in two groups, by a formula that R can read from a file."""
    rows = []
    for i in range(11):
        expert = "yes" if i % 3 == 0 or i == 1 else "no"
        for j in range(2):
            for k in range(3):
                noise = (i * 37 + j * 23 + k * 61 + i * j * k * 13 + i * i * k * 7) % 41
                score = noise + 6 * k + (9 * k if expert == "yes" else 4)
                rows.append((f"L{i:02d}", f"item {j}", "ABC"[k], score, expert))
    return tidy(pd.DataFrame(rows, columns=["listener", "item", "condition", "score", "q_expert"]))


def test_the_split_plot_agrees_with_r(panel: pd.DataFrame) -> None:
    # R 4.2.2: summary(aov(score ~ q_expert*condition + Error(listener/condition))), and for epsilon
    # anova(lm(wide ~ q_expert), X=~1, test="Spherical").
    table = analyse_groups(panel, "q_expert").set_index("effect")
    for effect, f, df1, df2, p in (
        ("group", 11.86881847, 1, 9, 0.007331041172),
        ("condition", 12.103813860, 2, 18, 0.0004665885274),
        ("group x condition", 8.754526047, 2, 18, 0.0022100435632),
    ):
        row = table.loc[effect]
        assert [row["statistic"], row["df1"], row["df2"], row["p"]] == pytest.approx([f, df1, df2, p])
    assert table.loc["condition", "p_gg"] == pytest.approx(0.0010581984)
    assert table.loc["group x condition", "p_gg"] == pytest.approx(0.0040251533)
    assert table.loc["condition", "epsilon_gg"] == pytest.approx(0.8468, abs=5e-5)
    assert table.loc["group x condition", "sentence"] == (
        "Differences between conditions depend on expert (F(2, 18) = 8.75, p = 0.004, Greenhouse and Geisser"
        "; new listeners, these items)."
    )


def test_the_groups_on_each_condition_agree_with_r(panel: pd.DataFrame) -> None:
    # R 4.2.2: t.test(score ~ q_expert) of the listeners' means per condition.
    table = compare_groups(panel, "q_expert", correction="none").set_index("condition")
    for name, df, p, low, high in (
        ("A", 7.3714927, 0.7450014, -8.007110474, 10.707110474),
        ("B", 8.3084234, 0.9966428, -8.790346243, 8.823679577),
        ("C", 8.9996593, 0.001136383, -33.35291732, -11.64708268),
    ):
        row = table.loc[name]
        assert (row["group_a"], row["group_b"]) == ("no", "yes")
        assert [row["df"], row["p"], row["ci_low"], row["ci_high"]] == pytest.approx(
            [df, p, low, high], rel=1e-6
        )
    corrected = compare_groups(panel, "q_expert").set_index("condition")
    assert corrected.loc["C", "p"] == pytest.approx(3 * 0.001136383, rel=1e-6)
    assert corrected.loc["C", "ci_high"] > table.loc["C", "ci_high"]
    assert (
        corrected.loc["C", "sentence"] == "C: expert = no rates it 22.5 lower than expert = yes (p = 0.003)."
    )


def test_what_groups_need(panel: pd.DataFrame) -> None:
    with pytest.raises(DesignError, match="no column 'q_age' to group listeners by; found q_expert"):
        analyse_groups(panel, "q_age")
    alone = panel.assign(q_expert=panel["q_expert"].where(panel["listener"] != "L00", "perhaps"))
    with pytest.raises(DesignError, match=r"two listeners in each of two groups or more; .* 'perhaps': 1"):
        compare_groups(alone, "q_expert")
    both = panel.assign(q_expert=panel["q_expert"].where(panel["item"] != "item 0", "no"))
    with pytest.raises(DesignError, match=r"'L00' has several values of 'q_expert' \(no, yes\)"):
        analyse_groups(both, "q_expert")
    years = panel.assign(q_years=np.where(panel["item"] == "item 0", 1, 2))
    with pytest.raises(DesignError, match=r"'L00' has several values of 'q_years' \(1, 2\); expected one"):
        analyse_groups(years, "q_years")
    unknown = panel.assign(q_expert=panel["q_expert"].where(panel["listener"] != "L00"))
    assert set(analyse_groups(unknown, "q_expert")["n_listeners"]) == {10}
