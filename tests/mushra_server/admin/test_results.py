"""Scores on the overview: what was rated, screened, simulated, and what is not analysed here."""

from __future__ import annotations

import threading
import time

from mushra_server.admin import results_cache
from mushra_server.admin.results import Results, compute
from mushra_server.admin.work import analyse
from mushra_server.database import settings
from tests.mushra_server.conftest import answer_to


def computed(app):
    """Analyse in this process."""
    server = app.extensions["listenable"]
    return compute(server.study, server.database)


def show_overview(app, admin):
    """Open the overview until its results are those of now."""
    app.extensions["listenable_results"].get(patience_s=60)
    return admin.get("/admin").text


def test_overview_shows_the_mean_that_was_rated(app, make_listener, admin):
    for score in (40, 50):
        listener = make_listener(app).start()
        for page in listener.state["pages"]:
            ratings = [
                {"key": s["key"], "attribute": "score", "score": score} for s in page.get("stimuli", [])
            ]
            listener.save(page["index"], **({"ratings": ratings} if ratings else {}))
        listener.finish()
    text = show_overview(app, admin)
    assert text.count('<td class="number" data-label="MOS ">45.0</td>') == 5, (
        "five conditions, each 40 and 50"
    )
    assert "<strong>2</strong> finished" in text and "<strong>30</strong> ratings" in text
    assert "of all listeners" in text, "both rated the hidden reference low: screening leaves nobody"
    assert admin.get("/admin/mos/0.svg").data.startswith(b"<?xml")


def test_an_interval_that_cannot_be_estimated_says_so(app, make_listener, admin):
    make_listener(app).start().save_all().finish()
    text = show_overview(app, admin)
    assert (
        "– to –" not in text and text.count('<td class="number" data-label="95 % ">not estimable</td>') == 5
    )


def test_the_chart_leaves_names_of_any_script_to_the_browsers_fonts(make_app, make_listener):
    app = make_app(conditions={"lmac-td": {"role": "method", "label": "新しい方法 ✓"}})
    make_listener(app).start().save_all().finish()
    chart = computed(app).scales[0].svg.decode()
    assert ">新しい方法 ✓</text>" in chart


def test_the_overview_calls_items_and_conditions_by_their_labels(make_app, make_listener):
    app = make_app(
        conditions={"lmac-td": {"role": "method", "label": "L-MAC-TD"}}, items={"item1": {"label": "Größe 1"}}
    )
    make_listener(app).start().save_all().finish()
    admin = app.test_client()
    own = settings.ensure_admin_token(app.extensions["listenable"].database)
    admin.post("/admin/login", data={"token": own})
    text = show_overview(app, admin)
    assert '<th scope="row">Größe 1</th>' in text and '<th scope="col" class="number">L-MAC-TD</th>' in text


def rate_as_heard(listener, score, reference):
    """Rate every condition alike, but for the hidden reference, which sounds like the open one."""
    for page in listener.state["pages"]:
        body = answer_to(page, score)
        if page["type"] == "mushra":
            heard = listener.client.get(page["reference"]["url"]).data
            for rating, sound in zip(body["ratings"], page["stimuli"], strict=True):
                same = listener.client.get(sound["url"]).data == heard
                rating["score"] = reference if same else score
        assert listener.put(page["index"], body).status_code == 200
    listener.finish()


def test_screening_follows_the_studys_scale(make_app, make_listener):
    """Guessed from the scores, the scale would be 1 to 7 and its limit for the reference 6.4, not 5.4."""
    app = make_app(scales=[{"name": "quality", "min": 0, "max": 6, "step": 0.1}])
    for listener in ("a", "b"):
        rate_as_heard(make_listener(app).start({"participant": listener}), 2, 5.5)
    (scale,) = computed(app).scales
    assert scale.note is None and [row["kept"] for row in scale.screening] == [True, True]


def test_attention_checks_are_evaluated(make_app, make_listener):
    trials = {f"trial{number}": {"item": f"item{number}"} for number in range(2)}
    trials["trial2"] = {"item": "item2", "kind": "attention", "expected": {"saliency": [0, 10]}}
    app = make_app(trials=trials)
    rate_as_heard(make_listener(app).start({"participant": "asleep"}), 60, 100)
    rate_as_heard(make_listener(app).start({"participant": "awake"}), 5, 100)
    (scale,) = computed(app).scales
    flags = {row["listener"]: row["flags"] for row in scale.screening}
    assert "attention check failed" in flags["asleep"]
    assert "attention check failed" not in flags["awake"]


def test_simulated_results_say_so(app, make_listener, admin):
    make_listener(app).start(simulated=True).save_all().finish()
    assert "SIMULATED" in show_overview(app, admin)
    make_listener(app).start().save_all().finish()
    app.extensions["listenable_results"].expire()
    assert "SIMULATED" not in show_overview(app, admin), "real ratings alone are shown once there are some"


def test_pages_do_not_wait_for_the_analysis(app, listener, admin, monkeypatch):
    listener.save_all()
    begun, go_on = threading.Event(), threading.Event()

    def slowly(server, limit_s):
        begun.set()
        go_on.wait(30)
        return analyse(server, limit_s)

    monkeypatch.setattr(results_cache, "analyse", slowly)
    started = time.monotonic()
    for path in ("/admin", "/admin/sessions", "/admin"):
        text = admin.get(path).text
    assert time.monotonic() - started < 5 and begun.is_set()
    assert "Scores are being computed" in text and "<strong>–</strong> ratings" in text
    parts = text.count("data-live=")
    go_on.set()
    text = show_overview(app, admin)  # from the real process
    assert text.count("data-live=") == parts, "the script replaces each part by the same part of the new page"
    assert "being computed" not in text and "<strong>15</strong> ratings" in text


def test_results_from_before_an_exclusion_are_computed_again_at_once(app, listener, monkeypatch):
    """Those of a large study stay for ten times as long as they took."""
    listener.save_all()
    begun, go_on, asked = threading.Event(), threading.Event(), []

    def slowly(server, limit_s):
        asked.append(1)
        begun.set()
        go_on.wait(30)
        return Results(ratings=len(asked))

    monkeypatch.setattr(results_cache, "analyse", slowly)
    monkeypatch.setattr(results_cache, "AGE_FACTOR", 1e9)
    cache = app.extensions["listenable_results"]
    assert cache.get(patience_s=0).pending and begun.wait(30)
    cache.expire()
    go_on.set()
    cache.get(patience_s=30)
    assert cache.get(patience_s=30).ratings == 2 and cache.get().ratings == 2 and len(asked) == 2


def test_an_analysis_that_takes_too_long_is_stopped(app, listener, admin):
    listener.save_all()
    found = analyse(app.extensions["listenable"], 0.01)
    assert found.problem == "the analysis took longer than 0.01 s and was stopped; run listenable analyze"
    assert found.ratings is None, "15, which it did not come to count"


def test_too_many_ratings_are_counted_and_not_analysed(app, listener, monkeypatch):
    listener.save_all()
    monkeypatch.setattr("mushra_server.admin.results.MOST_RATINGS", 14)
    found = computed(app)
    assert found.problem == ("15 ratings are too many to analyse here (at most 14); run listenable analyze")
    assert found.ratings == 15 and found.counts["item0"]["saliency"] == 1 and not found.scales
