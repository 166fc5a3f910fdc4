"""What a browser would send to each address of the studio, and sounds and archives that it would take."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import soundfile

from mushra_server.studio.choices.fields import GROUPS, show_value
from mushra_server.studio.choices.rows import QUESTIONS, SCALES, question_rows, scale_rows
from tests.mushra_server.studio.sounds import CONDITIONS, archive, sounds

TYPES = [
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "application/json",
    "text/plain; charset=utf-16",
]


def _choose() -> dict[str, str]:
    """Return the whole form of choices, with something in the fields that are mostly empty."""
    fields = [field for group in GROUPS.values() for field in group]
    sent = {field.name: show_value(field, {}) for field in fields}
    for rows, found in ((QUESTIONS, question_rows({})), (SCALES, scale_rows({}))):
        for number, row in enumerate(found):
            sent |= {f"{rows.prefix}-{number}-{key}": value for key, value in row.items()}
    own = {"title": "Draft", "pairs": "codec-a:codec-b", "test": "ab", "lab.colour": "#336699", "quota": "20"}
    return {**sent, **own, "version": "0", "base": "{}", "questions": "add", "scales": "up 0", "only": "plan"}


CHOICES = _choose()
FORMS: dict[str, dict[str, Any]] = {
    "make.save": CHOICES,
    "studio.create": {"title": "Codecs at 16 kbit/s"},
    "studio.list_studies": {"q": "codecs at", "state": "open"},
    "launch.set_times": {"opens_at": "2026-12-01T09:00", "closes_at": "2036-12-24T18:00"},
    "people.invite": {"name": "Eve", "again": "no"},
    "people.set_role": {"person": "Vera", "role": "viewer"},
    "reports.make_report": {"screening": "standard"},
    "watch.progress": {"page": "0"},
    "watch.send_list": {"amount": "1.50"},
}
"""Of all others, a form has a reason at most."""


def _sound(format: str, subtype: str | None = None) -> bytes:
    out = io.BytesIO()
    audio = 0.3 * np.sin(np.arange(2000) / 9)
    soundfile.write(out, audio, 16_000, format=format, subtype=subtype)
    return out.getvalue()


SOUNDS = {".wav": _sound("WAV"), ".flac": _sound("FLAC"), ".mp3": _sound("MP3"), ".ogg": _sound("OGG")}


def _rendered() -> dict[str, bytes]:
    """Return a stimuli set as `listenable render` writes it."""
    files = {f"audio/item0/{name}.wav": SOUNDS[".wav"] for name in CONDITIONS}
    manifest = {
        "schema_version": 1, "name": "a set", "seed": 0, "command": "listenable render",
        "items": [{"name": "item0", "label": "dog"}],
        "conditions": [
            {"name": name, "role": "reference" if name == "reference" else "method"} for name in CONDITIONS
        ],
        "stimuli": [
            {"item": "item0", "condition": name, "path": f"audio/item0/{name}.wav"} for name in CONDITIONS
        ],
    }  # fmt: skip
    return {**files, "manifest.json": json.dumps(manifest).encode()}


ARCHIVES = {
    "sounds": archive(sounds(1, seconds=0.1)),
    "a stimuli set": archive(_rendered()),
    "a whole study": archive(
        {f"study/{name}": content for name, content in _rendered().items()}
        | {
            "study/config.yaml": b"testname: A\npages: []\n",
            "ratings/ratings.csv": b"study,score\n",
            "log.csv": b"id,at\n",
        }
    ),
}
