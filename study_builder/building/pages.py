"""The pages of a study, made from its items, its conditions and what was chosen; no file is touched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from stimuli import Condition, Item
from study_builder.building import default_texts as texts
from study_builder.building.choices import Choices
from study_builder.config import StudyConfig
from study_builder.config.options import ConditionInfo, ItemInfo, StudyOptions, TrialInfo
from study_builder.config.page_types import (
    Block,
    ConsentPage,
    FinishPage,
    GenericPage,
    MushraPage,
    Page,
    VolumePage,
)
from study_builder.config.questionnaires import find_clash
from study_builder.config.roles import REFERENCE
from study_builder.design.attention_checks import choose_asked_score
from study_builder.design.williams import shuffled
from study_builder.errors import BuildError
from study_builder.identifiers import resolve_ids

STRICT_SIGNALS = 12
STRICT_SECONDS = 12.0


@dataclass(frozen=True)
class Sounds:
    """What the pages need to know about the sounds.

    Attributes:
        items: in their order.
        conditions: the methods and anchors, in their order; not the reference.
        paths: file of each item and condition (`reference` too), relative to the study's folder.
        files: SHA-256 of each file, by path, once they are written.
        longest_s: duration of the longest sound, in seconds.
        item_names: what files or folders call each item, by its id, if that is known.
    """

    items: Sequence[Item]
    conditions: Sequence[Condition]
    paths: Mapping[tuple[str, str], str]
    files: Mapping[str, str] = field(default_factory=dict)
    longest_s: float = 0.0
    item_names: Mapping[str, str] = field(default_factory=dict)


def study_config(sounds: Sounds, choices: Choices, provenance: Mapping[str, str]) -> StudyConfig:
    """Return the whole config of a study.

    Raises:
        BuildError: the choices ask for more items than there are, name one that does not exist, or give two
            answers of a session the same name.
    """
    training = choose_training_items(sounds, choices)
    tested = [item for item in sounds.items if not (choices.training_apart and item in training)]
    if not tested:
        raise BuildError("every item is a training item; expected at least one to be left for the test")
    if choices.items_per_session is not None and choices.items_per_session > len(tested):
        raise BuildError(
            f"items_per_session is {choices.items_per_session}; expected at most {len(tested)}, the items of "
            "the test"
        )
    make = _PageMaker(sounds, choices)
    trials = [make.page(item, item.name, TrialInfo(item=item.name)) for item in tested]
    between = make.repeats(tested) + make.attention_checks(tested)
    practice = [
        make.page(item, f"training-{item.name}", TrialInfo(item=item.name, kind="training"))
        for item in training
    ]
    pages: list[Page | Block] = [*make.make_opening(tested), *practice]
    pages += [Block(random=True, pages=tuple(trials + between)), make.finish()]
    config = StudyConfig(
        title=choices.title,
        test_id=choices.test_id or _slug(choices.title),
        language=choices.language if choices.language in ("en", "de", "fr", "es") else "en",
        show_previous=choices.show_previous,
        pages=tuple(pages),
        options=_options(sounds, choices, make.trials, provenance),
    )
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
    return StudyOptions(
        **choices.dump_shared(),
        hidden_reference=choices.reference == "hidden",
        conditions=conditions,
        items={name: ItemInfo(label=label) for name, label in sounds.item_names.items()},
        trials=dict(trials),
        files=dict(sounds.files),
        provenance=dict(provenance),
    )


class _PageMaker:
    """Makes rating pages, and records what is known about each."""

    def __init__(self, sounds: Sounds, choices: Choices) -> None:
        self.sounds = sounds
        self.choices = choices
        self.trials: dict[str, TrialInfo] = {}
        self.explains = any(item.prediction is not None for item in sounds.items)

    @property
    def question(self) -> str:
        if self.choices.question is not None:
            return self.choices.question
        if self.explains:
            return texts.EXPLANATION_QUESTION
        return texts.QUALITY_QUESTION_ALONE if self.choices.reference == "none" else texts.QUALITY_QUESTION

    def page(self, item: Item, name: str, trial: TrialInfo) -> MushraPage:
        if name in self.trials:
            raise BuildError(f"the page id {name!r} occurs twice; rename the item {item.name!r}")
        known = {
            "label": spell_out(item.label),
            "prediction": spell_out(item.prediction),
            "probability": item.probability,
        }
        trial = trial.model_copy(update=known)
        self.trials[name] = trial
        conditions = [condition.name for condition in self.sounds.conditions]
        asked = trial.question or self.question
        note = texts.training_note() if trial.kind == "training" else ""
        return MushraPage(
            id=name,
            name=texts.TRAINING_NAME if trial.kind == "training" else texts.TRIAL_NAME,
            content=note + texts.trial_content(asked, trial.prediction),
            reference=self.sounds.paths.get((item.name, REFERENCE)),
            conditions={condition: self.sounds.paths[item.name, condition] for condition in conditions},
            strict=len(conditions) + 1 <= STRICT_SIGNALS and self.sounds.longest_s <= STRICT_SECONDS,
            show_waveform=self.choices.show_waveform,
            enable_looping=self.choices.loop,
            switch_back=self.choices.switch_back,
        )

    def repeats(self, tested: Sequence[Item]) -> list[MushraPage]:
        count = self.choices.repeats
        if count > len(tested):
            raise BuildError(f"repeats is {count}; expected at most {len(tested)}, the items of the test")
        return [
            self.page(
                item, f"{item.name}-repeat", TrialInfo(item=item.name, kind="repeat", repeat_of=item.name)
            )
            for item in shuffled(tested, self.choices.seed, "repeats")[:count]
        ]

    def attention_checks(self, tested: Sequence[Item]) -> list[MushraPage]:
        pages = []
        count, seed = self.choices.attention_checks, self.choices.seed
        if count > len(tested):  # ratings name the item, so that one item has one range that passes
            raise BuildError(
                f"attention_checks is {count}; expected at most {len(tested)}, the items of the test, "
                "because "
                "each check plays another item"
            )
        for number, item in enumerate(shuffled(tested, seed, "attention")[:count]):
            asked = choose_asked_score(self.choices.scales, number, seed, "asked")
            names = [condition.name for condition in self.sounds.conditions]
            names += [REFERENCE] if self.choices.reference == "hidden" else []
            trial = TrialInfo(
                item=item.name,
                kind="attention",
                question=texts.attention_question(asked.score),
                expected=dict.fromkeys(names, asked.allowed),
            )
            pages.append(self.page(item, f"attention-{number + 1}", trial))
        return pages

    def make_opening(self, tested: Sequence[Item]) -> list[Page]:
        choices = self.choices
        pages: list[Page] = []
        consent = texts.CONSENT if choices.consent is None else choices.consent
        if consent:
            pages.append(ConsentPage(id="consent", name=choices.title, content=consent, must_consent=True))
        volume = texts.VOLUME if choices.volume_text is None else choices.volume_text
        if volume:
            pages.append(
                VolumePage(id="volume", name="Volume", content=volume, stimulus=self._volume_sound(tested[0]))
            )
        told = choices.instructions
        if told is None:
            told = texts.instructions(choices.reference, self.explains, choices.scales)
        if told:
            pages.append(GenericPage(id="instructions", name="Instructions", content=told))
        return pages

    def _volume_sound(self, item: Item) -> str:
        reference = self.sounds.paths.get((item.name, REFERENCE))
        return reference or self.sounds.paths[item.name, self.sounds.conditions[0].name]

    def finish(self) -> FinishPage:
        chosen = self.choices.questionnaire
        return FinishPage(
            id="finish",
            name="Thank you",
            content=texts.FINISH if self.choices.finish is None else self.choices.finish,
            popup_content=texts.POPUP,
            show_errors=True,
            questionnaire=texts.questionnaire() if chosen is None else chosen,
        )


def spell_out(name: str | None) -> str | None:
    """Return a class's name as people write it: data sets join words with underscores."""
    return None if name is None else name.replace("_", " ")


def _slug(title: str) -> str:
    words = "".join(
        letter if letter.isascii() and letter.isalnum() else " " for letter in title.lower()
    ).split()
    return "-".join(words) or "study"
