"""Keep finished batches of a long evaluation on disk, so that an interrupted one resumes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Row = dict[str, Any]


class FinishedBatches:
    """Rows of the batches that are done, a line of JSON each, in a file for each process.

    The first line states what is being evaluated; rows of anything else are not reused, nor is a line that
    was cut off. Figures come back to the last bit.

    Args:
        path: next to the results; `.0`, `.1`, ... are appended, a number for each process.
        plan: what is being evaluated; anything that JSON can hold.
        rank: of this process.
    """

    def __init__(self, path: Path, plan: object, rank: int = 0) -> None:
        self._path = path
        self._plan = json.dumps(plan, sort_keys=True)
        self._file = path.with_name(f"{path.name}.{rank}")
        self._own = self._read(self._file)
        self._begun = False
        self.rows: dict[int, list[Row]] = {}
        for file in self._files():
            self.rows |= self._read(file)

    def add(self, start: int, rows: list[Row]) -> None:
        """Keep the rows of the batch that begins with item `start`."""
        self.rows[start] = self._own[start] = rows
        lines = [json.dumps({"start": start, "rows": rows})]
        if not self._begun:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            lines = [self._plan, *(json.dumps({"start": at, "rows": old}) for at, old in self._own.items())]
        with self._file.open("a" if self._begun else "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
        self._begun = True

    def remove(self) -> None:
        """Remove the files of all processes: the results are written."""
        for file in self._files():
            file.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        return sorted(self._path.parent.glob(f"{self._path.name}.*"))

    def _read(self, file: Path) -> dict[int, list[Row]]:
        plan, *lines = (file.read_text("utf-8") if file.is_file() else "\n").split("\n")
        found: dict[int, list[Row]] = {}
        if plan != self._plan:
            return found
        for line in lines[:-1]:  # a whole line ends with a line feed
            batch = json.loads(line)
            found[batch["start"]] = batch["rows"]
        return found
