"""The pages of a study, made from its items, its conditions and what was chosen; no file is touched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stimuli import Item
from study_builder.building.choices import Choices
from study_builder.building.default_texts import equipment_questions, paragraph, questionnaire
from study_builder.building.languages import texts_in
from study_builder.building.rating_block import RatingBlock
from study_builder.building.sounds import Sounds
from study_builder.building.texts_of_tests import instructions_of
from study_builder.building.translations import BROWSER, in_every_language
from study_builder.config import StudyConfig
from study_builder.config.options import ConditionInfo, ItemInfo, StudyOptions, TrialInfo
from study_builder.config.page_types import (
    Block,
    ConsentPage,
    FinishPage,
    GenericPage,
    Page,
    VolumePage,
)
from study_builder.config.questionnaires import find_clash, find_misplaced
from study_builder.config.roles import REFERENCE
from study_builder.design.incomplete_blocks import MOST_PLACES, is_too_large
from study_builder.design.williams import shuffled
from study_builder.errors import BuildError
from study_builder.identifiers import resolve_ids

__all__ = ["Sounds", "choose_training_items", "study_config"]

EQUIPMENT = "equipment"
"""Id of the page that asks for the transducer."""


def study_config(sounds: Sounds, choices: Choices, provenance: Mapping[str, str]) -> StudyConfig:
    """Return the whole config of a study, in the language that was chosen, or in all of them.

    Raises:
        BuildError: the choices ask for more items than there are, name one that does not exist, or give two
            answers of a session the same name.
    """
    if choices.language == BROWSER:
        return in_every_language(choices, lambda one: study_config(sounds, one, provenance))
    training = choose_training_items(sounds, choices)
    tested = [item for item in sounds.items if not (choices.training_apart and item in training)]
    if not tested:
        raise BuildError("every item is a training item; expected at least one to be left for the test")
    if choices.items_per_session is not None and choices.items_per_session > len(tested):
        raise BuildError(
            f"items_per_session is {choices.items_per_session}; expected at most {len(tested)}, the items of "
            "the test"
        )
    _refuse_long("items_per_session", choices.items_per_session, len(tested))
    pages: list[Page | Block] = list(_make_opening(sounds, choices, tested[0]))
    trials: dict[str, TrialInfo] = {}
    count = 0
    for name in choices.chosen_tests:
        block = RatingBlock(name, sounds, choices, list(trials))
        tests = block.make_trials(tested)
        between = block.make_repeats(tested) + block.make_attention_checks(tested)
        pages += [*_instructions(block), *block.make_training(training)]
        pages.append(Block(random=True, pages=tuple(tests + between)))
        trials |= block.trials
        count += len(tests)
    if choices.pages_per_session is not None and choices.pages_per_session > count:
        raise BuildError(
            f"pages_per_session is {choices.pages_per_session}; expected at most {count}, the pages of the "
            "test"
        )
    _refuse_long("pages_per_session", choices.pages_per_session, count)
    pages.append(_make_finish(choices))
    config = StudyConfig(
        title=choices.title,
        test_id=choices.test_id or _slug(choices.title),
        language=choices.language if choices.language in ("en", "de", "fr", "es") else "en",
        show_previous=choices.show_previous,
        pages=tuple(pages),
        options=_options(sounds, choices, trials, provenance),
    )
    if wrong := find_misplaced(config.walk(), config.options.questionnaires):
        raise BuildError(wrong[1])
    if twice := find_clash(config.walk(), config.options):
        raise BuildError(twice[1])
    return config


def choose_training_items(sounds: Sounds, choices: Choices) -> list[Item]:
    """Return the items that are rated for training: those named, or a drawn number of them.

    Raises:
        BuildError: more are wanted than there are.
    """
    items, wanted = sounds.items, choices.training_items
    if isinstance(wanted, int):
        if wanted > len(items):
            raise BuildError(
                f"training_items is {wanted}; expected at most {len(items)}, the number of items"
            )
        return shuffled(items, choices.seed, "training")[:wanted]
    by_name = {item.name: item for item in items}
    labels = {name: sounds.item_names.get(name) for name in by_name}
    return [by_name[name] for name in resolve_ids(wanted, labels, "training_items")]


def _options(
    sounds: Sounds, choices: Choices, trials: Mapping[str, TrialInfo], provenance: Mapping[str, str]
) -> StudyOptions:
    conditions = {c.name: ConditionInfo(role=c.role, label=c.label) for c in sounds.conditions}
    if choices.reference != "none":
        label = "Hidden reference" if choices.reference == "hidden" else "Reference"
        role = "hidden_reference" if choices.reference == "hidden" else "reference"
        conditions[REFERENCE] = ConditionInfo.model_validate({"role": role, "label": label})
    asked = {EQUIPMENT: equipment_questions(choices.language)} if "transducer" in choices.screens else {}
    return StudyOptions(
        **choices.dump_shared(),
        questionnaires=asked,
        hidden_reference=choices.reference == "hidden",
        tests=None if choices.is_plain_mushra else choices.chosen_tests,
        conditions=conditions,
        items={name: ItemInfo(label=label) for name, label in sounds.item_names.items()},
        trials=dict(trials),
        files=dict(sounds.files),
        provenance=dict(provenance),
    )


def _refuse_long(name: str, chosen: int | None, count: int) -> None:
    if chosen is not None and is_too_large(count, chosen):
        raise BuildError(
            f"{name} is {chosen} of {count}, which is too many to be balanced; expected at most "
            f"{MOST_PLACES // count}, or none to have all of them heard"
        )


def _make_opening(sounds: Sounds, choices: Choices, first: Item) -> Iterator[Page]:
    words = texts_in(choices.language)
    consent = paragraph(words.consent) if choices.consent is None else choices.consent
    if consent:
        yield ConsentPage(id="consent", name=choices.title, content=consent, must_consent=True)
    if "transducer" in choices.screens:
        yield GenericPage(id=EQUIPMENT, name=words.names[EQUIPMENT])
    volume = paragraph(words.volume) if choices.volume_text is None else choices.volume_text
    if volume:
        played = sounds.paths.get((first.name, REFERENCE))
        played = played or sounds.paths[first.name, sounds.conditions[0].name]
        yield VolumePage(id="volume", name=words.names["volume"], content=volume, stimulus=played)
    if choices.instructions:
        name = words.names["instructions"]
        yield GenericPage(id="instructions", name=name, content=choices.instructions)


def _instructions(block: RatingBlock) -> Iterator[Page]:
    """Yield what a test's own instructions are, unless others were chosen for the study."""
    if block.choices.instructions is None:
        name = f"{block.prefix}instructions"
        heading = texts_in(block.choices.language).names["instructions"]
        content = instructions_of(block.test, block.choices, block.explains)
        yield GenericPage(id=name, name=heading, content=content)


def _make_finish(choices: Choices) -> FinishPage:
    words = texts_in(choices.language)
    asks_device = "transducer" not in choices.screens
    questions = choices.questionnaire
    if questions is None:
        questions = questionnaire(choices.language, asks_device=asks_device)
    return FinishPage(
        id="finish",
        name=words.names["questions" if questions else "thanks"],
        content=paragraph(words.finish) if choices.finish is None else choices.finish,
        popup_content=words.popup,
        show_errors=True,
        questionnaire=questions,
    )


def _slug(title: str) -> str:
    words = "".join(
        letter if letter.isascii() and letter.isalnum() else " " for letter in title.lower()
    ).split()
    return "-".join(words) or "study"
