"""The design is fixed once there are sessions: what may be mended, what not; sounds that were replaced."""

from __future__ import annotations

import hashlib
import os

import pytest
import yaml

from mushra_server.app import create_app
from mushra_server.errors import ServerError, StoreError
from mushra_server.study import design_fingerprint as fingerprint
from mushra_server.study import sound_hashes as sounds
from tests.mushra_server.conftest import build, mushra_page

REFUSED = (
    "config.yaml no longer gives the pages, conditions, sounds, scales, items and orders of the sessions in "
    "it (it was changed, or this release plans otherwise); restore it, or copy the study without its "
    "ratings to start again"
)
SALIENCY = "audio/item0/saliency.wav"


@pytest.fixture
def study(tmp_path):
    """A MUSHRA page, its repeat and a Likert page; every sound with its hash."""
    root = tmp_path / "study"
    page = mushra_page(root, 0)
    points = [{"value": str(number), "label": f"L{number}"} for number in range(1, 6)]
    shared = {"name": "x", "content": "", "stimuli": page["stimuli"]}
    likert = {"type": "likert_multi_stimulus", "id": "likert", "response": points, **shared}
    trials = {
        "trial0": {"item": "item0"},
        "again": {"item": "item0", "kind": "repeat", "repeat_of": "trial0"},
    }
    hashes = {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.glob("audio/*/*.wav")
    }
    return build(root, pages=[page, {**page, "id": "again"}, likert], trials=trials, files=hashes)


def edit(study, change):
    file = study / "config.yaml"
    config = yaml.safe_load(file.read_text())
    change(config)
    file.write_text(yaml.safe_dump(config, sort_keys=False))


def swap_methods(config):
    stimuli = config["pages"][0]["stimuli"]
    stimuli["lmac-td"], stimuli["saliency"] = stimuli["saliency"], stimuli["lmac-td"]


CHANGES = {
    "a seed": lambda config: config["listenable"].update(seed=8),
    "swapped files": swap_methods,
    "the reference's file": lambda config: config["pages"][0].update(reference="audio/item0/lmac-td.wav"),
    "a hash": lambda config: config["listenable"]["files"].pop(SALIENCY),
    "a point more": lambda config: config["pages"][2]["response"].append({"value": "6"}),
    "an item": lambda config: config["listenable"]["trials"]["trial0"].update(item="renamed"),
    "a kind": lambda config: config["listenable"]["trials"]["trial0"].update(kind="training"),
    "a repeat": lambda config: config["listenable"]["trials"]["again"].update(repeat_of="likert"),
}


def test_anything_may_change_before_the_first_session_and_texts_after_it(make_app, make_listener, study):
    make_app(study)
    for change in CHANGES.values():
        edit(study, change)
    make_listener(make_app(study)).start()
    edit(study, lambda config: config["pages"][0].update(name="mended", content="texts"))
    edit(study, lambda config: config["pages"][2]["response"][0].update(label="labels"))
    assert make_app(study)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_each_part_of_the_design_counts(make_app, make_listener, study, change):
    make_listener(make_app(study)).start()
    edit(study, change)
    with pytest.raises(StoreError) as error:
        create_app(study)
    assert str(error.value).endswith(REFUSED)


def test_a_database_of_an_earlier_release_opens_if_its_fingerprint_fits(make_app, make_listener, rows, study):
    app = make_app(study)
    make_listener(app).start()
    server = app.extensions["listenable"]
    earlier, now = fingerprint.earlier_fingerprint(server.study), fingerprint.fingerprint(server.study)
    forget = "UPDATE meta SET value = '{}' WHERE key = 'design'"
    with server.database.write() as connection:
        connection.exec_driver_sql(forget.format(earlier))
    assert rows(make_app(study), "SELECT value FROM meta WHERE key = 'design'") == [{"value": now}]
    with server.database.write() as connection:
        connection.exec_driver_sql(forget.format("f" * 64))
    with pytest.raises(StoreError) as error:
        create_app(study)
    assert str(error.value).endswith(REFUSED)


def test_a_sound_that_was_replaced_stops_the_start(make_app, tone, study):
    make_app(study)
    tone(study / SALIENCY, 333)
    with pytest.raises(ServerError) as error:
        create_app(study)
    assert str(error.value) == (
        f"{study / SALIENCY}: is not the sound that the study was built with (its SHA-256 is not the one in "
        "listenable.files); restore it, or build the study again"
    )


def test_unchanged_files_are_read_at_the_first_start_alone(make_app, monkeypatch, study):
    read = []
    digest = sounds._sha256
    monkeypatch.setattr(sounds, "_sha256", lambda path: read.append(path) or digest(path))
    make_app(study)
    assert len(read) == 5
    make_app(study)
    assert len(read) == 5, "size and time of change are the same"
    os.utime(study / SALIENCY, (0, 0))
    make_app(study)
    assert len(read) == 10
