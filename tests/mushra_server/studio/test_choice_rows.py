"""Rows of the studio's form: what is written there comes back as it was, or is refused."""

from __future__ import annotations

import pytest

from mushra_server.studio.choices.fields import read_choices
from mushra_server.studio.choices.rows import choose_question, question_rows, scale_rows, show_number


def test_numbers_of_the_form_keep_all_of_their_digits() -> None:
    """They came back rounded to six, and were saved so with whatever was changed next."""
    row = {"type": "number", "name": "id", "label": "", "answers": "", "range": "1000001 to 7654321.5"}
    question = choose_question({**row, "optional": ""})
    assert (question["min"], question["max"]) == (1000001, 7654321.5)
    assert question_rows({"questionnaire": [question]})[0]["range"] == row["range"]
    assert scale_rows({"scales": [{"name": "hz", "max": 1234567}]})[0]["max"] == "1234567"
    assert [show_number(value) for value in (-23.0, 0.0625, 7654321.0)] == ["-23", "0.0625", "7654321"]


@pytest.mark.parametrize("text", ["18-99", "to 99", "99 to 18", "young"])
def test_a_range_that_is_none_is_refused_and_stays(text: str) -> None:
    """It was dropped without a word; and nobody can answer with a number from 99 to 18."""
    row = {"type": "number", "name": "age", "label": "", "answers": "", "range": text, "optional": ""}
    chosen = {"questionnaire": [choose_question(row)]}
    choices, errors = read_choices(chosen)
    assert choices is None and set(errors) == {"questionnaire"}
    assert question_rows(chosen)[0]["range"] == text
