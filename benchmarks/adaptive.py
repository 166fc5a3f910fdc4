"""What a staircase saves: trials for a threshold of the same error as by the method of constant stimuli.

    python -m benchmarks.adaptive [--listeners 7600]

Simulated listeners of ABX whose share of right answers rises with the level of a series of eight; where it
rises differs from one listener to the next. The staircase hands out the next level by the answers. With
constant stimuli each level comes equally often, and the threshold is that of the most likely curve.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from analysis.choices.thresholds import thresholds
from study_builder.design.staircase import follow_track

LEVELS, TARGET, PANEL = 8, 0.5**0.5, 19
SLOPE = 0.6  # levels per logit
MIDDLES = np.linspace(-2, 11, 131)
SLOPES = np.array([0.2, 0.35, 0.6, 1.0, 1.7])
REPEATS = (2, 4, 6, 8, 12, 16)

Floats = np.ndarray


def share_right(level: Floats | float, middle: Floats | float, slope: Floats | float = SLOPE) -> Floats:
    """Return the share of right answers at a level; one half by guessing."""
    return np.asarray(0.5 + 0.5 * expit((level - middle) / slope))


def threshold_of(middle: Floats, slope: Floats | float = SLOPE) -> Floats:
    """Return the level at which the share of right answers is that of a 2-down-1-up staircase."""
    return np.asarray(middle + slope * logit(2 * TARGET - 1))


def run_staircase(rng: np.random.Generator, middle: float) -> tuple[float, int]:
    """Return the threshold of one track, missing if it did not end, and its trials."""
    answers: list[bool] = []
    while True:
        states = list(follow_track("2-down-1-up", LEVELS, answers))
        if len(states) == len(answers):
            last = states[-1].answer(answers[-1])
            return last.threshold, len(answers)
        answers.append(bool(rng.random() < share_right(states[-1].level, middle)))


def fit_constant(rng: np.random.Generator, middles: Floats, repeats: int) -> Floats:
    """Return the thresholds of listeners who hear each level so often: those of the most likely curves."""
    levels = np.arange(1, LEVELS + 1)
    right = rng.binomial(repeats, share_right(levels, middles[:, None]))
    grid = share_right(levels, MIDDLES[:, None, None], SLOPES[None, :, None])
    curves = np.minimum(grid.reshape(-1, LEVELS), 1 - 1e-6)
    likelihood = right @ np.log(curves).T + (repeats - right) @ np.log1p(-curves).T
    best = likelihood.argmax(axis=1)
    middle, slope = MIDDLES[best // len(SLOPES)], SLOPES[best % len(SLOPES)]
    return np.clip(threshold_of(middle, slope), 1, LEVELS)


def describe_coverage(found: Floats, truth: float) -> str:
    """Say how often the interval of the mean threshold of 19 listeners covers that of the population."""
    panels = found[: len(found) // PANEL * PANEL].reshape(-1, PANEL)
    covered = []
    for panel in panels:
        listeners = [str(number) for number in range(PANEL)]
        tracks = pd.DataFrame({"listener": listeners, "item": "i", "trials": 30, "threshold": panel})
        row = thresholds(tracks).iloc[0]
        covered.append(row["ci_low"] <= truth <= row["ci_high"])
    return (
        f"Studies of {PANEL} listeners: the 95 % interval of the mean threshold covers the truth in "
        f"{100 * np.mean(covered):.1f} % of {len(panels)}."
    )


def main() -> None:
    """Print the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listeners", type=int, default=7600)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    rng = np.random.default_rng(chosen.seed)
    middles = rng.normal(4.0, 1.0, chosen.listeners)
    truth = threshold_of(middles)
    print("## What a staircase saves\n")
    print(
        f"{chosen.listeners:,} simulated listeners per row, eight levels, seed {chosen.seed}. Error: root "
        "mean square of a listener's threshold, in levels.\n"
    )
    print("| method | trials per listener | error | bias |\n|---|---|---|---|")
    runs = [run_staircase(rng, middle) for middle in middles]
    found = np.array([threshold for threshold, _ in runs])
    ended = ~np.isnan(found)
    trials = float(np.mean([count for _, count in runs]))
    wrong = (found - truth)[ended]
    print(f"| staircase, 2-down-1-up | {trials:.0f} | {_rms(wrong):.2f} | {wrong.mean():+.2f} |")
    errors = []
    for repeats in REPEATS:
        wrong = fit_constant(rng, middles, repeats) - truth
        errors.append(_rms(wrong))
        print(
            f"| constant stimuli, each level {repeats} times | {LEVELS * repeats} | {errors[-1]:.2f} | "
            f"{wrong.mean():+.2f} |"
        )
    needed = float(np.interp(-_rms((found - truth)[ended]), -np.array(errors), LEVELS * np.array(REPEATS)))
    print(
        f"\nOf the tracks, {100 * ended.mean():.1f} % ended. Constant stimuli need about {needed:.0f} trials "
        f"for the error of the staircase: {needed / trials:.1f} times as many."
    )
    print(f"\n{describe_coverage(found, float(np.mean(truth)))}")


def _rms(values: Floats) -> float:
    return float(np.sqrt(np.mean(values**2)))


if __name__ == "__main__":
    main()
