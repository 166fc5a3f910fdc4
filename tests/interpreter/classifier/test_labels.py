"""Which classes a classifier knows, in words."""

from __future__ import annotations

import pytest

from interpreter.classifier.labels import name_known

LIKE_AUDIOSET = ("Dog", "Clock tick", "Rain")
MANY = (*"abcdefgh", "Bark", "Siren")


@pytest.mark.parametrize(
    ("labels", "wanted", "said"),
    [
        (("low", "high"), "walrus", "it knows low, high"),
        (LIKE_AUDIOSET, "clock_tick", "it knows Dog, Clock tick, Rain (did you mean 'Clock tick'?)"),
        (tuple("abcdefgh"), "walrus", "it knows a, b, c, d, e, f, g, h"),
        (MANY, "sirens", "it knows a, b, c, d, e, f, g, h and 2 others (did you mean 'Siren'?)"),
    ],
)
def test_a_class_is_named_by_its_neighbours(labels: tuple[str, ...], wanted: str, said: str) -> None:
    assert name_known(labels, wanted) == said
