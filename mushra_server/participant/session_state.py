"""What a browser may know: the state of a session without a condition, a role, an item or a file name."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from mushra_server.answers.checks import must_rate
from mushra_server.database.sessions import Session
from mushra_server.study.opaque_files import HIDDEN_X, OPEN_REFERENCE, AudioNames, sounds_of
from mushra_server.study.pictures import blind_point
from mushra_server.study.scales import page_scales
from mushra_server.study.served_study import HEADPHONE_CHECK, SessionPage, Study
from study_builder.config import (
    AbPage,
    ConsentPage,
    FinishPage,
    LikertPage,
    MushraPage,
    PageScale,
    PairedComparisonPage,
    VolumePage,
    with_addresses,
)

__all__ = ["completion", "find_first_unsaved", "page_id", "session_state"]

Address = Callable[[str], str]  # from a picture's path in the study to its address in the session


def session_state(
    study: Study,
    names: AudioNames,
    session: Session,
    *,
    saved: set[int],
    answers: dict[int, dict[str, Any]],
    resume_url: str,
    root: str = "",
    preview: bool = False,
    trial_answers: tuple[bool, ...] = (),
    screened_out: bool = False,
) -> dict[str, Any]:
    """Return the state of a session as docs/formats.md describes it.

    Args:
        study: The study.
        names: The addresses of its sounds.
        session: The session.
        saved: Indexes of the pages that are stored.
        answers: Stored answers and drafts by page index.
        resume_url: Where the session can be resumed.
        root: What every address begins with, without a slash at the end.
        preview: Whether the experimenter looks at the study.
        trial_answers: To the trials of an adaptive test, which its pages follow from.
        screened_out: Whether the session ended with a failed headphone check.
    """
    config = study.config
    pages = study.pages(session.slot, trial_answers)
    return {
        "study": {
            "title": study.title,
            "language": config.options.language or config.language,
            "show_previous": config.show_previous,
        },
        "simulated": session.simulated,
        "preview": preview,
        "resume_url": resume_url,
        "position": find_first_unsaved(pages, saved),
        "more": study.has_more(session.slot, trial_answers),
        "finished": session.finished or screened_out,
        "completion": completion(study, session, screened_out=screened_out)
        if session.finished or screened_out
        else None,
        "pages": [
            _page(study, names, session, page, page.index in saved, answers.get(page.index), root)
            for page in pages
        ],
    }


def find_first_unsaved(pages: tuple[SessionPage, ...], saved: set[int]) -> int:
    """Return the index of the first page without a stored answer; the number of pages when all have one."""
    return next((page.index for page in pages if page.index not in saved), len(pages))


def page_id(names: AudioNames, session: Session, page: SessionPage) -> str:
    """Return a page's opaque id, which no other session has."""
    return names.make_opaque(session.uuid, "page", page.id)


def completion(study: Study, session: Session, *, screened_out: bool = False) -> dict[str, Any] | None:
    """Return what a participant takes back to where they came from; a program takes nothing."""
    found = study.config.options.completion
    if found is None or session.simulated:
        return None
    if screened_out:
        return {
            "code": found.screened_out_code,
            "redirect": found.screened_out_redirect,
            "screened_out": True,
        }
    return {"code": found.code, "redirect": found.redirect}


def _page(
    study: Study,
    names: AudioNames,
    session: Session,
    page: SessionPage,
    saved: bool,
    answer: dict[str, Any] | None,
    root: str,
) -> dict[str, Any]:
    found = page.page
    address = functools.partial(names.picture, session.uuid, root=root)
    common = {
        "index": page.index,
        "id": page_id(names, session, page),
        "type": page.type,
        "kind": _get_visible_kind(page),
        "title": "" if found is None else found.name,
        "content": "" if found is None else with_addresses(found.content, address),
        "saved": saved,
        "answer": answer,
    }
    return {**common, **_of_type(study, page, address), **_sounds(study, names, session, page, address, root)}


def _get_visible_kind(page: SessionPage) -> str | None:
    """Return the kind of a page; attention checks and repeats look like trials to a listener."""
    kind = None if page.planned is None else page.planned.kind
    return "trial" if kind in {"attention", "repeat"} else kind


def _of_type(study: Study, page: SessionPage, address: Address) -> dict[str, Any]:
    found = page.page
    if page.type == HEADPHONE_CHECK:
        options = study.config.options
        screens_out = options.completion is not None and options.completion.screens_out
        return {"method": options.headphone_check, "screens_out": screens_out}
    if isinstance(found, ConsentPage):
        return {"must_consent": found.must_consent}
    if isinstance(found, VolumePage):
        return {"default_volume": found.default_volume}
    if isinstance(found, FinishPage):
        popup = with_addresses(found.popup_content or "", address) or None
        return {"popup_content": popup, "questionnaire": _questions(page, address)}
    return {"questionnaire": _questions(page, address)} if page.questions else {}


def _questions(page: SessionPage, address: Address) -> list[dict[str, Any]]:
    return [
        {
            **question.model_dump(mode="json", exclude={"response"}),
            "response": [blind_point(point, address) for point in question.response or ()],
        }
        for question in page.questions
    ]


def _sounds(
    study: Study, names: AudioNames, session: Session, page: SessionPage, address: Address, root: str
) -> dict[str, Any]:
    places = sounds_of(page)
    urls = {place: names.url(session.uuid, page, place, root) for place in places}
    if not page.rates:
        return {"url": urls["volume"]} if "volume" in urls else {}
    reference = urls.get(OPEN_REFERENCE)
    shared = {
        "reference": None if reference is None else {"url": reference},
        "stimuli": [{"key": key, "url": urls[key]} for key in page.conditions()],
        "scales": [_scale(scale) for scale in page_scales(study.config, page)],
        "must_rate": must_rate(study.config, page),
        "allow_comments": True,
    }
    if HIDDEN_X in urls:
        shared["x"] = {"url": urls[HIDDEN_X]}
    if isinstance(page.page, MushraPage) and _get_visible_kind(page) == "training":
        shared["best_expected"] = reference is not None and study.config.options.hidden_reference
    return {**shared, **_player(study, page), **_choices(page, address)}


def _scale(scale: PageScale) -> dict[str, Any]:
    return {name: value for name, value in asdict(scale).items() if name != "points" or value is not None}


def _player(study: Study, page: SessionPage) -> dict[str, Any]:
    found = page.page
    trial = None if page.planned is None else page.planned.trial
    return {
        "prediction": None if trial is None else trial.prediction,
        "loop": bool(getattr(found, "enable_looping", False)),
        "switch_back": isinstance(found, MushraPage) and found.switch_back,
        "show_waveform": bool(getattr(found, "show_waveform", False)),
        "must_listen": study.config.options.must_listen,
    }


def _choices(page: SessionPage, address: Address) -> dict[str, Any]:
    found = page.page
    if isinstance(found, PairedComparisonPage):
        return {"unforced": found.unforced}
    if isinstance(found, AbPage):
        return {"ties": found.ties}
    if isinstance(found, LikertPage):
        scales = [[blind_point(point, address) for point in scale] for scale in found.response]
        return {"response": scales, "must_playback": found.must_playback}
    return {}
