"""Ratings made from formulas, and the real ones where they are at hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.ratings.tidy import tidy
from tests.figures import SAVE, write_stand_ins

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "ratings"


def shared_ratings(name: str) -> Path:
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"the real ratings {name} are not beside the repository (../shared/data/ratings)")
    return path


@pytest.fixture
def codec_csv() -> Path:
    """Real MUSHRA ratings: Stahl et al., IEEE Access 2024 (CC BY 4.0), 21 listeners heard 8 of 16 items."""
    return shared_ratings("codec_mushra.csv")


@pytest.fixture
def timbre_csv() -> Path:
    """Real ratings from 1 to 5 without a reference: Comanducci 2024 (MIT), 17 listeners, 8 trials."""
    return shared_ratings("timbre_transfer_1to5.csv")


Make = Callable[..., pd.DataFrame]


@pytest.fixture(scope="session")
def make() -> Make:
    """Simulate a study from the two-way model; every part of it can be chosen."""

    def build(
        listeners: int = 8,
        items: int = 6,
        means: dict[str, float] | None = None,
        sd: tuple[float, float, float] = (8.0, 5.0, 7.0),
        own: tuple[float, float] = (3.0, 3.0),
        seed: int = 0,
        missing: float = 0.0,
    ) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        chosen = means or {"A": 60.0, "B": 45.0, "C": 40.0}
        a, b = rng.normal(0, sd[0], listeners), rng.normal(0, sd[1], items)
        rows = []
        for name, mean in chosen.items():
            ak, bk = rng.normal(0, own[0], listeners), rng.normal(0, own[1], items)
            for i in range(listeners):
                for j in range(items):
                    score = mean + a[i] + b[j] + ak[i] + bk[j] + rng.normal(0, sd[2])
                    rows.append((f"listener {i:03d}", f"item {j:02d}", name, score))
        frame = pd.DataFrame(rows, columns=["listener", "item", "condition", "score"])
        return tidy(frame[rng.random(len(frame)) >= missing])

    return build


@pytest.fixture(scope="session")
def kept_mushra(make: Make) -> pd.DataFrame:
    """The ratings of `mushra`, for fixtures that outlive a test; not to be changed."""
    return _make_mushra(make)


@pytest.fixture
def mushra(kept_mushra: pd.DataFrame) -> pd.DataFrame:
    """A complete MUSHRA study from 0 to 100: reference, two methods, both anchors; nobody is excluded."""
    return kept_mushra.copy()


def _make_mushra(make: Make) -> pd.DataFrame:
    means = {"reference": 99.0, "good": 70.0, "poor": 45.0, "anchor70": 35.0, "anchor35": 12.0}
    frame = make(listeners=10, items=6, means=means, sd=(4, 3, 4), own=(2, 2), seed=3)
    frame["score"] = frame["score"].clip(0, 100).round()
    frame.loc[frame["condition"] == "reference", "score"] = 100.0
    frame["trial_position"] = frame["item"].str[-2:].astype(float)
    frame["time_ms"] = 30000.0 - 1000 * frame["trial_position"]
    return frame


@pytest.fixture
def drawn_figures() -> None:
    """Draw the figures of the reports in this test."""


@pytest.fixture(autouse=True)
def _figures(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw figures, most of a report's time, only where a test asks for `drawn_figures`."""
    if "drawn_figures" not in request.fixturenames:
        monkeypatch.setattr(SAVE, write_stand_ins)
