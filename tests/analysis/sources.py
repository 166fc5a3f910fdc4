"""Small sources of ratings that several tests read."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

MUSHRA = '''session_test_id,email,age,session_uuid,trial_id,rating_stimulus,rating_score,rating_time,rating_comment
test,a@b.c,30,uuid-1,song1,C1,63,48211,good
test,a@b.c,30,uuid-1,song1,reference,100,48211,
test,a@b.c,30,uuid-1,song1,anchor35,12,48211,
test,d@e.f,007,uuid-2,song1,C1,50,30000,"a, ""b"""
test,d@e.f,007,uuid-2,song1,reference,99,30000,
test,d@e.f,007,uuid-2,song1,anchor35,5,30000,
'''  # noqa: E501

OURS = (
    "study,session,listener,item,condition,attribute,role,kind,score,time_ms,listened_ms,comment,trial_position,"
    "condition_position,simulated,finished,submitted_at,q_age\n"
    "st,se1,0123,dog,lmac,score,method,trial,55.5,1000,900,,1,2,0,1,2026-01-01T00:00:00Z,30\n"
    "st,se1,0123,dog,reference,score,hidden_reference,trial,,1000,0,,1,1,0,1,2026-01-01T00:00:00Z,30\n"
    "st,se1,0123,dog,lmac,score,method,repeat,50,1000,900,,5,2,0,1,2026-01-01T00:00:00Z,30\n"
)
LSS = """session_test_id,name,trial_id,stimuli_rating1,stimuli_rating2,stimuli,rating_time
t,Ann,page,4,NA,C1,500
t,Ann,page,5,2,C2,600
"""
LMS = """session_test_id,name,trial_id,stimuli_rating,stimuli,rating_time
t,Ann,page, 3 ,C1,500
t,Bob,page, 4 ,C1,500
"""
BS1116 = """session_test_id,name,trial_id,rating_reference,rating_non_reference,rating_reference_score,rating_non_reference_score,rating_time,choice_comment
t,Ann,page,reference,C1,5,3.2,1000,hm
t,Ann,page,reference,C2,4.5,5,900,
"""  # noqa: E501
PAIRED = """session_test_id,name,trial_id,choice_reference,choice_non_reference,choice_answer,choice_time,choice_comment
t,Ann,p1,reference,C1,correct,900,
t,Ann,p2,reference,C1,incorrect,900,
t,Ann,p3,reference,C1,undecided,900,
t,Ann,p4,reference,C1,unknown,900,
"""  # noqa: E501
TINYDB = {
    "test": {
        "1": {
            "type": "mushra", "id": 7, "testId": "test", "config": "c.yaml", "date": "2024-01-01 10:00:00",
            "responses": [
                {"stimulus": "C1", "score": 63, "comment": None, "time": 1000},
                {"stimulus": "reference", "score": 100, "comment": None, "time": 1000},
            ],
            "questionaire": {"age": 30, "uuid": "123456789012345678901234"},
        },
        "2": {
            "type": "likert_single_stimulus", "id": "page", "testId": "test", "config": "c.yaml", "date": "x",
            "responses": [{"stimulus": "C1", "stimulusRating": [4], "time": 10}],
            "questionaire": {"age": 30, "uuid": "123456789012345678901234"},
        },
    }
}  # fmt: skip


def write(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_text(text, encoding=encoding)
    return path


def scores(frame: pd.DataFrame) -> dict[tuple[str, ...], float]:
    keys = frame[["listener", "item", "condition"]].itertuples(index=False, name=None)
    return dict(zip(keys, frame["score"], strict=True))
