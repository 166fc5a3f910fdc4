"""What webMUSHRA posts: a session with a trial of every kind, a study with these pages, and the request."""

from __future__ import annotations

import json

from mushra_server.web.server import Options
from tests.mushra_server.conftest import QUESTIONS, mushra_page

COLLECT = Options(collect_webmushra=True)
PATHS = {name: f"audio/item1/{name}.wav" for name in ("lmac-td", "saliency", "anchor35")}
POINTS = [{"value": str(number)} for number in range(1, 6)]
HARD = 'R&B was A+B, 50%25 louder = "😀" \\ \n; drop'
WIDTH = {f"position_{side}": [1, 2, 3] for side in ("outerRight", "innerRight", "innerLeft", "outerLeft")}
LEV = {f"position_{part}": [4, 5, 6] for part in ("center", "height", "width1", "width2")}


def posted_pages(root):
    """A page of every type that webMUSHRA rates."""
    shared = {"name": "Sound", "content": "", "stimuli": PATHS}
    with_reference = {**shared, "reference": "audio/item1/reference.wav"}
    return [
        mushra_page(root, 1),
        {"type": "bs1116", "id": "bs", **with_reference},
        {"type": "paired_comparison", "id": "pc", **with_reference},
        {"type": "likert_multi_stimulus", "id": "lms", "response": POINTS, **shared},
        {"type": "likert_single_stimulus", "id": "lss", "response": [POINTS, POINTS], **shared},
        {"type": "spatial", "id": "sp", **shared},
        {"type": "finish", "id": "end", "name": "Thanks", "content": "", "questionnaire": QUESTIONS},
    ]


def session(**changes):
    """One session with a trial of every kind that webMUSHRA posts."""
    heard = {"stimulus": "lmac-td", "name": "locA"}
    pair = {"reference": "reference", "nonReference": "lmac-td"}
    posted = {
        "testId": "a-study",
        "participant": {"name": ["email", "age"], "response": ["a@b.c", "30"]},
        "trials": [
            {
                "id": "trial1",
                "type": "mushra",
                "responses": [
                    {"stimulus": "lmac-td", "score": "63", "comment": HARD, "time": 48211},
                    {"stimulus": "reference", "score": "100", "comment": None, "time": 48211},
                    {"stimulus": "anchor35", "score": "12", "comment": None, "time": 48211},
                ],
            },
            {
                "id": "bs",
                "type": "bs1116",
                "responses": [
                    {**pair, "referenceScore": "5", "nonReferenceScore": "3.2", "comment": None, "time": 1000}
                ],
            },
            {
                "id": "pc",
                "type": "paired_comparison",
                "responses": [{**pair, "answer": "correct", "comment": None, "time": 900}],
            },
            {
                "id": "lms",
                "type": "likert_multi_stimulus",
                "responses": [{"stimulus": "lmac-td", "stimulusRating": "3", "time": 500}],
            },
            {
                "id": "lss",
                "type": "likert_single_stimulus",
                "responses": [{"stimulus": "lmac-td", "stimulusRating": ["4", "NA"], "time": 500}],
            },
            {"id": "sp", "type": "localization", "responses": [{"position": [1, 2, 3], **heard}]},
            {"id": "sp", "type": "asw", "responses": [{**WIDTH, **heard}]},
            {"id": "sp", "type": "hwd", "responses": [{**WIDTH, "height": 7, "depth": 8, **heard}]},
            {"id": "sp", "type": "lev", "responses": [{**LEV, **heard}]},
        ],
        "uuid": "1d9f0b56-6f7e-4a60-9a3c-0f3c2f6f0a11",
        "config": "configs/default.yaml",
    }
    return {**posted, **changes}


def post(app, posted, path="/service/write.php"):
    """Post as webMUSHRA does: a form's content type around JSON that is not encoded."""
    body = b"sessionJSON=" + json.dumps(posted, ensure_ascii=False).encode()
    return app.test_client().post(path, data=body, content_type="application/x-www-form-urlencoded")
