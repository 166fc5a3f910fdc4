"""What was explained in a folder, at a glance: a page to listen, JSON lines and a table."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from interpreter.recordings.listening_page import render_listening_page
from stimuli.files import write_text

COLUMNS = (
    "folder",
    "source",
    "method",
    "start_s",
    "stop_s",
    "target",
    "prediction",
    "probability_before",
    "probability_in",
    "probability_out",
    "prediction_in",
    "prediction_out",
)


def write_overview(out: Path, entries: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Write `index.html`, `explanations.jsonl` and `explanations.csv` of explained files into a folder.

    Args:
        out: the folder.
        entries: for each file, its folder's name in `out` and its `explanation.json`.
    """
    write_text(out / "index.html", render_listening_page(entries))
    lines = [json.dumps({"folder": folder, **record}, ensure_ascii=False) for folder, record in entries]
    write_text(out / "explanations.jsonl", "".join(line + "\n" for line in lines))
    table = io.StringIO()
    writer = csv.DictWriter(table, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for folder, record in entries:
        shared = {"folder": folder, "source": record["source"], "method": record["label"]}
        writer.writerows({**shared, **window} for window in record["windows"])
    write_text(out / "explanations.csv", table.getvalue())
