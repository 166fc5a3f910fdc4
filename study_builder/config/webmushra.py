"""webMUSHRA's own names: the only file of the package in which they occur.

webMUSHRA's `stimuli` map contains conditions, its keys are written in camel case, some that its documentation
has are never read, and some that its examples have are neither documented nor read. The tables below say
which is which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from study_builder.config.yaml_reader import Document, Path
from study_builder.identifiers import nearest

OURS = "listenable"
RANDOM = "random"

_SEND_ALWAYS = "webMUSHRA always sends the results"
_NO_ANCHORS = "webMUSHRA makes anchors only on mushra pages"
_ALWAYS_SHUFFLED = "webMUSHRA always shuffles the stimuli of this page"


@dataclass(frozen=True)
class Keys:
    """The keys of one mapping in a file.

    Attributes:
        fields: this project's name by webMUSHRA's.
        nested: the keys of the mappings inside a value (a mapping, a list, a list of lists), by webMUSHRA's
            name.
        idle: why a key has no effect in webMUSHRA, by webMUSHRA's name.
        ignored: why a key that is true has no effect on listenable's page, by webMUSHRA's name.
    """

    fields: Mapping[str, str]
    nested: Mapping[str, Keys] = field(default_factory=dict)
    idle: Mapping[str, str] = field(default_factory=dict)
    ignored: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Notice:
    """Something in a config that its author should know about: a key that is unknown or does nothing."""

    line: int
    key: str
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


_COMMON = _same("type", "id", "name", "content")
_REFERENCE = {
    **_COMMON,
    **_same("reference"),
    "showWaveform": "show_waveform",
    "enableLooping": "enable_looping",
    "stimuli": "conditions",
}
_ANCHORS = {"createAnchor35": "create_anchor35", "createAnchor70": "create_anchor70"}
_POINT = Keys(
    {
        **_same("value", "label", "img"),
        "imgSelected": "img_selected",
        "imgHigherResponseSelected": "img_higher_response_selected",
    }
)
_LIKERT = {
    **_COMMON,
    **_same("response"),
    "mustRate": "must_rate",
    "mustPlayback": "must_playback",
    "stimuli": "conditions",
}
_VIEW = Keys(_same("view", "position", "rotation"))
_OBJECT = Keys(_same("type", "path", "position", "rotation", "scale"))
_RESPONSE = Keys(
    {
        **_same("type", "name", "label", "color", "stimulus", "position", "size", "height", "depth"),
        "bezierOuterLeft": "bezier_outer_left",
        "bezierInnerLeft": "bezier_inner_left",
        "bezierInnerRight": "bezier_inner_right",
        "bezierOuterRight": "bezier_outer_right",
    }
)
_QUESTION = Keys(
    _same("type", "name", "label", "optional", "min", "max", "default", "response"), {"response": _POINT}
)

_PAIR = {**_COMMON, **_same("question"), "stimuli": "conditions", "enableLooping": "enable_looping"}
_ONLY_OURS = {
    "ab": Keys({**_PAIR, "ties": "ties"}),
    "abx": Keys(_PAIR),
    "ccr": Keys(_PAIR),
    "dcr": Keys({**_REFERENCE, **_same("question")}),
    "best_worst": Keys(_PAIR),
}
"""Pages that webMUSHRA does not have, with keys as it would write them."""

STUDY = Keys(
    {
        "testname": "title",
        "testId": "test_id",
        "bufferSize": "buffer_size",
        "stopOnErrors": "stop_on_errors",
        "showButtonPreviousPage": "show_previous",
        "language": "language",
        "remoteService": "remote_service",
        "pages": "pages",
        OURS: "options",
    }
)

PAGES: dict[str, Keys] = {
    "generic": Keys(
        {**_COMMON, "language": "language"}, idle={"language": "webMUSHRA reads it from the top level"}
    ),
    "consent": Keys({**_COMMON, "mustConsent": "must_consent"}),
    "volume": Keys({**_COMMON, "stimulus": "stimulus", "defaultVolume": "default_volume"}),
    "mushra": Keys(
        {
            **_REFERENCE,
            **_ANCHORS,
            **_same("strict", "randomize"),
            "showConditionNames": "show_condition_names",
            "switchBack": "switch_back",
        },
        ignored={"showConditionNames": "listenable's page never shows the names of conditions"},
    ),
    "bs1116": Keys({**_REFERENCE, **_ANCHORS}, idle=dict.fromkeys(_ANCHORS, _NO_ANCHORS)),
    "paired_comparison": Keys({**_REFERENCE, "unforced": "unforced"}),
    "likert_single_stimulus": Keys(
        {**_LIKERT, "maxStimuli": "max_stimuli", "randomize": "randomize"},
        {"response": _POINT},
        {"randomize": _ALWAYS_SHUFFLED},
    ),
    "likert_multi_stimulus": Keys(_LIKERT, {"response": _POINT}),
    "spatial": Keys(
        {
            **_COMMON,
            **_same("framerate", "views", "objects", "responses"),
            "roomMeasurements": "room_measurements",
            "numberofLocObj": "number_of_loc_obj",
            "stimuli": "conditions",
        },
        {"views": _VIEW, "objects": _OBJECT, "responses": _RESPONSE},
    ),
    **_ONLY_OURS,
    "finish": Keys(
        {
            **_COMMON,
            **_same("questionnaire"),
            "popupContent": "popup_content",
            "showResults": "show_results",
            "showErrors": "show_errors",
            "writeResults": "write_results",
        },
        {"questionnaire": _QUESTION},
        {"writeResults": _SEND_ALWAYS},
        {"showResults": "listenable's page never shows results to listeners"},
    ),
}


def from_wire(
    found: Mapping[str, Any], keys: Keys, document: Document, path: Path
) -> tuple[dict[str, Any], list[Notice]]:
    """Rename a mapping's keys to this project's, and report which keys are unknown or do nothing.

    Args:
        found: the mapping as the file has it.
        keys: what it may contain.
        document: the file, for line numbers.
        path: the mapping's place in the file.
    """
    fields: dict[str, Any] = {}
    notices: list[Notice] = []
    for key, value in found.items():
        here = (*path, str(key))
        if key not in keys.fields:
            message = unknown_among(str(key), list(keys.fields)) + "; it was left out"
            notices.append(Notice(document.line(here), str(key), message))
            continue
        if reason := keys.idle.get(key) or (value and keys.ignored.get(key)):
            notices.append(Notice(document.line(here), key, f"'{key}' has no effect here: {reason}"))
        inner = keys.nested.get(key)
        fields[keys.fields[key]] = (
            value if inner is None else _read_nested(value, inner, document, here, notices)
        )
    return fields, notices


def _read_nested(value: Any, keys: Keys, document: Document, path: Path, notices: list[Notice]) -> Any:
    if isinstance(value, list):
        return [_read_nested(one, keys, document, (*path, i), notices) for i, one in enumerate(value)]
    if isinstance(value, dict):
        fields, found = from_wire(value, keys, document, path)
        notices.extend(found)
        return fields
    return value


def unknown_among(key: str, names: list[str]) -> str:
    """Return that `key` is not among `names`, and which of them is nearest."""
    near = nearest(key, names)
    return f"the key '{key}' is unknown" + (f" (did you mean '{near}'?)" if near else "")


def to_wire(fields: Mapping[str, Any], keys: Keys) -> dict[str, Any]:
    """Rename a mapping's keys to webMUSHRA's; a value that is None is left out."""
    written: dict[str, Any] = {}
    for key, name in keys.fields.items():
        value = fields.get(name)
        if value is not None:
            inner = keys.nested.get(key)
            written[key] = value if inner is None else _write_nested(value, inner)
    return written


def _write_nested(value: Any, keys: Keys) -> Any:
    if isinstance(value, list | tuple):
        return [_write_nested(one, keys) for one in value]
    return to_wire(value, keys) if isinstance(value, Mapping) else value


def likert_to_wire(scales: list[Any]) -> list[Any]:
    """Return scales as webMUSHRA has them: one is a list of points, several a list of lists."""
    return scales[0] if len(scales) == 1 else scales
