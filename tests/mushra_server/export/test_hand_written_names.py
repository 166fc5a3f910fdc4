"""Names that YAML takes for something else: served, analysed, exported and read back as the same text."""

from __future__ import annotations

import json

import pytest

from analysis import load_ratings
from mushra_server.export.files import export_files

# As a person writes them, without quotes.
CONDITIONS = (
    "no", "yes", "on", "off", "1e3", "0x10", "~", "null", "true", "1:30", "2001-12-14", "0o17", ".5",
)  # fmt: skip
# As they are written: as they are read.
IDS = {
    "2024-05-01": "2024-05-01",
    "2001-12-14t21:59:43.10-05:00": "2001-12-14t21:59:43.10-05:00",
    "1:30": "1:30",
    "no": "no",
    "'#1'": "#1",
}
TITLES = {
    "Rate this: how good is it?": "Rate this: how good is it?",
    "'Sound #1'": "Sound #1",
    'it\'s "good"': 'it\'s "good"',
    "100 %: yes? - {no}": "100 %: yes? - {no}",
    "off": "off",
}


def hand_written(make_page, root) -> str:
    stimuli = "".join(
        f"      {name}: {path}\n" for name, path in zip(CONDITIONS, sounds(make_page, root), strict=True)
    )
    pages = "".join(
        f"  - type: mushra\n    id: {name}\n    name: {title}\n    content: {title}\n"
        f"    reference: audio/item0/reference.wav\n    stimuli:\n{stimuli}"
        for name, title in zip(IDS, TITLES, strict=True)
    )
    listed = "".join(f"    {name}: {{label: Label of {number}}}\n" for number, name in enumerate(CONDITIONS))
    return f"testname: A study\ntestId: a-study\npages:\n{pages}listenable:\n  conditions:\n{listed}"


def sounds(make_page, root) -> list[str]:
    page = make_page(root, 0, tuple(f"c{n}" for n in range(len(CONDITIONS))))
    return list(page["stimuli"].values())


@pytest.fixture
def served(make_app, make_study, make_page, make_listener, tmp_path):
    study = make_study("by-hand", pages=[])
    (study / "config.yaml").write_text(hand_written(make_page, study), encoding="utf-8")
    app = make_app(study)
    make_listener(app).start().save_all().finish()
    return app.extensions["listenable"]


def test_names_are_the_same_text_in_every_form(served, tmp_path) -> None:
    root = served.study.root
    assert [page.id for page in served.study.config.walk()] == list(IDS.values())
    assert [page.name for page in served.study.config.walk()] == list(TITLES.values())
    frames = {"folder": load_ratings(root)}
    for form in ("csv", "json", "webmushra", "pymushra"):
        (path,) = [path for path, _ in export_files(served.database, root, form, tmp_path / form)][:1]
        frames[form] = load_ratings(path)
    for form, frame in frames.items():
        assert set(frame["item"]) == set(IDS.values()), form
        assert set(frame["condition"]) == {*CONDITIONS, "reference"}, form
        scores = frame.sort_values(["item", "condition"])["score"].tolist()
        assert scores == frames["folder"].sort_values(["item", "condition"])["score"].tolist(), form
    labels = frames["folder"].set_index("condition")["label"].to_dict()
    assert labels == {name: f"Label of {n}" for n, name in enumerate(CONDITIONS)} | {"reference": "reference"}


def test_a_config_that_is_saved_says_the_same(served, make_app, tmp_path) -> None:
    """Our writer's quotes change no name."""
    root, before = served.study.root, json.loads(served.study.config.model_dump_json())
    frame = load_ratings(root)
    served.study.config.save(root)
    assert json.loads(type(served.study.config).load(root).model_dump_json()) == before
    assert load_ratings(root).equals(frame)
