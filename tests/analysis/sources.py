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


def write(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_text(text, encoding=encoding)
    return path


def scores(frame: pd.DataFrame) -> dict[tuple[str, ...], float]:
    keys = frame[["listener", "item", "condition"]].itertuples(index=False, name=None)
    return dict(zip(keys, frame["score"], strict=True))
