"""Labels of a study's items and conditions: shown instead of names, and never two alike."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
import soundfile

from analysis import load_ratings, mos, plot_items, write_companion
from analysis.ratings.labels import distinct, item_labels
from analysis.report.page import context, render_page
from analysis.report.results import Options, analyse
from tests.analysis.ratings.test_readers import database

LABELS = {"item 00": "犬の声", "item 01": "Café, left", "item 02": "twin", "item 03": "twin"}


@pytest.fixture
def labelled(mushra: pd.DataFrame) -> pd.DataFrame:
    return mushra.assign(item_label=mushra["item"].replace(LABELS))


def test_what_two_names_have_as_a_label_is_told_apart() -> None:
    assert distinct({"a": "Dog", "b": "Dog", "c": "Cat"}) == {"a": "Dog (a)", "b": "Dog (b)", "c": "Cat"}
    assert distinct({"a": "dog", "dog": "dog"}) == {"a": "dog (a)", "dog": "dog (dog)"}


def test_a_studys_labels_of_items_and_conditions_come_with_its_ratings(tmp_path: Path) -> None:
    database(tmp_path / "ratings.sqlite3")
    ours = {"items": {"dog": {"label": "犬の声"}, "cat": {}}, "conditions": {"lmac": {"label": "L-MAC"}}}
    config = {"testname": "x", "pages": [], "listenable": ours}
    (tmp_path / "config.yaml").write_text(json.dumps(config))
    frame = load_ratings(tmp_path)
    assert set(frame["item_label"]) == {"犬の声"} and set(frame["label"]) == {"L-MAC", "reference"}
    assert set(load_ratings(tmp_path / "ratings.sqlite3")["item_label"]) == {"dog"}
    ours["conditions"] = {"lmac": {"label": "Same"}, "reference": {"label": "Same"}}
    (tmp_path / "config.yaml").write_text(json.dumps(config))
    assert set(load_ratings(tmp_path)["label"]) == {"Same (lmac)", "Same (reference)"}


def test_figures_and_tables_call_items_by_their_labels(labelled: pd.DataFrame) -> None:
    wanted = {"犬の声", "Café, left", "twin (item 02)", "twin (item 03)", "item 04", "item 05"}
    assert {text.get_text() for text in plot_items(labelled).get_xticklabels()} == wanted
    results = analyse(labelled, Options(draws=200, by=("item",)))
    assert set(results.tables["items"]["item_label"]) == wanted
    assert set(results.tables["items"]["item"]) == set(labelled["item"])
    rows = context(results, {}, "x")["tables"]["by_item"].rows
    assert {row[0].text for row in rows} == wanted and len(rows) == 30
    figures = dict.fromkeys(("mos", "box", "violin", "listeners", "differences"), "")
    assert "Scores by item (95 % intervals, listener: " in render_page(results, figures, "x")


def test_items_of_pooled_studies_have_their_labels(labelled: pd.DataFrame) -> None:
    other = labelled[labelled["item"] == "item 00"].assign(study="other", item_label="犬の声")
    pooled = pd.concat([labelled, other], ignore_index=True)
    found = item_labels(pooled)
    assert found["other/item 00"] == "犬の声 (other/item 00)" and found["study/item 01"] == "Café, left"
    assert set(mos(pooled, by="item")["item"]) == set(found)


def test_no_two_cards_of_a_companion_page_have_the_same_heading(mushra: pd.DataFrame, tmp_path: Path) -> None:
    names = sorted(set(mushra["condition"]))
    pages = []
    for number, page in enumerate(["p1", "p2", "p3"]):
        paths = {}
        for name in names:
            paths[name] = f"{page}-{name}.wav"
            soundfile.write(tmp_path / paths[name], [0.1] * (800 + number), 16000)
        pages.append({"type": "mushra", "id": page, "reference": paths.pop("reference"), "stimuli": paths})
    about = {
        "trials": {"p1": {"item": "item 00"}, "p2": {"item": "item 00"}, "p3": {"item": "item 01"}},
        "items": {"item 00": {"label": "Dog"}},
        "conditions": {"good": {"label": "Ours"}, "poor": {"label": "Ours"}},
    }
    config = {"testname": "x", "pages": pages, "listenable": about}
    (tmp_path / "config.yaml").write_text(json.dumps(config))
    text = write_companion(tmp_path, mushra, tmp_path / "site").read_text()
    for heading in ("Dog (p1)", "Dog (p2)", "item 01"):
        assert text.count(f">{heading}</h2>") == 1
    for name in ("Ours (good)", "Ours (poor)"):
        assert text.count(f"</kbd><span>{name}</span>") == 3, "a sound to choose on each page"
        assert text.count(f"<span>{name}</span>") == 4, "and its score"
    assert "<span>Ours</span>" not in text
    sounds = list((tmp_path / "site" / "audio").rglob("good.wav"))
    assert sorted(soundfile.info(path).frames for path in sounds) == [800, 801, 802], "each page has its own"
