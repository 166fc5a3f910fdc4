"""Checks of what each listening test asks of its pages: points and words, questions, numbers of trials."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from math import comb

from study_builder.checks.report import Finding
from study_builder.config import (
    AbPage,
    AbxPage,
    ChoicePage,
    LikertPage,
    StudyConfig,
)
from study_builder.config.scales import P835_BACKGROUND, P835_SIGNAL, QUALITY
from study_builder.design import trial_pages

ALPHA = 0.05
_SCALES = {"acr": (QUALITY,), "p835": (P835_SIGNAL, P835_BACKGROUND, QUALITY)}
_CLAUSES = {"acr": "ITU-T P.808, section 6 and P.800, annex B", "p835": "ITU-T P.835"}


def check_tests(config: StudyConfig) -> Iterator[Finding]:
    """Yield what is found on pages of other tests than MUSHRA."""
    yield from _points(config)
    yield from _questions(config)
    yield from _abx_trials(config)
    alone = Counter(page.type for page in config.walk() if isinstance(page, ChoicePage))
    if alone:
        listed = ", ".join(f"{count} {kind}" for kind, count in sorted(alone.items()))
        message = (
            f"{listed}: webMUSHRA itself has no such pages and cannot show them, listenable's server can"
        )
        yield Finding("note", "page-type", "pages", message)


def _points(config: StudyConfig) -> Iterator[Finding]:
    for page in config.walk():
        test = config.trial(page).test if isinstance(page, LikertPage) else None
        if not isinstance(page, LikertPage) or test not in _SCALES:
            continue
        wanted, where = _SCALES[test], f"page '{page.id}'"
        if len(page.response) != len(wanted):
            message = f"has {len(page.response)} scales; a {test} test has {len(wanted)}"
            yield Finding("error", "scales-of-test", where, message, _CLAUSES[test])
            continue
        for scale, words in zip(page.response, wanted, strict=True):
            found = {point.value: point.label for point in scale}
            if set(found) != {str(score) for score in range(1, len(words) + 1)}:
                message = f"has the points {', '.join(found)}; a {test} test has the points 1 to {len(words)}"
                yield Finding("error", "points-of-test", where, message, _CLAUSES[test])
            elif [found[str(score)] for score in range(1, len(words) + 1)] != list(words):
                message = (
                    f"has other words than {', '.join(words)} for its points; results compare with "
                    "those of other tests only if a translation is an established one"
                )
                yield Finding("note", "words-of-test", where, message, _CLAUSES[test])


def _questions(config: StudyConfig) -> Iterator[Finding]:
    for page in config.walk():
        asked = f"{page.content} {page.question or ''}" if isinstance(page, AbPage) else ""
        if re.search(r"\b(same|identical)\b.*\breference\b|\breference\b.*\b(same|identical)\b", asked, re.I):
            message = (
                "asks which sound is the same as the reference, but answers are stored as preferences and no "
                "reference is played; expected --test abx, or a question of preference"
            )
            yield Finding("error", "question-of-test", f"page '{page.id}'", message)


def _abx_trials(config: StudyConfig) -> Iterator[Finding]:
    """Yield how many right answers show that a listener hears the difference between two conditions."""
    pairs = Counter(frozenset(page.conditions) for page in trial_pages(config) if isinstance(page, AbxPage))
    for count in sorted(set(pairs.values())):
        few = [" and ".join(sorted(pair)) for pair, n in pairs.items() if n == count]
        what = f"one listener hears {', '.join(few)} in {count} abx trials"
        needed = right_answers_needed(count)
        if needed is None:
            message = (
                f"{what}, in which even all right answers can be luck ({0.5**count:.0%}); expected 5 or "
                "more, or a question that is only about the whole panel"
            )
        else:
            message = f"{what}, of which {needed} right ({needed / count:.0%}) are more than luck (5 %)"
        yield Finding("note", "abx-trials", "pages", message)


def right_answers_needed(trials: int, alpha: float = ALPHA) -> int | None:
    """Return the fewest right answers that guessing reaches with at most the probability `alpha`.

    Exact binomial test against one half, one-sided; None if even all right answers are not enough.
    """
    tail = 0
    for right in range(trials, -1, -1):
        tail += comb(trials, right)
        if tail > alpha * 2**trials:
            return right + 1 if right < trials else None
    return 0
