"""Page answers: what fits its page is stored, anything else is 400 with a sentence and leaves no row."""

from __future__ import annotations

import pytest

from analysis.ratings.study import study_of

LIKERT = [{"value": str(n), "label": f"L{n}"} for n in range(1, 6)]


def rate(page, **changes):
    ratings = [{"key": s["key"], "attribute": "score", "score": 50} for s in page["stimuli"]]
    ratings[0].update(changes)
    return {"attempt": "a", "ratings": ratings}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"score": 101}, "ratings: the score of 's1' is 101; expected 0 to 100 (score)"),
        ({"score": -1}, "ratings: the score of 's1' is -1; expected 0 to 100 (score)"),
        ({"score": "50"}, "ratings: the score of 's1' is '50'; expected a number"),
        ({"score": True}, "ratings: the score of 's1' is True; expected a number"),
        ({"score": 1e400}, "the body is not JSON"),
        ({"score": None}, "ratings: no score for s1 (score); every sound must be rated"),
        ({"key": "reference"}, "ratings: the key 'reference' is unknown; expected one of s1, s2, s3, s4, s5"),
        ({"key": ["s1"]}, "ratings: the key ['s1'] is unknown; expected one of s1, s2, s3, s4, s5"),
        ({"key": "s2"}, "ratings: 's2' was rated twice for 'score'"),
        ({"attribute": "x"}, "ratings: the attribute 'x' is unknown; expected one of score"),
        ({"comment": 7}, "ratings: the comment of 's1' is a int; expected a text"),
        ({"listened_ms": -5}, "listened_ms is -5; expected milliseconds"),
    ],
)
def test_ratings_that_do_not_fit(app, listener, rows, changes, sentence):
    page = listener.trials()[0]
    answer = listener.put(page["index"], rate(page, **changes))
    assert answer.status_code == 400 and answer.json["error"] == sentence
    assert rows(app, "SELECT * FROM submissions") == []


@pytest.mark.parametrize(
    ("index", "body", "sentence"),
    [
        (0, {}, "attempt is None; expected a text of 1 to 64 letters, digits and hyphens"),
        (0, {"attempt": "a b"}, "attempt is 'a b'; expected a text of 1 to 64 letters, digits and hyphens"),
        (0, {"attempt": "a", "ratings": [1]}, "ratings: expected a list of objects"),
        (0, {"attempt": "a", "ratings": [{}]}, "1 found; expected none on a page that does not rate"),
        (0, {"attempt": "a", "answers": []}, None),
        (0, {"attempt": "a", "answers": [1]}, "answers: expected an object of texts"),
        (0, {"attempt": "a", "answers": {"x": "1"}}, "answers: 'x' is not asked on this page"),
        (5, {"attempt": "a", "answers": {}}, "answers: 'age' is missing"),
        (5, {"attempt": "a", "answers": {"age": 30}}, "answers: 'age' is a int; expected a text"),
        (5, {"attempt": "a", "answers": {"age": "17"}}, "'age' is '17'; expected a number from 18 to 120"),
        (5, {"attempt": "a", "answers": {"age": "nan"}}, "'age' is 'nan'; expected a number from 18 to 120"),
        (5, {"attempt": "a", "answers": {"age": "30", "hearing": "x"}}, "'hearing' is 'x'; expected one"),
    ],
)  # fmt: skip
def test_answers_that_do_not_fit(listener, index, body, sentence):
    answer = listener.put(index, body)
    if sentence is None:
        assert answer.status_code == 200, "an empty list is what some browsers make of nothing"
    else:
        assert answer.status_code == 400 and sentence in answer.json["error"]


def test_the_ends_of_the_scale_fit(listener, rows, app):
    page = listener.trials()[0]
    for attempt, score in (("a", 0), ("b", 100), ("c", 33.25)):
        assert listener.put(page["index"], {**rate(page, score=score), "attempt": attempt}).status_code == 200
    scores = {row["score"] for row in rows(app, "SELECT score FROM export_ratings")}
    assert scores == {33.25, 50}


def test_a_condition_keeps_its_role_and_the_reference_is_a_hidden_one(app, listener, rows):
    listener.save(listener.trials()[0]["index"])
    stored = {row["condition"]: row["role"] for row in rows(app, "SELECT * FROM export_ratings")}
    assert stored == {
        "reference": "hidden_reference", "anchor35": "low_anchor", "anchor70": "mid_anchor",
        "lmac-td": "method", "saliency": "method",
    }  # fmt: skip


def test_an_unrated_condition_is_null_where_rating_is_not_a_must(make_app, make_listener, rows):
    app = make_app(must_rate=False)
    listener = make_listener(app).start()
    page = listener.trials()[0]
    assert listener.put(page["index"], {"attempt": "a", "ratings": []}).status_code == 200
    assert [row["score"] for row in rows(app, "SELECT score FROM export_ratings")] == [None] * 5


def test_several_scales_are_several_rows(make_app, make_listener, rows):
    scales = [
        {"name": "quality", "min": 0, "max": 100},
        {"name": "fit", "question": "How well does it fit?", "min": 1, "max": 5, "labels": ["no", "yes"]},
    ]
    app = make_app(scales=scales)
    listener = make_listener(app).start()
    page = listener.trials()[0]
    assert page["scales"][1]["question"] == "How well does it fit?"
    bad = rate(page)
    assert (
        "'score' is unknown; expected one of quality, fit" in listener.put(page["index"], bad).json["error"]
    )
    listener.save(page["index"], score=2)
    stored = rows(app, "SELECT attribute, score FROM export_ratings ORDER BY attribute, condition_position")
    assert [(row["attribute"], row["score"]) for row in stored] == [
        *(("fit", score) for score in (2, 3, 4, 5, 5)),
        *(("quality", score) for score in (2, 3, 4, 5, 6)),
    ]


def test_words_answers_and_times_are_kept_as_text(app, make_listener, rows):
    listener = make_listener(app).start({"workerId": "1_000", "participant": "007"})
    listener.save(5, answers={"age": "030", "email": "nan"}, time_ms=1234.6)
    answers = {row["name"]: row["value"] for row in rows(app, "SELECT * FROM export_answers")}
    assert answers == {"age": "030", "email": "nan", "workerId": "1_000", "participant": "007"}
    assert rows(app, "SELECT time_ms FROM submissions") == [{"time_ms": 1235}]
    assert rows(app, "SELECT participant FROM sessions") == [{"participant": "1_000"}]


def test_the_other_page_types_have_what_they_need(
    make_app, make_study, make_page, make_listener, tmp_path, rows
):
    make_page(tmp_path / "types", 0, ("one", "two"))
    paths = {name: f"audio/item0/{name}.wav" for name in ("one", "two")}
    shared = {"reference": "audio/item0/reference.wav", "stimuli": paths, "name": "x", "content": ""}
    likert = {"stimuli": paths, "name": "x", "content": "", "mustRate": True}
    words = [{"value": "clear", "label": "Clear"}, {"value": "dull", "label": "Dull"}]
    pages = [
        {"type": "volume", "id": "vol", "stimulus": "audio/item0/reference.wav", "defaultVolume": 0.3},
        {"type": "bs1116", "id": "bs", **shared},
        {"type": "paired_comparison", "id": "pc", "unforced": "Cannot say", **shared},
        {"type": "likert_single_stimulus", "id": "lss", "response": [LIKERT, words], **likert},
        {"type": "likert_multi_stimulus", "id": "lms", "response": LIKERT, **likert},
        {"type": "finish", "name": "End", "content": ""},
    ]
    app = make_app(make_study("types", pages=pages, headphone_check="huggins", screens=["environment"]))
    listener = make_listener(app).start({"participant": "p1"})
    found = listener.state["pages"]
    assert [page["type"] for page in found] == [
        "volume", "headphone_check", "environment_check", "bs1116", "bs1116", "paired_comparison",
        "paired_comparison", "likert_single_stimulus", "likert_single_stimulus", "likert_multi_stimulus",
        "finish",
    ]  # fmt: skip
    assert found[0]["default_volume"] == 0.3 and listener.client.get(found[0]["url"]).status_code == 200
    assert found[1]["method"] == "huggins"
    assert "method" not in found[2]
    strange = {"headphone_check": "passed"}
    refused = listener.put(2, {"page": found[2]["id"], "attempt": "a", "answers": strange})
    assert refused.json["error"] == "answers: 'headphone_check' is not asked on this page"
    assert found[5]["unforced"] == "Cannot say"
    assert [scale["points"] for scale in found[7]["scales"]] == [["1", "2", "3", "4", "5"], ["clear", "dull"]]
    save_other_types(listener)
    stored = {
        (row["item"], row["condition"], row["attribute"]): row["score"]
        for row in rows(app, "SELECT * FROM export_ratings")
    }
    for name in ("one", "two"):
        assert stored[("bs", name, "difference")] == pytest.approx(
            stored[("bs", name, "score")] - stored[("bs", name, "hidden_reference")], abs=0.005
        )
        assert stored[("pc", name, "correct")] in (0, 1, 0.5)
        assert stored[("lss", name, "rating1")] == 4 and stored[("lss", name, "rating2")] is None
        assert stored[("lms", name, "score")] == 2
    types = rows(app, "SELECT DISTINCT item, page_type FROM export_ratings ORDER BY item")
    assert [(row["item"], row["page_type"]) for row in types] == [
        ("bs", "bs1116"), ("lms", "likert_multi_stimulus"), ("lss", "likert_single_stimulus"),
        ("pc", "paired_comparison"),
    ]  # fmt: skip
    answers = {row["name"]: row["value"] for row in rows(app, "SELECT * FROM export_answers")}
    words_chosen = {name for name in answers if ":" in name}
    assert words_chosen == {f"lss:{name}:{name}:rating2" for name in ("one", "two")}, "numbers are ratings"
    assert answers["lss:one:one:rating2"] == "dull" and answers["volume"] == "70"
    assert answers["headphone_check"] == "passed"
    assert answers["environment_check_correct"] == "7"
    check_exports(app, tmp_path)


def test_each_type_of_page_has_its_own_ends_of_one_attribute(make_app, make_study, make_page, tmp_path):
    page = make_page(tmp_path / "both", 0, ("one",))
    stimuli = {"one": "audio/item0/one.wav"}
    likert = {"type": "likert_multi_stimulus", "id": "l", "stimuli": stimuli, "response": LIKERT}
    app = make_app(make_study("both", pages=[page, {**likert, "name": "x", "content": ""}]))
    served = app.extensions["listenable"].study
    study = study_of(served.config, served.root)
    assert study.scale_ends("score") is None
    assert study.scale_ends("mushra score") == (0, 100)
    assert study.scale_ends("likert_multi_stimulus score") == (1, 5)
    assert study.scale_ends("bs1116 score") is None, "no page is of this type"


def save_other_types(listener):
    for page in listener.state["pages"]:
        answers = {
            "volume": {"volume": "70"},
            "headphone_check": {"headphone_check": "passed"},
            "environment_check": {"environment_check": "passed", "environment_check_correct": "7"},
        }
        ratings = []
        for place, stimulus in enumerate(page.get("stimuli", [])):
            scores = {
                "bs1116": {"score": 4.25 + 0.5 * place},
                "paired_comparison": {"choice": place},
                "likert_single_stimulus": {"rating1": "4", "rating2": "dull"},
                "likert_multi_stimulus": {"score": 2},
            }[page["type"]]
            ratings += [
                {"key": stimulus["key"], "attribute": name, "score": score} for name, score in scores.items()
            ]
        listener.save(page["index"], ratings=ratings, answers=answers.get(page["type"], {}))
    assert listener.finish().status_code == 200


def check_exports(app, tmp_path):
    """The analysis package reads back from the CSV files what the view says."""
    from analysis import load_ratings
    from mushra_server.export.files import export_files

    server = app.extensions["listenable"]
    dict(export_files(server.database, server.study.root, "webmushra", tmp_path / "out"))
    folder = tmp_path / "out/results/a-study"
    assert sorted(path.name for path in folder.iterdir()) == [
        "bs1116.csv", "lms.csv", "lss.csv", "paired_comparison.csv",
    ]  # fmt: skip
    assert "lss,4,dull,one," in (folder / "lss.csv").read_text()
    url = server.database.engine.url.render_as_string()
    key = ["item", "condition", "attribute"]
    ours = load_ratings(url).set_index(key)["score"]
    files = (folder / f"{name}.csv" for name in ("bs1116", "paired_comparison", "lms"))
    theirs = load_ratings(*files, listener="participant").set_index(key)["score"]
    assert {"bs1116 score", "likert_multi_stimulus score"} <= set(theirs.index.get_level_values("attribute"))
    assert ours[theirs.index].tolist() == pytest.approx(theirs.tolist())


@pytest.mark.parametrize("value", ["6", 6, True, "nothing"])
def test_a_likert_point_must_be_one_of_the_scale(
    make_app, make_study, make_page, make_listener, tmp_path, value
):
    make_page(tmp_path / "likert", 0, ("one",))
    page = {
        "type": "likert_multi_stimulus",
        "id": "l",
        "stimuli": {"one": "audio/item0/one.wav"},
        "response": LIKERT,
    }
    listener = make_listener(make_app(make_study("likert", pages=[page]))).start()
    rating = {"key": "s1", "attribute": "score", "score": value}
    answer = listener.put(0, {"attempt": "a", "ratings": [rating]})
    assert answer.status_code == 400 and "expected one of 1, 2, 3, 4, 5" in answer.json["error"]
