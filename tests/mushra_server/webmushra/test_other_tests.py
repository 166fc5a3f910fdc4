"""Pages that webMUSHRA and pymushra do not have: their files name them, and leave nothing out."""

from __future__ import annotations

import pytest

from mushra_server.errors import ServerError
from mushra_server.export.files import export_files
from tests.mushra_server.conftest import answer_to


@pytest.mark.parametrize("format", ["webmushra", "pymushra"])
def test_pages_that_other_programs_do_not_have_are_refused_and_not_left_out(
    make_app, make_listener, make_study, make_page, tmp_path, format
):
    """They were a traceback: what webMUSHRA stores of a preference, nobody knows."""
    pair = {**make_page(tmp_path / "study", 0), "type": "ab", "id": "pair"}
    pair = {key: pair[key] for key in ("type", "id", "name", "content")} | {
        "stimuli": {name: pair["stimuli"][name] for name in ("lmac-td", "saliency")}
    }
    study = make_study(pages=[pair], trials={"pair": {"item": "item0"}})
    app = make_app(study)
    listener = make_listener(app).start()
    page = listener.state["pages"][0]
    ratings = [
        {"key": sound["key"], "attribute": "preferred", "score": score}
        for sound, score in zip(page["stimuli"], (1, 0), strict=True)
    ]
    assert listener.put(0, {**answer_to(page), "ratings": ratings}).status_code == 200
    database = app.extensions["listenable"].database
    with pytest.raises(
        ServerError, match=f"^{format} has no pages of the type ab, which this study has; exp"
    ):
        list(export_files(database, study, format, tmp_path / "out"))
    assert not list((tmp_path / "out").iterdir())
    assert len(list(export_files(database, study, "csv", tmp_path / "out"))) == 1
