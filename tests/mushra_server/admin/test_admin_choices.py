"""The overview of a study of choices: sentences on choices, and no mean of zeros and ones."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from mushra_server.admin.results import compute

SOUNDS = {name: f"audio/item/{name}.wav" for name in ("new", "old")}
SCORES = {"ab": ([1, 0], "preferred"), "abx": ([1, 0], "correct"), "ccr": ([-2, 2], "comparison")}


@pytest.mark.parametrize("kind", SCORES)
def test_choices_are_reported_as_choices(
    kind: str,
    tmp_path: Path,
    tone: Callable[..., str],
    make_study: Callable[..., Path],
    make_app: Callable[..., Flask],
    make_listener: Callable[..., Any],
) -> None:
    for place, path in enumerate(SOUNDS.values()):
        tone(tmp_path / "study" / path, 300 + 40 * place)
    page = {"type": kind, "id": "item.new-old", "stimuli": SOUNDS}
    app = make_app(
        make_study(pages=[page], tests=[kind], trials={"item.new-old": {"item": "item", "test": kind}})
    )
    scores, attribute = SCORES[kind]
    for _ in range(6):
        listener = make_listener(app).start()
        (shown,) = listener.state["pages"]
        ratings = [
            {"key": sound["key"], "attribute": shown["scales"][0]["name"], "score": score, "listened_ms": 900}
            for sound, score in zip(shown["stimuli"], scores, strict=True)
        ]
        body = {"attempt": str(uuid.uuid4()), "time_ms": 900, "ratings": ratings}
        assert listener.put(0, body).status_code == 200
    server = app.extensions["listenable"]
    found = compute(server.study, server.database)
    assert found.problem is None
    assert found.scales == []
    (choice,) = found.choices
    assert choice.attribute == attribute
    assert choice.sentences
    assert "MOS" not in "".join(choice.sentences)
    assert found.counts == {"item": {"new": 6, "old": 6}}
