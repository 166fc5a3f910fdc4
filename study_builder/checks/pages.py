"""Checks of a study's pages, without its sounds: signals, items, anchors, training, blindness."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from study_builder.checks.report import Finding, page_of_standard
from study_builder.config import (
    ChoicePage,
    ConsentPage,
    FinishPage,
    MushraPage,
    Page,
    SpatialPage,
    StudyConfig,
    VolumePage,
)
from study_builder.config.roles import REFERENCE_ROLES
from study_builder.design import trial_pages
from study_builder.sounds.anchors import ANCHORS

MAX_SIGNALS = 12
MIN_ITEMS = 5
MIN_NAME = 3
MAX_WORD = 4
ORIGINAL_LANGUAGES = ("en", "de", "fr", "es")


def check_pages(config: StudyConfig) -> Iterator[Finding]:
    """Yield what is found on the pages of a study."""
    yield from _structure(config)
    yield from _ids(config)
    for page in config.walk():
        if isinstance(page, MushraPage):
            yield from _mushra(config, page)
    yield from _items(config)
    yield from _roles(config)
    yield from _attention(config)
    yield from _original(config)


def _structure(config: StudyConfig) -> Iterator[Finding]:
    pages = list(config.walk())
    if not any(page.rates for page in pages):
        yield Finding("error", "no-trials", "pages", "the study has no page that asks for ratings")
    finishes = [index for index, page in enumerate(pages) if isinstance(page, FinishPage)]
    if finishes != [len(pages) - 1]:
        message = f"{len(finishes)} finish pages were found; expected one, as the last page"
        yield Finding("error", "finish-last", "pages", message)
    kinds = {config.trial(page).kind for page in pages if page.rates}
    if "trial" in kinds and "training" not in kinds and any(isinstance(page, MushraPage) for page in pages):
        message = "there is no training page; training is mandatory, and its grades are discarded"
        yield Finding("warning", "no-training", "pages", message, page_of_standard("pp. 7 and 22"))
    if not any(isinstance(page, VolumePage) for page in pages):
        message = "there is no volume page; the level must not change within an item"
        yield Finding("note", "no-volume", "pages", message, page_of_standard("pp. 13-14"))
    if not any(isinstance(page, ConsentPage) for page in pages):
        yield Finding("note", "no-consent", "pages", "there is no consent page")
    if config.options.order == "fixed":
        message = "order is 'fixed'; orders are to be random within and between sessions"
        yield Finding("warning", "fixed-order", "listenable.order", message, page_of_standard("p. 4"))


def _ids(config: StudyConfig) -> Iterator[Finding]:
    rated = [page for page in config.walk() if page.rates]
    for page in rated:
        if page.id is None:
            message = f"a {page.type} page ('{page.name}') has no id; its ratings could not be distinguished"
            yield Finding("error", "no-id", "pages", message)
    for name, count in Counter(page.id for page in rated if page.id is not None).items():
        if count > 1:
            message = f"{count} rating pages have this id; expected different ids"
            spatial = all(isinstance(page, SpatialPage) for page in rated if page.id == name)
            yield Finding("warning" if spatial else "error", "same-id", f"page '{name}'", message)
    unused = set(config.options.trials) - {page.id for page in rated}
    for name in sorted(unused):
        message = "no rating page has this id"
        yield Finding("warning", "unused-trial", f"listenable.trials.{name}", message)
    for name, trial in config.options.trials.items():
        if trial.repeat_of is not None and trial.repeat_of not in config.options.trials:
            message = f"repeats '{trial.repeat_of}', which is not a page of the study"
            yield Finding("error", "repeat-of-nothing", f"page '{name}'", message)


def _mushra(config: StudyConfig, page: MushraPage) -> Iterator[Finding]:
    where = f"page '{page.id}'"
    count = len(config.presented(page))
    if count > MAX_SIGNALS:
        message = f"has {count} signals to rate; no more than {MAX_SIGNALS} are recommended"
        yield Finding("warning", "many-signals", where, message, page_of_standard("p. 8"))
    if page.created_anchors:
        message = (
            f"asks webMUSHRA to make {' and '.join(page.created_anchors)} in the browser, which misses the "
            "mask and is 2 ms early; expected rendered anchors (`listenable study build` makes them)"
        )
        yield Finding("error", "browser-anchors", where, message, page_of_standard("p. 7"))
    if page.show_condition_names:
        message = "asks webMUSHRA to show the names of its conditions; expected a blind test"
        yield Finding("warning", "names-shown", where, message)
    if not page.randomize:
        message = "has conditions in a fixed order (randomize: false)"
        yield Finding("warning", "fixed-conditions", where, message, page_of_standard("p. 4"))
    if not page.enable_looping:
        message = "cannot be looped; looping is part of the method"
        yield Finding("warning", "no-loop", where, message, page_of_standard("pp. 8-9"))


def _items(config: StudyConfig) -> Iterator[Finding]:
    trials = [page for page in trial_pages(config) if isinstance(page, MushraPage)]
    if not trials:
        return
    heard = config.options.items_per_session or len(trials)
    items = {config.trial(page).item for page in trials}
    if len(items) < MIN_ITEMS or heard < MIN_ITEMS:
        count = min(len(items), heard)
        message = f"a session hears {count} items; at least {MIN_ITEMS} are expected"
        yield Finding("warning", "few-items", "pages", message, page_of_standard("p. 13"))
    methods = {c for page in trials for c in page.conditions if config.condition(c).role == "method"}
    if MIN_ITEMS <= len(items) < 1.5 * len(methods):
        message = f"{len(items)} items for {len(methods)} methods; about 1.5 times as many items are expected"
        yield Finding("note", "items-per-method", "pages", message, page_of_standard("p. 13"))
    sets = Counter(frozenset(page.conditions) for page in trials)
    if len(sets) > 1:
        usual = sets.most_common(1)[0][0]
        other = next(page for page in trials if frozenset(page.conditions) != usual)
        message = f"has other conditions ({', '.join(other.conditions)}) than most trials; expected the same"
        yield Finding("warning", "unequal-trials", f"page '{other.id}'", message, page_of_standard("p. 13"))


def _roles(config: StudyConfig) -> Iterator[Finding]:
    trials = [page for page in trial_pages(config) if isinstance(page, MushraPage)]
    if not trials:
        return
    present = {config.condition(name).role for page in trials for name in config.presented(page)}
    for anchor in ANCHORS.values():
        if anchor.role not in present and any(page.reference for page in trials):
            name, code = anchor.label[0].lower() + anchor.label[1:], f"no-{anchor.role.replace('_', '-')}"
            message = f"there is no {name}; both anchors are mandatory"
            yield Finding("warning", code, "pages", message, page_of_standard("p. 7"))
    if "hidden_reference" not in present:
        message = "there is no hidden reference, so listeners cannot be screened by it"
        yield Finding("warning", "no-hidden-reference", "pages", message, page_of_standard("pp. 5 and 8"))
    unused = set(config.options.conditions) - {name for page in config.walk() for name in page.sounds()}
    for name in sorted(unused):
        yield Finding(
            "warning", "unused-condition", f"listenable.conditions.{name}", "no page has this condition"
        )


def _attention(config: StudyConfig) -> Iterator[Finding]:
    checks = {name: trial for name, trial in config.options.trials.items() if trial.kind == "attention"}
    first: dict[str, str] = {}
    for name, trial in checks.items():
        if not trial.expected:
            message = "is an attention check without `expected`; it cannot catch anybody"
            yield Finding("warning", "nothing-expected", f"page '{name}'", message)
            continue
        other = first.setdefault(trial.item, name)
        if checks[other].expected != trial.expected:
            message = (
                f"expects other scores of the item '{trial.item}' than page '{other}'; expected a separate "
                "item, because ratings name the item"
            )
            yield Finding("error", "expected-twice", f"page '{name}'", message)
    for page in config.walk():
        x = config.trial(page).x if page.rates else None
        if x is not None and x not in page.sounds():
            message = (
                f"says that X is '{x}', which the page does not play; expected one of its two conditions"
            )
            yield Finding("error", "x-unknown", f"page '{page.id}'", message)
        if isinstance(page, MushraPage) and (fault := _check_expected(config, page)):
            yield Finding("error", "expected-off-scale", f"page '{page.id}'", fault)


def _check_expected(config: StudyConfig, page: MushraPage) -> str | None:
    """Return the first `expected` of an attention check that is not within the range of its sliders."""
    for condition, (low, high) in (config.trial(page).expected or {}).items():
        for scale in config.options.scales:
            if not scale.min <= low <= high <= scale.max:
                return (
                    f"expects {low:g} to {high:g} for '{condition}'; expected a range within "
                    f"{scale.min:g} to {scale.max:g}, the scale '{scale.name}'"
                )
    return None


def _original(config: StudyConfig) -> Iterator[Finding]:
    if config.language not in ORIGINAL_LANGUAGES:
        message = (
            f"is '{config.language}', at which webMUSHRA itself stops; put it under `listenable:` instead"
        )
        yield Finding("warning", "language", "language", message)
    alone = [page for page in config.walk() if isinstance(page, MushraPage) and page.reference is None]
    if alone:
        message = (
            f"{len(alone)} have no reference; webMUSHRA itself cannot show them, listenable's server can"
        )
        yield Finding("note", "no-reference", "pages", message)
    for page in config.walk():
        if isinstance(page, SpatialPage):
            message = "is a spatial page, which only the original webMUSHRA shows"
            yield Finding("warning", "spatial", f"page '{page.id}'", message)


def check_blindness(config: StudyConfig) -> Iterator[Finding]:
    """Yield where a condition's name can be read by a participant."""
    names: dict[str, str] = {}
    for condition in {name for page in config.walk() if page.rates for name in page.sounds()}:
        info = config.condition(condition)
        if info.role not in REFERENCE_ROLES:
            names |= {text: condition for text in (condition, info.label or "") if len(text) >= MIN_NAME}
    for where, text in _iter_shown(config):
        for name, condition in names.items():
            if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text, re.IGNORECASE):
                message = f"names the condition '{condition}' ('{name}') in what participants read"
                # A short name, such as `old`, may be an ordinary word.
                yield Finding("error" if len(name) > MAX_WORD else "warning", "name-readable", where, message)
                break
    paths = [path for page in config.walk() if page.rates for path in page.sounds().values()]
    if any(condition in path for condition in names.values() for path in paths):
        message = (
            "the names of sound files tell conditions apart; listenable's server hides them, the original "
            "webMUSHRA shows them to anyone who opens the browser's network view"
        )
        yield Finding("note", "file-names", "pages", message)


def _iter_shown(config: StudyConfig) -> Iterator[tuple[str, str]]:
    yield "testname", config.title
    for scale in config.options.scales:
        yield f"scale '{scale.name}'", " ".join([scale.name, scale.question or "", *scale.labels])
    for page in config.walk():
        yield f"page '{page.id or page.type}'", _page_text(config, page)
    for texts in config.options.translations or ():
        yield "listenable.translations", " ".join(texts.values())


def _page_text(config: StudyConfig, page: Page) -> str:
    parts = [page.name, page.content]
    if page.rates:
        parts.append(config.trial(page).question or "")
    if isinstance(page, ChoicePage):
        parts.append(page.question or "")
    if isinstance(page, FinishPage):
        parts.append(page.popup_content or "")
    parts += [question.label or "" for question in config.questions(page)]
    parts += [point.label or point.value for point in config.points(page)]
    return " ".join(parts)
