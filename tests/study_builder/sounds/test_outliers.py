from __future__ import annotations

import pytest

from study_builder.sounds.outliers import deviation


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"a": 5, "b": 5, "reference": 5}, None),
        ({"a": 5}, None),
        ({"a": 5, "b": 6, "reference": 6}, "has 5, 2 of the trial's 3 sounds have 6"),
        # The minority may be the reference, and it may be the longest.
        ({"a": 6, "b": 6, "reference": 7}, "has 7, 2 of the trial's 3 sounds have 6"),
        ({"a": 5, "b": 6, "reference": 7}, "has 5, the reference has 7, and 'b' deviates as well"),
        ({"a": 5, "reference": 7}, "has 5, the reference has 7"),
        # Half is no majority.
        ({"a": 5, "b": 5, "c": 7, "reference": 7}, "has 5, the reference has 7, and 'b' deviates as well"),
        ({"a": 5, "b": 7}, "has 7, 'a' has 5"),
        (
            {"a": 1, "b": 2, "c": 3, "d": 7, "e": 7, "f": 7, "reference": 7},
            "has 1, 4 of the trial's 7 sounds have 7, and 'b' and 'c' deviate as well",
        ),
    ],
)
def test_the_minority_deviates_and_without_a_majority_what_is_unlike_the_reference(
    values: dict[str, int], sentence: str | None
) -> None:
    found = deviation(values)
    assert (found and found.sentence(lambda name: str(values[name]))) == sentence


def test_the_odd_condition_is_named() -> None:
    found = deviation({"a": 6, "reference": 7, "b": 6})
    assert found is not None
    assert (found.odd, found.usual) == (("reference",), "a")
