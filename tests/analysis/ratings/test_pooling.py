"""Listener ids of pooled studies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from analysis import load_ratings, mos

Make = Callable[..., pd.DataFrame]


def two_studies(make: Make, folder: Path) -> list[Path]:
    paths = []
    for seed, study in enumerate(("first", "second")):
        paths.append(folder / f"{study}.csv")
        make(listeners=4 + seed, seed=seed).assign(study=study).to_csv(paths[-1], index=False)
    return paths


def test_the_same_id_in_two_studies_is_two_people(make: Make, tmp_path: Path) -> None:
    frame = load_ratings(*two_studies(make, tmp_path))
    assert frame["listener"].nunique() == 9
    assert {"first/listener 000", "second/listener 000", "listener 004"} <= set(frame["listener"])
    assert (mos(frame)["n_listeners"] == 9).all()
    assert frame.attrs["notes"] == [
        "4 listener ids ('listener 000', 'listener 001', 'listener 002', ...) in several studies: treated as "
        "different people; --same-listeners if they are not."
    ]


def test_the_same_people_by_request(make: Make, tmp_path: Path) -> None:
    frame = load_ratings(*two_studies(make, tmp_path), same_listeners=True)
    assert frame["listener"].nunique() == 5
    assert frame.attrs["notes"][0].endswith("in several studies: the same people (--same-listeners).")


def test_one_study_keeps_its_ids(make: Make, tmp_path: Path) -> None:
    path = two_studies(make, tmp_path)[0]
    frame = load_ratings(path)
    assert frame["listener"].nunique() == 4 and frame.attrs["notes"] == []
