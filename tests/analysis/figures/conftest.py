"""Here figures are what is tested: each is drawn."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _figures() -> None:
    """Leave the saving of figures as it is."""
