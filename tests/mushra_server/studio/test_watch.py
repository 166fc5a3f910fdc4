"""Flags that lead to a page, against `analysis.screen`; and the lists that crowd services take."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from analysis import load_ratings, screen
from mushra_server.errors import Refusal
from mushra_server.many import ManyStudies
from mushra_server.studio import worker
from mushra_server.studio.crowd_lists import decide, list_csv
from mushra_server.studio.flags import find_flags
from study_builder.simulation.rehearsal import simulate_study
from tests.mushra_server.conftest import build
from tests.mushra_server.studio.conftest import Browser

SPOIL = """
    UPDATE sessions SET simulated = 0, participant = 'p' || id;
    UPDATE ratings SET score = 40 WHERE submission_id IN (
        SELECT MIN(id) FROM submissions WHERE session_id = 1 AND kind = 'trial');
    UPDATE submissions SET time_ms = 900 WHERE id IN (
        SELECT id FROM submissions WHERE session_id = 2 AND kind = 'trial' LIMIT 2);
    UPDATE ratings SET listened_ms = 0 WHERE submission_id IN (
        SELECT MAX(id) FROM submissions WHERE session_id = 2 AND kind = 'trial') AND key = 's1';
    UPDATE ratings SET score = 10 WHERE submission_id IN (
        SELECT id FROM submissions WHERE kind = 'attention');
    UPDATE ratings SET score = 99 WHERE submission_id IN (
        SELECT id FROM submissions WHERE session_id = 3 AND kind = 'attention') AND condition = 'saliency';
    DELETE FROM answers WHERE name = 'headphone_check';
    INSERT INTO answers SELECT id, 'headphone_check', CASE session_id WHEN 3 THEN 'failed' ELSE 'passed' END
        FROM submissions WHERE page_type = 'headphone_check';
"""


@pytest.fixture(scope="module")
def spoilt_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of four listeners, three of whom did something unusual."""
    trials: dict[str, object] = {f"trial{n}": {"item": f"item{n}", "kind": "trial"} for n in range(4)}
    trials["trial3"] = {"item": "item3", "kind": "attention", "expected": {"saliency": [0, 20]}}
    study = build(
        tmp_path_factory.mktemp("spoilt") / "codecs", n_items=4, trials=trials, headphone_check="antiphase"
    )
    simulate_study(study, 4, seed=1)
    with closing(sqlite3.connect(study / "ratings.sqlite3")) as database, database:
        database.executescript(SPOIL)
    return study


@pytest.fixture
def spoilt(studio: ManyStudies, admin: Browser, spoilt_study: Path) -> str:
    shutil.copytree(spoilt_study, studio.folder / "codecs")
    admin.get("/")
    return "codecs"


def test_flags_are_those_of_the_screening(studio: ManyStudies, admin: Browser, spoilt: str) -> None:
    frame = load_ratings(str(studio.folder / spoilt))
    table = screen(frame, expected=frame.attrs["expected"]).set_index("listener")
    with studio.use(spoilt) as server, server.database.read() as connection:
        uuids = dict(connection.exec_driver_sql("SELECT participant, uuid FROM sessions").all())
        flags = find_flags(connection, server.study.config, list(uuids.values()))
    pages = {
        listener: [flag.name for flag in flags.get(uuid, [])] for listener, uuid in sorted(uuids.items())
    }
    assert pages == {
        "p1": ["straight-lining"],
        "p2": ["fast", "fast", "untouched"],
        "p3": ["headphones", "attention"],
        "p4": [],
    }
    for listener, row in table.iterrows():
        found = pages[str(listener)]
        assert found.count("straight-lining") == pytest.approx(row["straight_share"] * row["n_trials"])
        assert found.count("fast") == pytest.approx(row["fast_share"] * row["n_trials"])
        assert found.count("untouched") == (row["untouched_share"] > 0)
        assert found.count("attention") == row["attention_failed"]
        assert found.count("headphones") == ("headphone check failed" in row["flags"])


def test_a_flag_leads_to_its_page_with_one_click(studio: ManyStudies, admin: Browser, spoilt: str) -> None:
    with studio.use(spoilt) as server, server.database.read() as connection:
        uuid = connection.exec_driver_sql("SELECT uuid FROM sessions WHERE participant = 'p1'").scalar()
    watch = admin.get(f"/studies/{spoilt}/watch").text
    link = watch.split(f'class="flag" href="/studies/{spoilt}/sessions/{uuid}#')[1].split('"')[0]
    session = admin.get(f"/studies/{spoilt}/sessions/{uuid}").text
    row = session.split(f'<tr id="{link}">')[1].split("</tr>")[0]
    assert "one score for all sounds" in row and "trial" in row


def session(participant: str, **more: object) -> SimpleNamespace:
    known = {"finished_at": None, "excluded_at": None, "exclusion_reason": None, "screened_out": 0}
    return SimpleNamespace(participant=participant, **{**known, **more})


def test_each_participant_is_decided_upon_once() -> None:
    excluded = {"excluded_at": "2026-01-01", "exclusion_reason": "did not listen"}
    rows = [
        session("done", finished_at="2026-01-01"),
        session("away"),
        session("bad", finished_at="2026-01-01", **excluded),
        session("deaf", excluded_at="2026-01-01", exclusion_reason="headphone check failed", screened_out=1),
        session("twice", **excluded),
        session("twice", finished_at="2026-01-01"),
    ]
    decided = decide(rows)
    assert list_csv("approve", decided, "") == "done\r\ntwice\r\n"
    assert list_csv("reject", decided, "") == "bad\r\n"
    assert list_csv("screened-out", decided, "") == "deaf\r\n"
    assert list_csv("bonus", decided, "1.5") == "done,1.50\r\ntwice,1.50\r\n"
    assert list_csv("decisions", decided, "").splitlines()[2:4] == [
        "away,unfinished,", "bad,reject,did not listen"
    ]  # fmt: skip


@pytest.mark.parametrize("amount", ["", "one", "nan", "inf", "-1", "0", "0.001", "1001"])
def test_a_bonus_that_nobody_means_is_refused(amount: str) -> None:
    with pytest.raises(Refusal, match=r"expected a number from 0\.01 to 1000, such as 1\.50"):
        list_csv("bonus", {}, amount)


def test_an_id_is_one_line_of_a_list() -> None:
    decided = decide([session("p1\nother,1000.00\np2", finished_at="2026-01-01")])
    for kind in ("approve", "bonus"):
        assert len(list_csv(kind, decided, "1").splitlines()) == 1


def test_an_id_is_no_formula() -> None:
    decided = decide([session("=HYPERLINK(0)", finished_at="2026-01-01")])
    assert list_csv("approve", decided, "") == "'=HYPERLINK(0)\r\n"


def test_a_report_that_would_leave_out_everybody_names_the_choice_of_the_page() -> None:
    """The sentence is that of the command line, whose options the page has as choices."""
    from analysis.report import results

    said = "use --exclude none to keep them"
    assert said in Path(results.__file__).read_text("utf-8")
    assert worker.say(f"x; {said}", {}) == "x; leave out nobody to keep them"


def test_what_a_job_says_names_no_folder_of_the_server(tmp_path: Path) -> None:
    draft = tmp_path / "lab" / "drafts" / "codecs"
    task = {"kind": "build", "draft": str(draft), "out": str(tmp_path / "lab" / "codecs"), "exclude": None}
    said = f"{draft / 'sounds' / 'a.wav'}: not a sound file; {tmp_path / 'lab' / 'codecs'}: is not replaced"
    assert worker.say(said, task) == "sounds/a.wav: not a sound file; codecs: is not replaced"
