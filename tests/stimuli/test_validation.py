from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from stimuli.validation import describe_finding


class Record(BaseModel):
    model_config = ConfigDict(extra="forbid")

    volume: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.5
    rate: Annotated[int, Field(gt=0, lt=10)] = 1
    order: Literal["fixed", "random"] = "fixed"
    name: str = ""
    looped: bool = False
    parts: Annotated[tuple[int, ...], Field(min_length=1, max_length=2)] = (1,)
    roles: dict[str, str] = {}
    even: int = 2

    @field_validator("even")
    @classmethod
    def _even(cls, value: int) -> int:
        if value % 2:
            raise ValueError(f"is {value}; expected an even number" if value < 9 else "nine is unlucky")
        return value


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"volume": 3}, "'volume' is 3; expected 1 or less"),
        ({"volume": -1}, "'volume' is -1; expected 0 or more"),
        ({"volume": "loud"}, "'volume' is 'loud'; expected a number"),
        ({"volume": float("nan")}, "'volume' is nan; expected a finite number"),
        ({"rate": 0}, "'rate' is 0; expected more than 0"),
        ({"rate": 10}, "'rate' is 10; expected less than 10"),
        ({"rate": 1.5}, "'rate' is 1.5; expected an integer"),
        ({"rate": None}, "'rate' is None; expected an integer"),
        ({"order": "x"}, "'order' is 'x'; expected 'fixed' or 'random'"),
        ({"name": 1}, "'name' is 1; expected text"),
        ({"looped": "often"}, "'looped' is 'often'; expected true or false"),
        ({"parts": []}, "'parts' is a list of 0; expected 1 or more entries"),
        ({"parts": [1, 2, 3]}, "'parts' is a list of 3; expected 2 entries or fewer"),
        ({"parts": 1}, "'parts' is 1; expected a list"),
        ({"roles": [list(range(100))]}, "'roles' is a list; expected a mapping"),
        ({"even": 3}, "'even' is 3; expected an even number"),
        ({"even": 9}, "'even': nine is unlucky"),
        ({"nonsense": 1}, "the key 'nonsense' is unknown"),
    ],
)
def test_findings_say_what_was_found_and_expected(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Record(**values)
    problem = caught.value.errors()[0]
    assert describe_finding(".".join(map(str, problem["loc"])), problem) == sentence


def test_what_is_missing_and_what_we_have_no_words_for() -> None:
    assert (
        describe_finding("a", {"type": "missing", "input": {}, "msg": "Field required"}) == "'a' is missing"
    )
    odd = {"type": "is_odd", "input": 3, "msg": "Input is odd"}
    assert describe_finding("a", odd) == "'a' is 3; input is odd"
