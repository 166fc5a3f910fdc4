"""What a browser may know: the state of a session without a condition, a role, an item or a file name."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, NamedTuple

from mushra_server.answers.checks import must_rate
from mushra_server.database.sessions import Session
from mushra_server.participant.lab_colours import accents
from mushra_server.participant.languages import make_translator
from mushra_server.participant.session_record import SessionRecord
from mushra_server.study.media import blind_point
from mushra_server.study.opaque_files import HIDDEN_X, OPEN_REFERENCE, AudioNames, sounds_of
from mushra_server.study.scales import page_scales
from mushra_server.study.served_study import SessionPage, Study
from study_builder.config import (
    AbPage,
    ConsentPage,
    FinishPage,
    LikertPage,
    LikertPoint,
    MushraPage,
    PageScale,
    PairedComparisonPage,
    StudyConfig,
    VolumePage,
    with_addresses,
)

__all__ = ["completion", "find_first_unsaved", "last_words", "page_id", "session_state"]


class Reader(NamedTuple):
    """What a listener gets for a text of the config.

    Attributes:
        text: The text in the listener's language.
        address: From the path of a picture or a sound to its address in the session.
    """

    text: Callable[[str], str]
    address: Callable[[str], str]

    def html(self, text: str) -> str:
        """Return a text with the addresses of its pictures and sounds."""
        return with_addresses(self.text(text), self.address)

    def point(self, point: LikertPoint) -> dict[str, str | None]:
        """Return a point with its label and the addresses of its pictures."""
        shown = blind_point(point, self.address)
        return {**shown, "label": None if point.label is None else self.text(point.label)}


def session_state(
    study: Study,
    names: AudioNames,
    record: SessionRecord,
    *,
    resume_url: str,
    root: str = "",
    preview: bool = False,
) -> dict[str, Any]:
    """Return the state of a session as docs/formats.md describes it.

    A long session takes some time: no transaction is open meanwhile.

    Args:
        study: The study.
        names: The addresses of its sounds.
        record: What is stored of the session.
        resume_url: Where the session can be resumed.
        root: What every address begins with, without a slash at the end.
        preview: Whether the experimenter looks at the study.
    """
    config, session, saved = study.config, record.session, record.saved
    reader = _make_reader(study, names, session, record.language, root)
    pages = study.pages(session.slot, record.trial_answers)
    ended = session.finished or record.screened_out
    return {
        "study": {
            "title": reader.text(study.title),
            "language": record.language,
            "show_previous": config.show_previous,
            "lab": _lab(config, reader),
        },
        "simulated": session.simulated,
        "preview": preview,
        "resume_url": resume_url,
        "position": find_first_unsaved(pages, saved),
        "more": study.has_more(session.slot, record.trial_answers),
        "finished": ended,
        "completion": completion(study, session, screened_out=record.screened_out) if ended else None,
        "popup_content": last_words(study, names, session, pages, record.language, root)
        if session.finished and not record.screened_out
        else None,
        "pages": [
            _page(
                study, names, session, page, page.index in saved, record.answers.get(page.index), root, reader
            )
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


def last_words(
    study: Study,
    names: AudioNames,
    session: Session,
    pages: tuple[SessionPage, ...],
    language: str,
    root: str,
) -> str | None:
    """Return what the last page says to who has finished, or None.

    Studies for webMUSHRA, which knows no completion codes, have theirs here: nobody gets it beforehand.
    """
    found = pages[-1].page
    if not isinstance(found, FinishPage):
        return None
    return _make_reader(study, names, session, language, root).html(found.popup_content or "") or None


def _make_reader(study: Study, names: AudioNames, session: Session, language: str, root: str) -> Reader:
    address = functools.partial(names.medium, session.uuid, root=root)
    return Reader(make_translator(study.config, language), address)


def _page(
    study: Study,
    names: AudioNames,
    session: Session,
    page: SessionPage,
    saved: bool,
    answer: dict[str, Any] | None,
    root: str,
    reader: Reader,
) -> dict[str, Any]:
    found = page.page
    common = {
        "index": page.index,
        "id": page_id(names, session, page),
        "type": page.type,
        "kind": _get_visible_kind(page),
        "title": "" if found is None else reader.text(found.name),
        "content": "" if found is None else reader.html(found.content),
        "saved": saved,
        "answer": answer,
    }
    return {**common, **_of_type(study, page, reader), **_sounds(study, names, session, page, reader, root)}


def _get_visible_kind(page: SessionPage) -> str | None:
    """Return the kind of a page; attention checks and repeats look like trials to a listener."""
    kind = None if page.planned is None else page.planned.kind
    return "trial" if kind in {"attention", "repeat"} else kind


def _of_type(study: Study, page: SessionPage, reader: Reader) -> dict[str, Any]:
    found = page.page
    if page.planned is None:
        options = study.config.options
        method = {"method": options.headphone_check} if page.type == "headphone_check" else {}
        return {**method, "screens_out": options.completion is not None and options.completion.screens_out}
    if isinstance(found, ConsentPage):
        return {"must_consent": found.must_consent}
    if isinstance(found, VolumePage):
        return {"default_volume": found.default_volume}
    asks = page.questions or isinstance(found, FinishPage)
    return {"questionnaire": _questions(page, reader)} if asks else {}


def _questions(page: SessionPage, reader: Reader) -> list[dict[str, Any]]:
    return [
        {
            **question.model_dump(mode="json", exclude={"response"}),
            "label": None if question.label is None else reader.text(question.label),
            "response": [reader.point(point) for point in question.response or ()],
        }
        for question in page.questions
    ]


def _sounds(
    study: Study, names: AudioNames, session: Session, page: SessionPage, reader: Reader, root: str
) -> dict[str, Any]:
    places = sounds_of(page)
    urls = {place: names.url(session.uuid, page, place, root) for place in places}
    if not page.rates:
        return {"url": urls["volume"]} if "volume" in urls else {}
    reference = urls.get(OPEN_REFERENCE)
    shared = {
        "reference": None if reference is None else {"url": reference},
        "stimuli": [{"key": key, "url": urls[key]} for key in page.conditions()],
        "scales": [_scale(scale, reader) for scale in page_scales(study.config, page)],
        "must_rate": must_rate(study.config, page),
        "allow_comments": True,
    }
    if HIDDEN_X in urls:
        shared["x"] = {"url": urls[HIDDEN_X]}
    if isinstance(page.page, MushraPage) and _get_visible_kind(page) == "training":
        shared["best_expected"] = reference is not None and study.config.options.hidden_reference
    return {**shared, **_player(study, page), **_choices(page, reader)}


def _scale(scale: PageScale, reader: Reader) -> dict[str, Any]:
    shown = {name: value for name, value in asdict(scale).items() if name != "points" or value is not None}
    question = None if scale.question is None else reader.text(scale.question)
    return {**shown, "question": question, "labels": [reader.text(label) for label in scale.labels]}


def _lab(config: StudyConfig, reader: Reader) -> dict[str, Any] | None:
    lab = config.options.lab
    if lab is None:
        return None
    return {
        "name": lab.name,
        "logo": None if lab.logo is None else reader.address(lab.logo),
        "contact": None if lab.contact is None else reader.html(lab.contact),
        "colours": None if lab.colour is None else accents(lab.colour),
    }


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


def _choices(page: SessionPage, reader: Reader) -> dict[str, Any]:
    found = page.page
    if isinstance(found, PairedComparisonPage):
        return {"unforced": found.unforced and reader.text(found.unforced)}
    if isinstance(found, AbPage):
        return {"ties": found.ties}
    if isinstance(found, LikertPage):
        scales = [[reader.point(point) for point in scale] for scale in found.response]
        return {"response": scales, "must_playback": found.must_playback}
    return {}
