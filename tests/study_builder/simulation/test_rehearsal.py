from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest

from stimuli import MAX_SEED
from study_builder.building.build import build_study
from study_builder.building.choices import Choices
from study_builder.config import StudyConfig
from study_builder.errors import SimulateError
from study_builder.simulation.answers import _number, _to_scale
from study_builder.simulation.http_client import Browser, SoundIndex
from study_builder.simulation.listeners import ListenerModel, SimulatedListener, condition_quality
from study_builder.simulation.rehearsal import rehearsal_secret, simulate_study
from tests.servers import hears_ctrl_c

MakeFolder = Callable[..., Path]
MakeConfig = Callable[..., StudyConfig]


@pytest.fixture
def study(make_folder: MakeFolder, tmp_path: Path) -> Path:
    choices = Choices(attention_checks=1, repeats=1)
    build_study(make_folder(items=2, conditions=("reference", "a", "b")), tmp_path / "study", choices, jobs=1)
    return tmp_path / "study"


def test_qualities_follow_roles_and_the_order_of_methods(make_config: MakeConfig) -> None:
    config = make_config(conditions=3)
    assert condition_quality(config) == {"c1": 75.0, "c2": 55.0, "c3": 35.0, "reference": 100.0}
    assert condition_quality(config, {"c2": 10})["c2"] == 10
    assert condition_quality(make_config(conditions=1))["c1"] == 55.0


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"x": 5}, "--quality names 'x'; expected one of c1, c2, c3, c4, reference"),
        ({"c1": 105}, "--quality of 'c1' is 105; expected 0 to 100"),
    ],
)
def test_impossible_qualities_are_refused(
    make_config: MakeConfig, given: dict[str, float], message: str
) -> None:
    with pytest.raises(SimulateError, match=message):
        condition_quality(make_config(), given)


def test_scores_have_the_means_and_spreads_of_the_stated_model(make_config: MakeConfig) -> None:
    config = make_config(items=8)
    model = ListenerModel({"c1": 60.0, "reference": 100.0}, careless=0, lapses=0)
    panel = [SimulatedListener(config, model, 0, number) for number in range(1, 401)]
    items = [f"t{number}" for number in range(1, 9)]
    scores = 100 * np.array([[one.score(item, "c1", "score") for item in items] for one in panel])
    effects = scores.mean(axis=0)
    # Witness: variance components by the method of moments of the two-way table.
    assert scores.mean() == pytest.approx(60, abs=3 * model.item_sd / np.sqrt(8))
    within = (scores - effects - scores.mean(axis=1, keepdims=True) + scores.mean()).var() * 8 / 7
    assert np.sqrt(within) == pytest.approx(model.noise_sd, rel=0.1)
    between = scores.mean(axis=1).var() - within / 8
    assert np.sqrt(between) == pytest.approx(np.hypot(model.bias_sd, model.taste_sd), rel=0.15)
    assert 0.5 * model.item_sd < effects.std() < 2 * model.item_sd


def test_the_reference_is_recognised_as_often_as_stated(make_config: MakeConfig) -> None:
    model = ListenerModel({"reference": 100.0}, careless=0, lapses=0, recognised=0.8, noise_sd=20)
    found = [SimulatedListener(make_config(), model, 1, n).score("t1", "reference", "s") for n in range(1000)]
    assert 0.8 <= sum(score == 1 for score in found) / 1000 < 0.95


def test_careless_listeners_score_at_random(make_config: MakeConfig) -> None:
    model = ListenerModel({"c1": 90.0}, careless=0.3)
    panel = [SimulatedListener(make_config(), model, 2, number) for number in range(1000)]
    careless = [one for one in panel if one.careless]
    assert 250 < len(careless) < 350
    scores = [one.score("t1", "c1", "score") for one in careless]
    assert np.mean(scores) == pytest.approx(0.5, abs=0.06)
    assert np.std(scores) == pytest.approx(1 / np.sqrt(12), abs=0.03)


def test_the_highest_seed_draws_scores(make_config: MakeConfig) -> None:
    config = make_config()
    model = ListenerModel(condition_quality(config))
    first, last = (
        SimulatedListener(config, model, seed, 1).score("t1", "c1", "score") for seed in (0, MAX_SEED)
    )
    assert first != last


def test_scores_do_not_depend_on_the_order_of_asking(make_config: MakeConfig) -> None:
    one = SimulatedListener(make_config(), ListenerModel({"c1": 50.0, "c2": 40.0}), 0, 1)
    first = [one.score("t1", "c1", "s"), one.score("t2", "c2", "s")]
    assert [one.score("t2", "c2", "s"), one.score("t1", "c1", "s")] == first[::-1]


@pytest.mark.parametrize(
    ("score", "scale", "expected"),
    [
        (0.634, {"min": 0, "max": 100, "step": 1}, 63),
        (1.0, {"min": 1, "max": 5, "step": 0.01}, 5),
        (0.5, {"min": 1, "max": 5, "step": 0.5}, 3),
        (0.33, {"min": 0, "max": 1, "step": 0.25}, 0.25),
        (1.0, {"points": ["bad", "good"]}, "good"),
        (0.49, {"points": ["bad", "good"]}, "bad"),
    ],
)
def test_scores_fit_any_scale(score: float, scale: dict[str, object], expected: float | str) -> None:
    assert _to_scale(score, scale) == expected


@pytest.mark.parametrize(
    ("low", "high", "allowed"),
    [
        (None, None, (18, 65)),
        (10, 120, (18, 65)),
        (0, 10, (0, 10)),
        (1930, 2010, (1930, 2010)),
        (None, 5, (4, 5)),
        (70.5, None, (71, 71)),
        (0.25, 0.75, (0.25, 0.25)),
    ],
)
def test_numbers_are_ages_where_the_question_allows_them(
    make_config: MakeConfig, low: float | None, high: float | None, allowed: tuple[float, float]
) -> None:
    panel = [SimulatedListener(make_config(), ListenerModel({}), 0, number) for number in range(1, 60)]
    given = {float(_number(one, {"name": "n", "min": low, "max": high})) for one in panel}
    assert allowed[0] <= min(given) <= max(given) <= allowed[1]
    assert len(given) == 1 or min(given) < sum(allowed) / 2 < max(given)


def test_an_attention_check_is_passed_on_any_scale_and_any_question_is_answered(
    make_folder: MakeFolder, tmp_path: Path
) -> None:
    choices = Choices.model_validate(
        {
            "attention_checks": 1,
            "scales": [{"name": "mos", "min": 1, "max": 5, "step": 0.1}],
            "questionnaire": [
                {"type": "number", "name": "years", "label": "Years of listening", "min": 0, "max": 10},
                {"type": "likert", "name": "mood", "label": "Your mood"},
            ],
        }
    )
    build_study(make_folder(items=2, conditions=("reference", "a")), tmp_path / "study", choices, jobs=1)
    simulate_study(tmp_path / "study", 2, seed=1)
    config = StudyConfig.load(tmp_path / "study")
    (expected,) = [trial.expected for trial in config.options.trials.values() if trial.expected]
    found = rows(tmp_path / "study", "select condition, score from export_ratings where kind = 'attention'")
    passed = [expected[str(name)][0] <= float(str(score)) <= expected[str(name)][1] for name, score in found]
    assert len(passed) == 2 * 4 and sum(passed) >= 6  # the rest are lapses
    years = rows(tmp_path / "study", "select value from export_answers where name = 'years'")
    assert all(0 <= float(str(value)) <= 10 for (value,) in years) and len(years) == 2


def test_a_sound_is_known_by_its_hash(study: Path) -> None:
    index = SoundIndex.of(study, StudyConfig.load(study))
    read = {
        name: (study / f"audio/sound-1/{name}.wav").read_bytes() for name in ("a", "reference", "anchor35")
    }
    item, conditions = index.page({"s1": read["a"], "s2": read["reference"], "s3": read["anchor35"]})
    assert (item, conditions) == ("sound-1", {"s1": "a", "s2": "reference", "s3": "anchor35"})
    with pytest.raises(SimulateError, match=r"sent a sound .s2. that is not in the local study"):
        index.page({"s1": read["a"], "s2": b"RIFF"})
    with pytest.raises(SimulateError, match="sounds of different items on one page"):
        index.page({"s1": read["a"], "s2": (study / "audio/sound-2/a.wav").read_bytes()})


def test_sounds_of_equal_bytes_stand_for_different_conditions() -> None:
    index = SoundIndex(
        {"5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5": [("i", "a"), ("i", "b")]}
    )
    assert set(index.page({"s1": b"12345", "s2": b"12345"})[1].values()) == {"a", "b"}


@pytest.fixture
def refusing() -> Iterator[str]:
    class Refuse(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.dumps({"error": "this study is closed", "reason": "closed"}).encode()
            self.send_response(403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Refuse) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_what_the_server_refuses_is_said_in_its_own_words(study: Path, refusing: str) -> None:
    message = "POST /api/session: the server answered 403: this study is closed"
    with pytest.raises(SimulateError, match=message):
        simulate_study(study, 1, url=refusing)


def test_no_server_is_one_sentence() -> None:
    with pytest.raises(
        SimulateError, match=r"http://127.0.0.1:9/: cannot reach the server .*; is `listenable serve` running"
    ):
        Browser("http://127.0.0.1:9").send("POST", "api/session", {})


def test_nobody_is_no_panel(study: Path) -> None:
    with pytest.raises(SimulateError, match="--listeners is 0; expected 1 or more"):
        simulate_study(study, 0)


def test_a_server_that_cannot_start_says_why(study: Path) -> None:
    config = study / "config.yaml"
    config.write_text(
        config.read_text().replace("stimulus: audio/sound-1/reference.wav", "stimulus: gone.wav")
    )
    with pytest.raises(SimulateError, match=r"the server did not start: .*gone.wav: not found"):
        simulate_study(study, 1)


def rows(study: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(study / "ratings.sqlite3")) as connection:
        return connection.execute(query).fetchall()


def test_a_rehearsal_over_http_against_the_real_server(study: Path) -> None:
    used = simulate_study(study, 3, seed=1, quality={"a": 80})
    assert used["a"] == 80
    everything = "select listener, item, condition, kind, score from export_ratings order by 1, 2, 3, 4"
    ratings = rows(study, everything)
    # 2 trials, 1 training page, 1 repeat and 1 attention check, each with 5 conditions.
    assert len(ratings) == 3 * 5 * 5
    assert rows(study, "select distinct simulated, finished from export_ratings") == [(1, 1)]
    assert {row[0] for row in ratings} == {f"simulated-1-{number:03d}" for number in (1, 2, 3)}
    config = StudyConfig.load(study)
    (attention,) = [trial for trial in config.options.trials.values() if trial.kind == "attention"]
    assert attention.expected is not None
    model = ListenerModel(used)
    for listener, item, condition, kind, score in ratings:
        one = SimulatedListener(config, model, 1, int(str(listener)[-3:]))
        asked = sum(attention.expected[str(condition)]) / 200 if kind == "attention" else None
        assert score == round(100 * one.score(str(item), str(condition), "score", asked))
    simulate_study(study, 3, seed=1, quality={"a": 80})
    assert rows(study, everything) == ratings
    simulate_study(study, 4, seed=1, quality={"a": 80})
    assert len(rows(study, everything)) == 4 * 5 * 5


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's list of processes")
@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_server_of_a_rehearsal_ends_however_the_rehearsal_ends(study: Path, way: signal.Signals) -> None:
    command = [sys.executable, "-m", "listenable", "study", "simulate", str(study), "--listeners", "5000"]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=hears_ctrl_c
    )
    children: list[str] = []
    try:
        deadline = time.monotonic() + 60
        while not (study / ".rehearsal-0.json").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        assert len(children) == 1
        process.send_signal(way)
        process.wait(timeout=30)
        deadline = time.monotonic() + 20
        while _runs(children[0]) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not _runs(children[0])
    finally:
        process.kill()
        process.wait()
        for child in filter(_runs, children):
            os.kill(int(child), signal.SIGKILL)


def _runs(process: str) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_secret_of_a_rehearsal_is_in_the_studys_database(tmp_path: Path) -> None:
    assert rehearsal_secret(tmp_path / "ratings.sqlite3") == ""
    with closing(sqlite3.connect(tmp_path / "ratings.sqlite3")) as connection:
        connection.executescript(
            "CREATE TABLE meta (key, value); INSERT INTO meta VALUES ('rehearsal_secret', 's3')"
        )
    assert rehearsal_secret(tmp_path / "ratings.sqlite3") == "s3"
    (tmp_path / "torn").write_bytes(b"no database" * 100)
    with pytest.raises(
        SimulateError, match=r"torn: cannot be read \(file is not a database\); give --admin-token"
    ):
        rehearsal_secret(tmp_path / "torn")
