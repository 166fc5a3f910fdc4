"""Numbers of listeners: computed by another process, kept, and never waited for."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from analysis import required_listeners
from analysis.choices.power import required_choice_listeners
from analysis.models.simulation.studies import Spread
from mushra_server.studio.planning import forecasts as module
from mushra_server.studio.planning.forecasts import Forecasts
from mushra_server.studio.planning.listeners_needed import Needed, Question

PREFERENCE = Question("ab", 0.0, 6)
SCORES = Question("acr", 4.0, 12, 1)


@pytest.fixture
def forecasts() -> Iterator[Forecasts]:
    made = Forecasts()
    yield made
    made.close()


def wait(forecasts: Forecasts, question: Question) -> Needed:
    until = time.monotonic() + 60
    while (found := forecasts.look(question)).pending and time.monotonic() < until:
        time.sleep(0.05)
    return found


def test_an_answer_is_pending_and_then_that_of_the_analysis(forecasts: Forecasts) -> None:
    begin = time.perf_counter()
    assert forecasts.look(PREFERENCE).pending and forecasts.look(SCORES).pending
    assert time.perf_counter() - begin < 0.5, "nobody waits for the computing"
    assert wait(forecasts, PREFERENCE).listeners == required_choice_listeners(0.65, 6, test="ab")
    usual = Spread()
    spread = Spread(usual.listener_sd / 25, usual.item_sd / 25, usual.residual_sd / 25)
    found = wait(forecasts, SCORES)
    assert found.listeners == required_listeners(0.4, 12, spread, comparisons=1, draws=1000)
    assert "0.4 points" in found.note


def test_an_answer_is_computed_once(forecasts: Forecasts, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(Forecasts, "_compute", lambda _, question: asked.append(question) or Needed(7))
    for _ in range(3):
        assert wait(forecasts, PREFERENCE) == Needed(7)
    assert asked == [PREFERENCE]
    assert forecasts.look(Needed(note="no formula")) == Needed(note="no formula") and len(asked) == 1


def test_what_cannot_be_computed_is_said_and_the_next_is(
    forecasts: Forecasts, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "LIMIT_S", 0.001)
    assert wait(forecasts, PREFERENCE) == module.FAILED
    assert "timed out" in caplog.text
    monkeypatch.undo()
    monkeypatch.setattr(module, "MAX_WAITING", 0)
    assert forecasts.look(SCORES).pending, "too many wait: it is asked for again by the next look"
    monkeypatch.undo()
    monkeypatch.setattr(Forecasts, "_compute", lambda *_: Needed(9))
    assert wait(forecasts, SCORES) == Needed(9)


def test_closing_ends_what_is_being_computed() -> None:
    forecasts = Forecasts()
    forecasts.look(Question("mushra", 100.0, 3, 3))
    time.sleep(0.2)
    begin = time.perf_counter()
    forecasts.close()
    assert time.perf_counter() - begin < 5
    assert forecasts.look(PREFERENCE).pending, "and starts nothing"
