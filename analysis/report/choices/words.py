"""Numbers of choices in words."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from analysis.errors import DesignError
from analysis.formatting import group_digits, number, p_in_words
from analysis.models.screening import FAILURES
from analysis.report.results import Options
from analysis.statistics.shares import INDEPENDENT, SHARE_INTERVALS

_ABOUT = {
    "two-way": "new listeners and new items",
    "listener": "new listeners and these items",
    "item": "these listeners and new items",
    INDEPENDENT: "more choices of this panel",
}
_MOST_SENTENCES = 2
_CORRECTED = {"holm": ", Holm", "hochberg": ", Hochberg", "none": ""}
_CORRECTIONS = {"holm": "corrected by Holm (1979)", "hochberg": "corrected by Hochberg (1988)"}


def check_options(options: Options) -> None:
    """Refuse what is for scores only.

    Raises:
        DesignError: An interval, a test or a rule that choices do not have.
    """
    if options.interval not in SHARE_INTERVALS:
        raise DesignError(
            f"--interval {options.interval} is for scores; expected one of {', '.join(SHARE_INTERVALS)} for "
            "choices"
        )
    for name, given in (
        ("--compare-with", options.against), ("--by", options.by),
        ("--margin", options.margin is not None), ("--metrics", options.metrics),
        ("--between", options.between),
    ):  # fmt: skip
        if given:
            raise DesignError(f"{name} is for scores; leave it out for choices")
    for rule in options.exclude or ():
        if rule not in FAILURES:
            raise DesignError(
                f"--exclude {rule} is for scores; expected {', '.join(FAILURES)} or none for choices"
            )
    if options.test != "two-way":
        raise DesignError(f"--test {options.test} is for scores; leave it out for choices")


def share_ends(low: float, high: float) -> str:
    """Return the ends of a share's interval as `55 to 72 %`."""
    return f"{number(100 * low, 0)} to {number(100 * high, 0)} %"


def ends(low: float, high: float, digits: int = 2) -> str:
    """Return the ends of an interval, or that there is none."""
    return "not estimable" if low != low else f"{number(low, digits)} to {number(high, digits)}"


def describe_p(p: float, options: Options, tests: int) -> str:
    """Return a p value with the correction's name, if there is more than one test."""
    return p_in_words(p) + (_CORRECTED[options.correction] if tests > 1 else "")


def bare_p(p: float) -> str:
    """Return a p value as a cell of a table whose head says that it is one."""
    return p_in_words(p).removeprefix("p = ").removeprefix("p ")


def correction_in_words(options: Options, tests: int, what: str) -> str:
    """Say what was done about the number of tests."""
    if tests < 2:
        return ""
    if options.correction == "none":
        return f", not corrected for the number of {what}"
    return f", {_CORRECTIONS[options.correction]} over {tests} {what}"


def about(options: Options) -> str:
    """Say about whom and what the intervals speak."""
    return _ABOUT[options.interval]


def whom(options: Options) -> str:
    """Return the sentence on whom and what the intervals and p values of a headline speak about."""
    return f"Intervals and p values are about {about(options)}."


def join_names(names: Iterable[str]) -> str:
    """Return names as `a, b and c`."""
    names = list(names)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def count(number_of: int, what: str, many: str | None = None) -> str:
    """Return `1 listener`, `2 listeners`."""
    return f"{group_digits(number_of)} {what if number_of == 1 else many or what + 's'}"


def list_undistinguished(pairs: list[tuple[str, str]], sentences: list[str], what: str) -> list[str]:
    """Return the sentences on pairs that are not told apart, or one sentence on all if there are many."""
    if len(sentences) <= _MOST_SENTENCES:
        return sentences
    named = "; ".join(f"{a} and {b}" for a, b in pairs)
    return [f"The {what} do not distinguish {len(pairs)} pairs (the table has their intervals): {named}."]


JACKKNIFE = (
    "jackknives over listeners with Student's t (MacKinnon, Nielsen and Webb, 2023), the items taken as fixed"
)


def share_model(options: Options) -> str:
    """Return the sentence on the intervals of shares."""
    if options.interval == INDEPENDENT:
        return (
            "their 95 % intervals are Wilson's (1927), which treat all choices as independent, and speak "
            f"about {about(options)}"
        )
    model = {
        "two-way": "with listeners and items as random (Tsui and Weerahandi, 1989)",
        "listener": "over listeners, the items taken as fixed",
        "item": "over items, the listeners taken as fixed",
    }[options.interval]
    return (
        "their 95 % intervals are Wilson's (1927) for the number of independent answers that would give "
        f"the same variance (Korn and Graubard, 1998), which is estimated {model}, and speak about "
        f"{about(options)}"
    )


def labels_of(frame: pd.DataFrame) -> dict[str, str]:
    """Return what conditions are called; the reference too where no row is of it."""
    named = frame.drop_duplicates("condition")
    return {"reference": "the reference", **dict(zip(named["condition"], named["label"], strict=True))}


def mean_model(options: Options) -> str:
    """Return the predicate on the intervals of means."""
    return {
        "two-way": "treat listeners and items as random (Tsui and Weerahandi, 1989)",
        "listener": "are t intervals over listeners, the items taken as fixed",
        "item": "are t intervals over items, the listeners taken as fixed",
    }[options.interval]
