"""Rate a study through the server's HTTP interface, as a page of your own would.

    python examples/serve_and_rate.py my_study

Makes one simulated session in the study's database and prints the ratings that are stored. No port is opened:
Flask's test client speaks to the app. `listenable serve my_study` serves the same app to people.
"""

from __future__ import annotations

import sys
import uuid
from pathlib import Path
from typing import Any

from analysis import load_ratings
from mushra_server import create_app
from stimuli.vocabulary import RATINGS_NAME
from study_builder.simulation.rehearsal import rehearsal_secret


def answer_to(page: dict[str, Any]) -> dict[str, Any]:
    """Rate every stimulus of a page at the middle of each scale."""
    ratings = [
        {"key": stimulus["key"], "attribute": scale["name"], "score": (scale["min"] + scale["max"]) / 2,
         "comment": None, "listened_ms": 1500}
        for stimulus in page.get("stimuli", []) for scale in page.get("scales", [])
    ]  # fmt: skip
    answers = {"consent": "true"} if page["type"] == "consent" else {}
    for question in page.get("questionnaire", []):
        if question.get("response"):
            answers[question["name"]] = question["response"][0]["value"]
    named = {"page": page["id"], "attempt": str(uuid.uuid4())}
    return {**named, "time_ms": 20_000, "ratings": ratings, "answers": answers}


def rate(study: Path) -> int:
    """Go through one session; return the number of ratings that the study then holds."""
    client = create_app(study).test_client()
    # Only who can read the study's database can make simulated sessions.
    secret = rehearsal_secret(study / RATINGS_NAME)
    session = client.post("/api/session", json={"simulated": True, "secret": secret}).get_json()
    for page in session["pages"]:
        stored = client.put(f"/api/session/pages/{page['index']}", json=answer_to(page))
        if stored.status_code != 200:
            raise SystemExit(f"page {page['index']} ({page['type']}): {stored.get_json()['error']}")
    client.post("/api/session/finish", json={})
    ratings = load_ratings(study)
    print(ratings[["listener", "item", "condition", "score", "simulated"]].to_string(index=False))
    return len(ratings)


if __name__ == "__main__":
    rate(Path(sys.argv[1]))
