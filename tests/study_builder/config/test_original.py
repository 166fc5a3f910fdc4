"""Whatever the builder writes, webMUSHRA's code reads key by key, and nothing in it makes that code stop.

The tables are what webMUSHRA 1.4.3 reads of a config, page type by page type, as found in its source
(`startup.js`, `PageTemplateRenderer.js`, the pages' own files). They are written out here once more, apart
from the tables of `study_builder.webmushra`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from stimuli import Condition, Item
from study_builder.building.choices import Choices
from study_builder.building.pages import Sounds, study_config
from study_builder.config import StudyConfig
from study_builder.config.json_schema import describe_config
from study_builder.config.options import Completion, Scale
from study_builder.config.page_types import LikertPoint, Question
from tests.study_builder.small_studies import WEBMUSHRA_KEYS

READ = {
    "generic": {"type", "name", "content"},
    "consent": {"type", "name", "content", "mustConsent"},
    "volume": {"type", "name", "content", "stimulus", "defaultVolume"},
    "mushra": {
        *("type", "id", "name", "content", "showWaveform", "enableLooping", "strict", "reference"),
        *("createAnchor35", "createAnchor70", "randomize", "showConditionNames", "stimuli", "switchBack"),
    },
    "finish": {"type", "name", "content", "popupContent", "showResults", "showErrors", "questionnaire"},
}
DOCUMENTED = {"id"}
"""Its documentation has an id on every page; its code reads that of rating pages."""
ASKED = {
    "text": {"type", "label", "name", "optional"},
    "number": {"type", "label", "name", "min", "max", "default", "optional"},
    "likert": {"type", "label", "name", "response", "optional"},
    "long_text": {"type", "label", "name", "optional"},
}
POINT = {"value", "label", "img", "imgSelected", "imgHigherResponseSelected"}
LANGUAGES = {"en", "de", "fr", "es"}
"""With any other its code stops while it looks for the texts of its buttons."""
MOST_STIMULI, MOST_SECONDS = 12, 12.0
"""A strict page with more stimuli, or a longer reference, is refused."""

SCHEMA = Draft202012Validator(describe_config())

WORDS = st.text(st.characters(blacklist_categories=["Cs"]), max_size=20)
NAMES = ["lmac-td", "gradcam", "l2i", "saliency", "shap", "c6", "c7", "c8", "c9", "c10", "c11", "c12", "c13"]


@st.composite
def sounds(draw: st.DrawFn, reference: str) -> Sounds:
    """Sounds as the builder would have written them, for a study with or without a reference."""
    count, methods = draw(st.integers(1, 7)), draw(st.integers(1, 13))
    classes = draw(st.sampled_from([None, "dog", "sea_waves"]))
    items = [Item(name=f"item-{n}", label=classes, prediction=classes) for n in range(count)]
    conditions = [Condition(name=name, label=draw(st.none() | WORDS)) for name in NAMES[:methods]]
    names = [condition.name for condition in conditions]
    if reference != "none":
        conditions += [
            Condition(name="anchor35", role="low_anchor"),
            Condition(name="anchor70", role="mid_anchor"),
        ]
        names += ["anchor35", "anchor70", "reference"]
    paths = {(i.name, name): f"audio/{i.name}/{name}.wav" for i in items for name in names}
    files = dict.fromkeys(paths.values(), "0" * 64)
    names_found = {item.name: draw(WORDS) for item in items}
    return Sounds(items, conditions, paths, files, draw(st.floats(0.1, 30)), names_found)


QUESTIONS = st.builds(
    Question,
    type=st.sampled_from(["text", "long_text"]),
    name=st.from_regex(r"[a-z]{1,8}", fullmatch=True),
    label=WORDS,
    optional=st.booleans(),
)
NUMBERS = st.builds(
    Question,
    type=st.just("number"),
    name=st.from_regex(r"[0-9]{1,8}", fullmatch=True),
    min=st.none() | st.integers(-5, 5),
    max=st.none() | st.floats(6, 9),
)
LIKERT = st.builds(
    Question,
    type=st.just("likert"),
    name=st.from_regex(r"[A-Z]{1,8}", fullmatch=True),
    label=WORDS,
    response=st.lists(st.builds(LikertPoint, value=WORDS, label=st.none() | WORDS), min_size=1).map(tuple),
)


@st.composite
def choices(draw: st.DrawFn) -> Choices:
    """Any choices, of what does not depend on the sounds themselves."""
    unlike = draw(st.booleans())
    several = (Scale(name="a", labels=()), Scale(name="b", min=-3, max=3))
    return Choices(
        title=draw(WORDS),
        question=draw(st.none() | WORDS),
        instructions=draw(st.none() | WORDS),
        consent=draw(st.none() | WORDS),
        volume_text=draw(st.none() | WORDS),
        finish=draw(st.none() | WORDS),
        reference=draw(st.sampled_from(["hidden", "open", "none"])),
        scales=several if unlike else (Scale(),),
        training_items=draw(st.integers(0, 1)),
        repeats=draw(st.integers(0, 1)),
        attention_checks=0 if unlike else draw(st.integers(0, 1)),
        order=draw(st.sampled_from(["williams", "random", "fixed"])),
        items_per_session=draw(st.none() | st.just(1)),
        questionnaire=draw(
            st.none() | st.lists(QUESTIONS | NUMBERS | LIKERT, unique_by=lambda q: q.name).map(tuple)
        ),
        show_waveform=draw(st.booleans()),
        loop=draw(st.booleans()),
        switch_back=draw(st.booleans()),
        show_previous=draw(st.booleans()),
        language=draw(st.sampled_from(["en", "de", "fr", "es", "it", "ja"])),
        # never the name of a question, which is refused
        url_parameters=draw(st.lists(WORDS.map(lambda word: f"{word} id"), max_size=2).map(tuple)),
        completion=draw(st.none() | st.builds(Completion, code=st.none() | WORDS)),
        headphone_check=draw(st.sampled_from([None, "antiphase", "huggins"])),
        quota=draw(st.none() | st.integers(1, 99)),
        seed=draw(st.integers(0, 2**31)),
    )


def pages_of(found: list[Any], top: bool = True) -> Iterator[dict[str, Any]]:
    """Yield pages as webMUSHRA's `addPagesToPageManager` meets them."""
    for index, entry in enumerate(found):
        if entry == "random":
            # It looks for the word at the beginning of nested lists alone.
            assert index == 0 and not top
        elif isinstance(entry, list):
            yield from pages_of(entry, top=False)
        else:
            yield entry


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_is_written_webmushra_reads_and_listenable_reads_back(data: st.DataObject) -> None:
    chosen = data.draw(choices())
    made = data.draw(sounds(chosen.reference))
    config = study_config(made, chosen, {"command": data.draw(WORDS)})
    written = config.to_yaml()
    again, notices = StudyConfig.parse(written)
    assert again == config
    assert notices == []
    found = yaml.safe_load(written)
    SCHEMA.validate(found)
    check_as_webmushra_reads(found, chosen.reference, made.longest_s)


def check_as_webmushra_reads(found: dict[str, Any], reference: str, longest_s: float) -> None:
    assert set(found) - {"listenable"} == WEBMUSHRA_KEYS
    assert found["language"] in LANGUAGES
    assert found["bufferSize"] in {2**n for n in range(8, 15)}
    pages = list(pages_of(found["pages"]))
    # It sends the results when it comes to a finish page that is the last page.
    assert [page["type"] for page in pages].index("finish") == len(pages) - 1
    trials = [page for page in pages if page["type"] == "mushra"]
    assert trials
    assert len({page["id"] for page in trials}) == len(trials)
    for page in pages:
        assert set(page) <= READ[page["type"]] | DOCUMENTED, page["type"]
        assert all(isinstance(page[key], str) for key in ("name", "content"))
    for page in trials:
        assert "reference" not in page["stimuli"]
        assert page["createAnchor35"] is page["createAnchor70"] is page["showConditionNames"] is False
        if reference != "none":
            assert page["reference"].endswith("/reference.wav")
            assert {"anchor35", "anchor70"} <= set(page["stimuli"])
        if page["strict"]:
            assert len(page["stimuli"]) <= MOST_STIMULI and longest_s <= MOST_SECONDS
    for question in pages[-1].get("questionnaire", []):
        assert set(question) <= ASKED[question["type"]]
        for point in question.get("response", []):
            assert set(point) <= POINT
