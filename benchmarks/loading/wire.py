"""The session that webMUSHRA's page posts when its test ends, to pymushra or to us."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.parse
import uuid
from typing import Any

from benchmarks.loading.client import RETRY_S, Client, Log
from benchmarks.loading.study import CONDITIONS, TEST_ID, TRIALS

WRITE = "/service/write.php"


def make_session() -> tuple[str, dict[str, Any]]:
    """Return a session of the study's trials, and the key by which it is found again."""
    name = str(uuid.uuid4())
    key = f"key-{name}"  # with a word in front: pymushra turns all text that could be a number into one
    responses = [
        {"stimulus": condition, "score": 50, "time": 5000, "comment": ""}
        for condition in ("reference", *CONDITIONS)
    ]
    trials = [{"type": "mushra", "id": f"trial{number}", "responses": responses} for number in range(TRIALS)]
    participant = {"name": ["key"], "response": [key]}
    return key, {
        "testId": TEST_ID, "uuid": name, "config": "configs/config.yaml", "participant": participant,
        "trials": trials,
    }  # fmt: skip


async def post(client: Client, kind: str, session: dict[str, Any]) -> None:
    """Save a session in one request.

    Raises:
        OSError: it was not acknowledged.
    """
    form = urllib.parse.urlencode({"sessionJSON": json.dumps(session)})
    answer = await client.send(kind, "POST", WRITE, form)
    # pymushra answers 200 even if it failed, and says so in the body.
    if isinstance(answer, dict) and answer.get("error"):
        raise OSError(f"{kind}: {answer.get('message')}")


async def post_until_acknowledged(port: int, log: Log, until: float) -> None:
    """Post a session again and again; give up when `time.perf_counter()` says `until`."""
    client = Client(port, log)
    key, session = make_session()
    failure = "no time was left"
    while time.perf_counter() < until:
        try:
            await post(client, "session", session)
        except OSError as error:
            failure = str(error)
            await asyncio.sleep(RETRY_S)
        else:
            log.acknowledged.append(key)
            break
    else:
        log.errors.append(failure)
    client.close()
