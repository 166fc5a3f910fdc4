"""Pages on which sounds are chosen or compared: which answers are possible, and how ABX is stored.

Every sound of such a page has a row, so that a pair, its order and what was chosen can be read from the rows
of one page: `preferred` (1 and 0, or one half each), `comparison` (how much better a sound is than the other,
so that the two are opposite), `choice` (1 best, -1 worst). On an ABX page the browser names the sound that X
is said to be; what is stored is which one X was (`x`), and whether that was right (`correct`). In an adaptive
test the level of the pair is stored, too (`level`, 1 the hardest), and with the last answer of a track its
`threshold`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from analysis.ratings.names import CORRECT, LEVEL, THRESHOLD, X_WAS
from mushra_server.database.page_answers import Rating
from mushra_server.errors import AnswerError
from mushra_server.study.served_study import SessionPage
from study_builder.config import AbPage, AbxPage, BestWorstPage, CcrPage
from study_builder.design.staircase import Staircase

__all__ = ["check_choice", "rows_of"]


def check_choice(page: SessionPage, ratings: Sequence[Rating]) -> None:
    """Check that the scores of a page's sounds are an answer that a listener can give.

    Raises:
        AnswerError: If some sounds have a score and others do not, or the page cannot produce these scores.
    """
    found = page.page
    if not isinstance(found, AbPage | AbxPage | CcrPage | BestWorstPage):
        return
    given = [rating.score for rating in ratings]
    scores = [score for score in given if score is not None]
    if not scores:
        return
    if len(scores) < len(given):
        raise AnswerError(f"ratings: {len(scores)} of {len(given)} sounds have a score; expected all or none")
    expected = _describe_expected(found)
    if not _is_answer(found, sorted(scores)):
        listed = ", ".join(f"{score:g}" for score in scores)
        raise AnswerError(f"ratings: the scores are {listed}; expected {expected}")


def rows_of(page: SessionPage, ratings: Sequence[Rating]) -> tuple[Rating, ...]:
    """Return the rows that are stored of a page: those of ABX say what X was, and if that was found."""
    if not isinstance(page.page, AbxPage):
        return tuple(ratings)
    hidden = None if page.planned is None else page.planned.hidden
    chosen = next((rating.condition for rating in ratings if rating.score == 1), None)
    correct = None if chosen is None else float(chosen == hidden)
    found = _find_levels(page, correct)
    rows: list[Rating] = []
    for rating in ratings:
        was = None if chosen is None else float(rating.condition == hidden)
        rows.append(replace(rating, attribute=CORRECT, score=correct))
        rows.append(replace(rating, attribute=X_WAS, score=was, comment=None))
        rows += [replace(rating, attribute=name, score=at, comment=None) for name, at in found.items()]
    return tuple(rows)


def _find_levels(page: SessionPage, correct: float | None) -> dict[str, float]:
    """Return the level of an adaptive trial, and the threshold if its answer ends the track."""
    before = None if page.planned is None else page.planned.adaptive
    if not isinstance(before, Staircase) or correct is None:
        return {}
    after = before.answer(correct)
    return {LEVEL: before.level} | ({THRESHOLD: after.threshold} if after.finished else {})


def _is_answer(page: AbPage | AbxPage | CcrPage | BestWorstPage, scores: list[float]) -> bool:
    if isinstance(page, CcrPage):
        return scores[0] == -scores[1] and scores[0].is_integer()
    if isinstance(page, BestWorstPage):
        return scores == [-1, *[0] * (len(scores) - 2), 1]
    return scores == [0, 1] or (isinstance(page, AbPage) and page.ties and scores == [0.5, 0.5])


def _describe_expected(page: AbPage | AbxPage | CcrPage | BestWorstPage) -> str:
    if isinstance(page, CcrPage):
        return "a whole number and its opposite"
    if isinstance(page, BestWorstPage):
        return "1 for the best, -1 for the worst and 0 for the others"
    tie = isinstance(page, AbPage) and page.ties
    return "1 for one sound and 0 for the other" + (", or 0.5 for both" if tie else "")
