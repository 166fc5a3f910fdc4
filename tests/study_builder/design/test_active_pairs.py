"""Active pairs: what a pair is expected to say, by other ways of computing it, and which pair comes next."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, pairwise

import numpy as np
import pytest
from scipy import integrate, optimize, stats
from scipy.special import expit, log_expit

from study_builder.config import AbPage, StudyConfig
from study_builder.config.options import StudyOptions, TrialInfo
from study_builder.config.page_types import Block
from study_builder.design import session_plan
from study_builder.design.active_pairs import PRIOR_SD, ActivePairs, fit_posterior, measure_information
from study_builder.errors import BuildError

WORTHS = np.array([1.2, 0.9, 0.0, -0.8, -1.3])
PAIRS = tuple(combinations(range(len(WORTHS)), 2))


def begin(count: int = 20, items: int = 1) -> ActivePairs:
    pairs = PAIRS * items
    of_item = tuple(item for item in range(items) for _ in PAIRS)
    return ActivePairs(pairs, of_item, tuple(range(len(pairs))), count)


def test_the_posterior_is_at_the_top_of_the_likelihood_and_the_prior() -> None:
    pairs, outcomes = ((0, 1), (1, 2), (0, 2), (0, 2)), (1.0, 0.5, 1.0, 0.0)

    def loss(places: np.ndarray) -> float:
        apart = np.array([places[a] - places[b] for a, b in pairs])
        shares = np.array(outcomes)
        likelihood = shares @ log_expit(apart) + (1 - shares) @ log_expit(-apart)
        return float(-likelihood + 0.5 * places @ places / PRIOR_SD**2)

    mean, covariance = fit_posterior(3, pairs, outcomes)
    best = optimize.minimize(loss, np.zeros(3), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-13})
    assert mean == pytest.approx(best.x, abs=1e-5)
    step = 1e-3  # the curvature there, by differences
    hessian = np.zeros((3, 3))
    for a, b in np.ndindex(3, 3):
        up, side = np.eye(3)[a] * step, np.eye(3)[b] * step
        corners = loss(mean + up + side) - loss(mean + up - side) - loss(mean - up + side)
        hessian[a, b] = (corners + loss(mean - up - side)) / (4 * step**2)
    assert covariance == pytest.approx(np.linalg.inv(hessian), rel=1e-4)


def test_information_is_what_an_answer_tells_of_the_difference() -> None:
    mean, covariance = fit_posterior(3, ((0, 1), (0, 2)), (1.0, 1.0))
    found = measure_information(np.array([(0, 1), (1, 2)]), mean, covariance)
    for (a, b), information in zip(((0, 1), (1, 2)), found, strict=True):
        spread = np.sqrt(covariance[a, a] + covariance[b, b] - 2 * covariance[a, b])
        apart = stats.norm(mean[a] - mean[b], spread)

        def inside(difference: float, apart: object = apart) -> float:
            entropy = stats.bernoulli(expit(difference)).entropy()
            return float(entropy * apart.pdf(difference))  # type: ignore[attr-defined]

        share = integrate.quad(lambda d, apart=apart: expit(d) * apart.pdf(d), -30, 30)[0]
        left = integrate.quad(inside, -30, 30)[0]
        assert information == pytest.approx(stats.bernoulli(share).entropy() - left, abs=1e-5)
    assert found[1] > found[0]  # 0 is ahead of both, and of these two nothing is known


def test_pairs_that_are_close_are_heard_more_often() -> None:
    rng = np.random.default_rng(1)
    heard: Counter[tuple[int, int]] = Counter()
    for _ in range(20):
        state = begin(40)
        while not state.finished:
            a, b = state.pairs[state.place]
            state = state.answer(float(rng.random() < expit(3 * (WORTHS[a] - WORTHS[b]))))
        pages = [state.pairs[page] for page in state.heard]
        assert all(one != other for one, other in pairwise(pages))
        heard.update(pages)
    assert heard[0, 1] > 3 * heard[0, 4] and heard[3, 4] > 3 * heard[0, 4]


def test_items_take_turns() -> None:
    state = begin(20, items=4)
    while not state.finished:
        state = state.answer(0.5)
    assert set(Counter(state.items[page] for page in state.heard).values()) == {5}
    with pytest.raises(BuildError, match=r"^the track is finished after 20 pairs$"):
        state.answer(1)
    with pytest.raises(BuildError, match=r"^an answer to a pair is 2; expected 0 to 1$"):
        begin().answer(2)


def test_a_session_follows_from_its_answers_whatever_sound_came_first() -> None:
    pages, trials = [], {}
    for item in ("i", "j"):
        for a, b in PAIRS:
            name = f"{item}.{a}-{b}"
            pages.append(AbPage(id=name, ties=True, conditions={f"c{k}": f"{item}{k}.wav" for k in (a, b)}))
            trials[name] = TrialInfo(item=item, test="ab")
    options = StudyOptions(adaptive="active-12", tests=("ab",), trials=trials, seed=3)
    config = StudyConfig(pages=(Block(random=True, pages=tuple(pages)),), options=options)
    rng = np.random.default_rng(2)
    answers: list[float] = []
    while (plan := session_plan(config, 1, answers)).open:
        first, second = (WORTHS[int(name[1])] for name in plan.pages[-1].conditions)
        answers.append(float(rng.random() < expit(2 * (first - second))))
    assert len(plan.pages) == len(answers) == 12
    swapped = [page.conditions != tuple(page.page.conditions) for page in plan.pages]
    assert {True, False} == set(swapped)
    last = plan.pages[-1].adaptive
    assert isinstance(last, ActivePairs)
    mean, _ = fit_posterior(5, tuple(last.pairs[page] for page in last.heard), last.outcomes)
    assert np.corrcoef(mean, WORTHS)[0, 1] > 0.7
    for count in range(len(answers)):
        assert session_plan(config, 1, answers[:count]).pages == plan.pages[: count + 1]
    early = session_plan(config, 1, answers[:3]).pages[-1].adaptive
    assert isinstance(early, ActivePairs)
    assert early.pairs is last.pairs and early.items is last.items and early.ranks is last.ranks  # one memory
    firsts = {session_plan(config, slot).pages[0].page.id for slot in range(8)}
    assert len(firsts) == 8
