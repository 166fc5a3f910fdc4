"""What the server exports, in every format, is read back as the ratings that its database holds."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from analysis import RatingsError, load_ratings
from mushra_server.export.files import export_files
from tests.mushra_server.conftest import answer_to

KEYS = ["item", "condition", "attribute", "kind", "simulated"]
texts = st.text(st.sampled_from("=+-@'\"\\,;:\t\n\r\u2028\x85 äöüß日aeN0.%&"), max_size=12) | st.text(
    max_size=8
)
scores = st.floats(0, 100).map(lambda score: round(score, 2))


def rows(frame, *more):
    """The ratings with their texts; spaces at the ends of a CSV's cell are no part of it."""
    table = frame[[*KEYS, "score", *more]].fillna("")
    texts = [
        [str(value).strip() if isinstance(value, str) else value for value in row] for row in table.values
    ]
    return sorted(map(tuple, texts), key=repr)


def rate(listener, draw, email, simulated, number):
    """Rate everything; the listener's id, the e-mail and the comments are whatever somebody types."""
    listener.start({"PROLIFIC_PID": f"{draw(texts)}{number}"}, simulated=simulated)
    for page in listener.state["pages"]:
        body = answer_to(page)
        for rating in body["ratings"]:
            rating |= {"score": draw(scores), "comment": draw(st.none() | texts)}
        if page["type"] == "finish":
            body["answers"]["email"] = email
        answer = listener.put(page["index"], body)
        assert answer.status_code == 200, answer.json


def test_every_format_gives_the_same_ratings(make_app, make_listener, tmp_path):
    app = make_app(n_items=2, scales=[{"name": "speech"}, {"name": "noise"}])
    server = app.extensions["listenable"]
    numbers = iter(range(1000))

    @settings(
        max_examples=12,
        derandomize=True,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(st.data(), texts, st.booleans())
    def check(data, email, simulated):
        rate(make_listener(app), data.draw, email, simulated, next(numbers))
        for format in ("csv", "json", "webmushra", "pymushra"):
            dict(export_files(server.database, server.study.root, format, tmp_path / "out"))
        stored = load_ratings(server.study.root, simulated="include")
        more = [
            "listener",
            "session",
            "comment",
            "q_email",
            "q_PROLIFIC_PID",
            "trial_position",
            "listened_ms",
        ]
        for name in ("ratings.csv", "ratings.json"):
            assert rows(load_ratings(tmp_path / "out" / name, simulated="include"), *more) == rows(
                stored, *more
            )
        # These formats hold sessions instead of listeners, and the page's id instead of its item.
        stored["item"] = stored["item"].str.replace("item", "trial")
        more = ["session", "comment", "q_email", "q_PROLIFIC_PID"]
        for pattern in ("results/*", "pymushra*.json"):
            sources = sorted((tmp_path / "out").glob(pattern))
            frame = load_ratings(*sources, simulated="include")
            assert rows(frame, *more) == rows(stored, *more), pattern

    check()


def test_a_json_export_of_a_newer_version_or_without_ratings_is_refused(tmp_path):
    path = tmp_path / "ratings.json"
    for content, sentence in (
        (
            {"schema_version": 2, "ratings": [], "answers": []},
            "ratings.json has the schema_version 2; expected 1",
        ),
        ({"schema_version": 1, "ratings": [], "answers": []}, "no ratings in ratings.json"),
    ):
        path.write_text(json.dumps(content))
        with pytest.raises(RatingsError) as error:
            load_ratings(path)
        assert str(error.value) == sentence
