"""Published choices and comparisons, where the folder of shared data is there."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.analysis.conftest import shared_ratings


@pytest.fixture
def sound_quality() -> pd.DataFrame:
    """Choices of 40 listeners among 8 reproductions: Choisel & Wickelmaier 2007, row preferred to column."""
    return pd.read_csv(shared_ratings("SoundQuality_pairmatrix.csv"), index_col=0)


@pytest.fixture
def hd_uhd() -> pd.DataFrame:
    """3,840 comparison ratings of 60 people: slhck/hd-uhd-comparison (MIT)."""
    return pd.read_csv(shared_ratings("hd_uhd_ccr.csv"))
