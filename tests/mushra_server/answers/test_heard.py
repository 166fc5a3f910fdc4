"""Consent and listening are enforced by the server, whatever a client sends."""

from __future__ import annotations

import pytest


def _put(listener, page, answer, **changes):
    body = answer(page, **changes)
    return listener.client.put(f"/api/session/pages/{page['index']}", json=body)


def test_a_page_needs_the_consent_that_comes_before_it(make_app, make_listener, answer, rows):
    app = make_app(strict=True)
    listener = make_listener(app).start()
    trial = listener.trials()[0]
    for path in ("", "/draft"):
        body = answer(trial)
        refused = listener.client.put(f"/api/session/pages/{trial['index']}{path}", json=body)
        assert refused.status_code == 409 and refused.json["missing"] == [1]
        assert refused.json["error"].endswith("cannot be stored yet: consent (page 1) is needed first")
    assert rows(app, "SELECT * FROM submissions") == rows(app, "SELECT * FROM drafts") == []
    listener.save(0)  # before the consent
    for given in ({"consent": "false"}, {}):
        found = listener.put(1, {"attempt": "a", "answers": given})
        assert (found.status_code, found.json["error"]) == (400, "answers: consent is needed to take part")
    listener.save(1)
    assert _put(listener, trial, answer).status_code == 200


@pytest.mark.parametrize(
    ("listened", "accepted"), [(None, False), (0, False), (100, False), (200, True), (5000, True)]
)
def test_a_sound_of_a_fifth_of_a_second_counts_when_all_of_it_was_heard(
    make_app, make_listener, answer, listened, accepted
):
    listener = make_listener(make_app(strict=True)).start()
    listener.save(1)
    trial = listener.trials()[0]
    ratings = [{**one, "listened_ms": listened} for one in answer(trial)["ratings"]]
    found = _put(listener, trial, answer, ratings=ratings)
    assert found.status_code == (200 if accepted else 400)
    assert accepted or found.json["error"].startswith("ratings: not heard yet: s1, s2, s3, s4, s5; expected")


@pytest.mark.parametrize(("listened", "accepted"), [(900, False), (960, True)])
def test_one_second_of_a_long_sound_is_enough(
    make_study, make_app, make_listener, answer, tone, listened, accepted
):
    study = make_study(n_items=1, strict=True)
    for file in study.rglob("*.wav"):
        tone(file, 300, seconds=3)
    listener = make_listener(make_app(study)).start()
    listener.save(1)
    trial = listener.trials()[0]
    ratings = [{**one, "listened_ms": listened} for one in answer(trial)["ratings"]]
    assert _put(listener, trial, answer, ratings=ratings).status_code == (200 if accepted else 400)


def test_a_study_that_does_not_ask_for_listening_takes_scores_without(make_app, make_listener, answer):
    listener = make_listener(make_app(must_listen=False)).start()
    listener.save(1)
    trial = listener.trials()[0]
    ratings = [{**one, "listened_ms": None} for one in answer(trial)["ratings"]]
    assert _put(listener, trial, answer, ratings=ratings).status_code == 200
