"""Build a study in a studio as somebody at a browser does, whatever an earlier call left of it.

    python -m benchmarks.loading.studio_build SOUNDS FOLDER

`benchmarks.kills` kills it together with the process of the job that it starts.
"""

from __future__ import annotations

import argparse
import re
import time
from pathlib import Path

from werkzeug.datastructures import FileStorage
from werkzeug.test import Client

from mushra_server.many import ManyStudies
from mushra_server.studio import accounts
from mushra_server.studio.app import close_studio, create_studio, studio_of
from mushra_server.studio.drafts import SOUNDS_NAME

TITLE, NAME = "Codecs", "codecs"
LOOK_S = 0.05


def build(served: ManyStudies, sounds: Path) -> None:
    """Log in, make the study and upload its sounds if that was not done, and build it."""
    parts = studio_of(served)
    token = accounts.ensure_first_account(parts.store)
    if token is None:
        with parts.store.write() as connection:
            token = accounts.new_token(connection, accounts.FIRST)
    client = Client(served)
    expect(client.post("/login", data={"token": token}).status_code, 302, "login")
    found = re.search(r'name="form_token" value="([^"]+)"', client.get("/").text)
    form = {"form_token": found[1] if found else ""}
    if client.get(f"/studies/{NAME}").status_code == 404:
        expect(client.post("/studies", data={**form, "title": TITLE}).status_code, 302, "make")
    if not (parts.studies.draft(NAME) / SOUNDS_NAME).is_dir():
        files = [
            FileStorage(path.open("rb"), f"sounds/{path.relative_to(sounds).as_posix()}")
            for path in sorted(sounds.rglob("*.wav"))
        ]
        sent = client.post(f"/studies/{NAME}/sounds", data={**form, "files": files})
        expect(sent.status_code, 302, "upload")
    expect(client.post(f"/studies/{NAME}/build", data=form).status_code, 302, "build")
    while (job := parts.jobs.look(NAME, "build")).state == "running":
        time.sleep(LOOK_S)
    if job.state != "done":
        raise SystemExit(f"the building is {job.state}: {job.message}")


def expect(status: int, wanted: int, what: str) -> None:
    """End with a sentence if a request was answered with another status than it should be."""
    if status != wanted:
        raise SystemExit(f"{what} was answered with {status}; expected {wanted}")


def main() -> None:
    """Start the studio, build, and stop it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sounds", type=Path)
    parser.add_argument("folder", type=Path)
    chosen = parser.parse_args()
    served = create_studio(chosen.folder)
    try:
        build(served, chosen.sounds)
    finally:
        close_studio(served)


if __name__ == "__main__":
    main()
