"""How often the interval of each listening test covers the truth of the listeners who were simulated.

    python -m benchmarks.coverage_choices [--studies 400] [--only TEST ...]

Studies of 19 listeners who differ. Tests with random items (shares, comparison ratings, grades, scores) have
8 items that differ; scales of pairs and of best and worst speak about these items, which do not differ. The
truth is that of the population: the same estimate from a very large panel.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.special import expit

from analysis.choices.best_worst import best_worst
from analysis.choices.bradley_terry import fit_bradley_terry, fit_davidson
from analysis.choices.comparison_category import category_differences
from analysis.choices.discrimination import discrimination
from analysis.choices.pair_scale import pair_scale
from analysis.choices.pairs import PairCounts
from analysis.choices.preferences import preferences
from analysis.choices.thurstone import fit_thurstone
from analysis.models.mos import mos

LISTENERS, ITEMS = 19, 8
LEAST, MOST = 0.92, 0.98
WORTHS = np.array([0.0, 0.8, 0.3, -0.5])
UTILITIES = np.array([0.0, 0.8, -0.6, 0.4, -0.2])
_LARGE = 100_000

Rng = np.random.Generator
Covered = tuple[list[float], list[float], list[float]]  # truths, lower ends, upper ends


def _draw_effects(rng: Rng, listeners: int, items: int, sd: tuple[float, float]) -> np.ndarray:
    """What listeners and items add, `[listeners, items]`."""
    return rng.normal(0, sd[0], (listeners, 1)) + rng.normal(0, sd[1], (1, items))


def _frame(scores: np.ndarray, **columns: object) -> pd.DataFrame:
    listener, item = np.indices(scores.shape)
    return pd.DataFrame(
        {"listener": listener.ravel().astype(str), "item": item.ravel().astype(str), **columns}
    )


def draw_shares(rng: Rng, listeners: int, items: int, floor: float) -> np.ndarray:
    """Return answers 0 and 1 with a share of at least `floor` by chance."""
    chance = expit(0.4 + _draw_effects(rng, listeners, items, (0.8, 0.4)))
    return (rng.random(chance.shape) < floor + (1 - floor) * chance).astype(float)


def ab(rng: Rng, truth: float) -> Covered:
    """The share of a preference."""
    answers = draw_shares(rng, LISTENERS, ITEMS, 0.0)
    row = preferences(_frame(answers, first="a", second="b", choice=answers.ravel())).iloc[0]
    return [truth], [row["ci_low"]], [row["ci_high"]]


def abx(rng: Rng, truth: float) -> Covered:
    """The share of right answers."""
    answers = draw_shares(rng, LISTENERS, ITEMS, 0.5)
    row = discrimination(_frame(answers, pair="a and b", correct=answers.ravel())).iloc[0]
    return [truth], [row["ci_low"]], [row["ci_high"]]


def draw_ratings(rng: Rng, listeners: int, items: int) -> tuple[np.ndarray, np.ndarray]:
    """Return comparison ratings and whether the better sound came second (1) or first (-1)."""
    sign = rng.choice([-1.0, 1.0], (listeners, items))
    strength = 0.7 + _draw_effects(rng, listeners, items, (0.5, 0.3)) + rng.normal(0, 0.8, sign.shape)
    return np.clip(np.round(sign * strength + 0.2), -3, 3), sign


def ccr(rng: Rng, truth: tuple[float, float]) -> Covered:
    """The difference and the effect of the order of comparison ratings."""
    scores, sign = draw_ratings(rng, LISTENERS, ITEMS)
    second = (sign > 0).ravel()
    row = category_differences(
        _frame(
            scores, first=np.where(second, "b", "a"), second=np.where(second, "a", "b"), score=scores.ravel()
        )
    ).iloc[0]
    return list(truth), [row["ci_low"], row["order_low"]], [row["ci_high"], row["order_high"]]


def draw_grades(rng: Rng, listeners: int, items: int) -> np.ndarray:
    """Return difference grades with one decimal, some of them above 0."""
    effects = _draw_effects(rng, listeners, items, (0.4, 0.3))
    return np.clip(np.round(-0.9 + effects + rng.normal(0, 0.6, effects.shape), 1), -4, 1)


def draw_points(rng: Rng, listeners: int, items: int) -> np.ndarray:
    """Return scores from 1 to 5."""
    effects = _draw_effects(rng, listeners, items, (0.5, 0.4))
    return np.clip(np.round(3.4 + effects + rng.normal(0, 0.7, effects.shape)), 1, 5)


def draw_scores(rng: Rng, listeners: int, items: int) -> np.ndarray:
    """Return scores from 0 to 100."""
    effects = _draw_effects(rng, listeners, items, (8.0, 6.0))
    return np.clip(np.round(62 + effects + rng.normal(0, 11, effects.shape)), 0, 100)


def _mean(draw: Callable[[Rng, int, int], np.ndarray]) -> Callable[[Rng, float, int], Covered]:
    def study(rng: Rng, truth: float) -> Covered:
        scores = draw(rng, LISTENERS, ITEMS)
        row = mos(_frame(scores, condition="c", score=scores.ravel())).iloc[0]
        return [truth], [row["ci_low"]], [row["ci_high"]]

    return study


def draw_counts(rng: Rng, listeners: int, repeats: int, nu: float) -> PairCounts:
    """Return each listener's choices about every pair, each heard `repeats` times."""
    own = np.exp(WORTHS + rng.normal(0, 0.5, (listeners, len(WORTHS))))
    wins, ties = np.zeros((2, listeners, len(WORTHS), len(WORTHS)))
    for a, b in combinations(range(len(WORTHS)), 2):
        parts = np.stack([own[:, a], own[:, b], nu * np.sqrt(own[:, a] * own[:, b])], axis=1)
        drawn = rng.multinomial(repeats, parts / parts.sum(axis=1, keepdims=True))
        wins[:, a, b], wins[:, b, a] = drawn[:, 0], drawn[:, 1]
        ties[:, a, b] = ties[:, b, a] = drawn[:, 2]
    return PairCounts([f"c{k}" for k in range(len(WORTHS))], [str(k) for k in range(listeners)], wins, ties)


def _scale(model: str, nu: float) -> Callable[[Rng, np.ndarray, int], Covered]:
    def study(rng: Rng, truth: np.ndarray) -> Covered:
        counts = draw_counts(rng, LISTENERS, 4, nu)
        scale = pair_scale(counts, model=model)
        table = scale.table.set_index("condition").loc[counts.conditions]
        return list(truth), list(table["ci_low"]), list(table["ci_high"])

    return study


def draw_extremes(rng: Rng, listeners: int, trials: int) -> pd.DataFrame:
    """Return choices of the best and the worst of four of five sounds."""
    own = UTILITIES + rng.normal(0, 0.4, (listeners, len(UTILITIES)))
    shown = np.argsort(rng.random((listeners, trials, len(UTILITIES))), axis=2)[:, :, :4]
    utility = np.take_along_axis(own[:, None], shown, axis=2)
    best = (utility + rng.gumbel(size=utility.shape)).argmax(axis=2)
    against = -utility + rng.gumbel(size=utility.shape)
    np.put_along_axis(against, best[:, :, None], -np.inf, axis=2)
    worst = against.argmax(axis=2)
    listener, trial, place = np.indices(shown.shape)
    choice = (place == best[:, :, None]).astype(int) - (place == worst[:, :, None])
    return pd.DataFrame(
        {
            "listener": listener.ravel(), "item": "i", "trial": trial.ravel(),
            "condition": [f"c{k}" for k in shown.ravel()], "choice": choice.ravel(),
        }
    )  # fmt: skip


def extremes(rng: Rng, truth: np.ndarray) -> Covered:
    """The utilities of best-worst scaling."""
    table = best_worst(draw_extremes(rng, LISTENERS, 10))
    table = table.set_index("condition").sort_index()
    return list(truth), list(table["ci_low"]), list(table["ci_high"])


def studies(rng: Rng) -> Iterator[tuple[str, str, object, Callable[..., Covered]]]:
    """Yield each test: its name, what is estimated, the truth, and a study of it."""
    many = (_LARGE, 1)  # each listener of a large panel has a different item

    def mean_of(draw: Callable[[Rng, int, int], np.ndarray]) -> float:
        return float(np.mean([draw(rng, 400, 1).mean() for _ in range(2000)]))

    yield "ab", "share", mean_of(lambda *size: draw_shares(*size, 0.0)), ab
    yield "abx", "share of right answers", mean_of(lambda *size: draw_shares(*size, 0.5)), abx
    for model, nu in (("bradley-terry", 0.0), ("thurstone", 0.0), ("davidson", 0.3)):
        whole = draw_counts(rng, *many, nu)
        wins, ties = whole.wins.sum(axis=0), whole.ties.sum(axis=0)
        fit = {"bradley-terry": fit_bradley_terry, "thurstone": fit_thurstone}.get(model)
        truth = (fit(wins + ties / 2) if fit else fit_davidson(wins, ties)).worths
        yield f"ab, {model}", "place of each condition", truth, _scale(model, nu)
    parts = [draw_ratings(rng, 400, 1) for _ in range(2000)]
    later = np.mean([scores[sign > 0].mean() for scores, sign in parts])
    earlier = np.mean([scores[sign < 0].mean() for scores, sign in parts])
    yield "ccr", "difference, order effect", ((later - earlier) / 2, (later + earlier) / 2), ccr
    yield "bs1116", "difference grade", mean_of(draw_grades), _mean(draw_grades)
    yield "acr, dcr, p835", "mean score", mean_of(draw_points), _mean(draw_points)
    panel = best_worst(draw_extremes(rng, 8_000, 3)).set_index("condition").sort_index()
    yield "best-worst", "utility of each condition", panel["worth"].to_numpy(), extremes
    yield "mushra, mushra-nmr", "mean score", mean_of(draw_scores), _mean(draw_scores)


def parse_options(description: str | None) -> argparse.Namespace:
    """Return the options of a benchmark of coverage: `studies`, `seed` and `only`."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--studies", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", help="names of tests, as the table has them")
    return parser.parse_args()


def main() -> None:
    """Print the section."""
    chosen = parse_options(__doc__)
    print("## How often the interval of each test covers the truth\n")
    print(
        f"{chosen.studies} simulated studies of {LISTENERS} listeners per test, nominal 95 %, "
        f"seed {chosen.seed}; band {100 * LEAST:.0f} to {100 * MOST:.0f} %.\n"
    )
    print("| test | estimated | covered | mean width |\n|---|---|---|---|")
    for number, (name, what, truth, study) in enumerate(studies(np.random.default_rng(chosen.seed))):
        if chosen.only and name not in chosen.only:
            continue
        rng = np.random.default_rng([chosen.seed, number])
        hits, widths = [], []
        for _ in range(chosen.studies):
            truths, low, high = map(np.array, study(rng, truth))
            hits.append((low <= truths) & (truths <= high))
            widths.append(high - low)
        share = float(np.mean(hits))
        mark = "" if LEAST <= share <= MOST else " (!)"
        print(f"| {name} | {what} | {100 * share:.1f} %{mark} | {np.mean(widths):.2f} |", flush=True)
    print(
        "\nShares, comparison ratings, grades and scores: 8 items that differ, and intervals about new "
        "listeners and items. Scales: four conditions in all pairs four times, or 10 trials of best and "
        "worst; intervals about new listeners.\nStandard error of a share of 95 %: of "
        f"{chosen.studies} studies {100 * (0.95 * 0.05 / chosen.studies) ** 0.5:.1f} points.\n\n"
        "![How often the interval of each test covers the truth, within 92 to 98 %](img/coverage.png)"
    )


if __name__ == "__main__":
    main()
