"""The lists of the form, questions and scales: rows that are added, moved and removed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from mushra_server.errors import Refusal
from mushra_server.study.scales import write_number
from study_builder.building.default_texts import questionnaire
from study_builder.config.options import Scale

__all__ = [
    "QUESTIONS",
    "SCALES",
    "RowList",
    "choose_question",
    "choose_scale",
    "question_rows",
    "read_number",
    "scale_rows",
    "show_number",
]

Row = dict[str, str]


class RowList:
    """A list of the form whose rows have the same fields.

    Args:
        prefix: Before the number and the name of each field: `q-0-name`.
        button: Name of its buttons, whose values are `add`, `up 2`, `down 2`, `remove 2`.
        keys: Names of the fields.
        most: Rows that are accepted.
        new: What is in a row that is added, but for its name.
    """

    def __init__(self, prefix: str, button: str, keys: tuple[str, ...], most: int, new: Row) -> None:
        self.prefix, self.button, self.keys = prefix, button, keys
        self._most, self._new = most, new

    def read(self, form: Mapping[str, str]) -> list[Row]:
        """Return the rows of a form, changed as the pressed button says.

        Raises:
            Refusal: 400 for too many rows.
        """
        rows: list[Row] = []
        while f"{self.prefix}-{len(rows)}-name" in form:
            if len(rows) == self._most:
                raise Refusal(
                    f"the list of {self.button} has more than {self._most} rows; expected fewer", 400
                )
            names = {key: f"{self.prefix}-{len(rows)}-{key}" for key in self.keys}
            rows.append(
                {key: form.get(name, "").strip().replace("\r\n", "\n") for key, name in names.items()}
            )
        return self._press(rows, form.get(self.button, ""))

    def _press(self, rows: list[Row], button: str) -> list[Row]:
        action, _, place = button.partition(" ")
        at = next((number for number in range(len(rows)) if str(number) == place), -1)
        if action == "add":
            stem = self.button.removesuffix("s")
            rows.append(dict.fromkeys(self.keys, "") | self._new | {"name": f"{stem}{len(rows) + 1}"})
        elif action == "remove" and at >= 0:
            del rows[at]
        elif action == "up" and at > 0:
            rows.insert(at - 1, rows.pop(at))
        elif action == "down" and 0 <= at < len(rows) - 1:
            rows.insert(at + 1, rows.pop(at))
        return rows


QUESTIONS = RowList(
    "q", "questions", ("type", "name", "label", "answers", "range", "optional"), 40, {"type": "text"}
)
SCALES = RowList(
    "s",
    "scales",
    ("name", "question", "min", "max", "step", "labels"),
    10,
    {"min": "0", "max": "100", "step": "1", "labels": "\n".join(Scale().labels)},
)


def question_rows(chosen: Mapping[str, Any]) -> list[Row]:
    """Return the questionnaire as rows of the form; by default the one that a report needs."""
    if "questionnaire" in chosen:
        found = chosen["questionnaire"]
    else:
        found = [question.model_dump(exclude_none=True) for question in questionnaire()]
    return [
        {
            "type": question["type"],
            "name": question["name"],
            "label": question.get("label") or "",
            "answers": "\n".join(point["label"] for point in question.get("response", ())),
            "range": _show_range(question),
            "optional": "yes" if question.get("optional") else "",
        }
        for question in found
    ]


def scale_rows(chosen: Mapping[str, Any]) -> list[Row]:
    """Return the scales as rows of the form; by default one."""
    found = chosen.get("scales") or [Scale().model_dump()]
    return [
        {
            "name": str(scale["name"]),
            "question": scale.get("question") or "",
            **{key: show_number(scale.get(key)) for key in ("min", "max", "step")},
            "labels": "\n".join(scale.get("labels") or ()),
        }
        for scale in found
    ]


def choose_question(row: Mapping[str, str]) -> dict[str, Any]:
    """Return a question as a file of choices has it."""
    question: dict[str, Any] = {"type": row["type"], "name": row["name"]}
    if row["label"]:
        question["label"] = row["label"]
    if row["optional"]:
        question["optional"] = True
    if row["type"] == "likert":
        question["response"] = [{"value": label.lower(), "label": label} for label in _lines(row["answers"])]
    if row["type"] == "number" and row["range"]:
        low, _, high = row["range"].partition(" to ")  # the check of choices refuses anything but numbers
        question |= {"min": read_number(low.strip()), "max": read_number(high.strip())}
    return question


def choose_scale(row: Mapping[str, str]) -> dict[str, Any]:
    """Return a scale as a file of choices has it."""
    scale: dict[str, Any] = {"name": row["name"]}
    if row["question"]:
        scale["question"] = row["question"]
    scale |= {key: read_number(row[key]) for key in ("min", "max", "step") if row[key]}
    return {**scale, "labels": _lines(row["labels"])}


def read_number(text: str) -> Any:
    """Return a number, or the text as it is: the check of choices says what is wrong with it."""
    for read in (int, float):
        try:
            found = read(text)
            if math.isfinite(found):
                return found
        except (ValueError, OverflowError):  # also a number that is beyond every other
            continue
    return text or None


def show_number(value: Any) -> str:
    """Return a number, or what was sent in its place, as a field shows it: with all of its digits."""
    if isinstance(value, float):
        return write_number(value)
    return "" if value is None else str(value)


def _show_range(question: Mapping[str, Any]) -> str:
    ends = (show_number(question.get(key)) for key in ("min", "max"))
    return " to ".join(end for end in ends if end)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]
