"""What an earlier release wrote is read as it was: studies, their databases, and runs.

`tests/releases/VERSION` was made by that release (`study build`, `study simulate`, `train`, `explain`,
`export`) and is never made again.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from analysis import load_ratings, mos
from mushra_server import create_app
from study_builder import StudyConfig, check_study
from tests.conftest import ROOT

RELEASES = sorted(path.name for path in (ROOT / "tests" / "releases").iterdir())
EXPLAINERS = ("lmac-td", "lmac", "l2i")


@pytest.fixture(params=RELEASES)
def release(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of what a release wrote."""
    return Path(shutil.copytree(ROOT / "tests" / "releases" / request.param, tmp_path / "release"))


def test_a_study_opens_and_checks_clean(release: Path) -> None:
    study = release / "study"
    config = StudyConfig.load(study / "config.yaml")
    assert config.title == "Release 0.1.0"
    assert not list(check_study(study).of_severity("error"))


def test_a_database_is_served_and_analysed(release: Path) -> None:
    study = release / "study"
    app = create_app(study)
    try:
        assert app.test_client().get("/").status_code == 200
    finally:
        app.extensions["listenable"].database.close()
    frame = load_ratings(study)
    expected = pd.read_csv(release / "expected" / "mos.csv").set_index("condition")["mos"]
    found = mos(frame).set_index("condition")["mos"]
    pd.testing.assert_series_equal(found.sort_index(), expected.sort_index())


def test_an_export_of_an_earlier_release_is_read(release: Path) -> None:
    columns = ["listener", "item", "condition", "score"]
    exported = load_ratings(release / "expected" / "ratings.csv")
    stored = load_ratings(release / "study")
    assert exported[columns].sort_values(columns).values.tolist() == (
        stored[columns].sort_values(columns).values.tolist()
    )


@pytest.mark.parametrize("kind", EXPLAINERS)
def test_a_run_explains_as_it_did(release: Path, kind: str) -> None:
    pytest.importorskip("torch", reason="explaining needs the extra [interpreter]")
    from interpreter import explain, load_explainer

    explainer = load_explainer(release / "runs" / kind)
    expected = json.loads((release / "expected" / f"{kind}.json").read_text(encoding="utf-8"))
    assert explainer.settings == expected["settings"]
    found = explain(release / "clip.wav", explainer)
    labels = list(explainer.classifier.labels)
    for window, was in zip(found.windows, expected["windows"], strict=True):
        assert window.target is not None and labels[window.target] == was["target"]
        for tensor, key in (
            (window.before, "probability_before"),
            (window.inside, "probability_in"),
            (window.outside, "probability_out"),
        ):
            assert tensor is not None
            assert float(tensor[window.target]) == pytest.approx(was[key], abs=2e-5)
