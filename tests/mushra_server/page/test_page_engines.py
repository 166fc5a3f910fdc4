"""The page in Firefox and in WebKit: one MUSHRA, one ACR and one paired trial, from start to finish."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import soundfile

from tests.mushra_server.page import studies
from tests.mushra_server.page.engines import Engine, open_firefox, open_webkit

pytestmark = pytest.mark.slow

NEXT = ".foot .primary"


def hear(someone: Engine) -> None:
    """Play every sound of a page until it counts as heard."""
    for n in range(someone.read("document.querySelectorAll('.sound-button').length")):
        button = f"[data-n='{n}'].sound-button"
        someone.read("document.querySelectorAll('.sound-button')[arguments[0]].dataset.n = arguments[0]", n)
        someone.click(button)
        someone.wait(f"{button}.heard")


@pytest.mark.parametrize("open_engine", [open_firefox, open_webkit], ids=["firefox", "webkit"])
def test_three_tests_are_walked_through(
    open_engine: Any, make_study: Callable[..., Path], serve: Callable[..., str], tmp_path: Path
) -> None:
    pair = studies.CONDITIONS[:2]
    mushra = studies.trial("mushra", "mushra", conditions=pair, **studies.REFERENCE)
    questions = {**studies.FINISH, "questionnaire": studies.QUESTIONS[:1]}
    study = make_study([mushra, studies.LIKERT_SINGLE, studies.PAIRED, questions], must_listen=True)
    deep = study / "audio/item/kestrel.wav"
    samples, rate = soundfile.read(deep)
    soundfile.write(deep, samples, rate, subtype="PCM_24")
    (home := tmp_path / "home").mkdir()
    with open_engine(home) as someone:
        someone.go(serve(study))
        someone.wait(".progress-text[data-page='1']")
        someone.wait(".board")
        for n in range(3):
            someone.click(f".lane:nth-child({n + 1}) .sound-button")
            someone.wait(f".lane:nth-child({n + 1}) .sound-button.heard")
            someone.click(f".lane:nth-child({n + 1}) .slider.enabled")
        assert (
            someone.read("[...document.querySelectorAll('.score b')].map((b) => b.textContent)") == ["50"] * 3
        )
        hear(someone)  # the reference
        assert someone.read("document.querySelector('.notice')") is None  # its rate is the sounds' own
        someone.click(NEXT)

        someone.wait("article[data-type=likert_single_stimulus] .likert-row")
        hear(someone)
        someone.click(".choice input[value='4']")
        someone.click(NEXT)

        someone.wait("article[data-type=paired_comparison] .sound-row")
        hear(someone)
        someone.click(".choice:nth-child(2) input")
        someone.click(NEXT)

        someone.wait(".question input")
        someone.write(".question input", "34\ue007")  # and Enter, which means next after the last question
        someone.wait(".done-mark")
    rows = studies.stored(study)
    scores = [(row["page_type"], row["score"]) for row in rows]
    assert sorted(scores) == [
        ("likert_single_stimulus", 4.0),
        *[("mushra", 50.0)] * 3,
        ("paired_comparison", 1.0),
    ]
    assert all(row["listened_ms"] >= 280 for row in rows), "sound was played"
    assert studies.answers(study) == {"age": "34"}
