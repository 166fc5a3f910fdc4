"""The rating pages of one listening test of a study: training, trials, repeats and attention checks."""

from __future__ import annotations

from collections.abc import Sequence

from stimuli import Item
from study_builder.building import default_texts as texts
from study_builder.building.asked_answers import ask_for_answer
from study_builder.building.choices import Choices
from study_builder.building.languages import texts_in
from study_builder.building.rating_pages import (
    Presented,
    RatingPageMaker,
    list_rated_names,
    presentations,
    refuse_many_pages,
)
from study_builder.building.sounds import Sounds
from study_builder.building.texts_of_tests import question_of
from study_builder.config.listening_tests import TESTS, TestName
from study_builder.config.options import TrialInfo
from study_builder.config.page_types import RatedPage
from study_builder.config.roles import REFERENCE
from study_builder.design.adaptive import find_test, refuse_short_series
from study_builder.design.williams import shuffled
from study_builder.errors import BuildError

STRICT_SIGNALS = 12
STRICT_SECONDS = 12.0
CHOICES = ("ab", "abx", "best-worst")
"""Tests without a scale."""
TRAINING_PAGES = 6
"""Most pages that a training item has: enough to meet the scale and the page."""


class RatingBlock:
    """Makes the rating pages of one test, and records what is known about each.

    Args:
        name: of the test.
        sounds: of the study.
        choices: of the study.
        taken: page ids of the study's other tests.
    """

    def __init__(self, name: TestName, sounds: Sounds, choices: Choices, taken: Sequence[str] = ()) -> None:
        self.test = TESTS[name]
        self.sounds = sounds
        self.choices = choices
        self.trials: dict[str, TrialInfo] = {}
        self._taken = taken
        self.explains = any(item.prediction is not None for item in sounds.items)
        conditions = [condition.name for condition in sounds.conditions]
        anchors = [c.name for c in sounds.conditions if c.role in ("low_anchor", "mid_anchor")]
        self.rated = list_rated_names(self.test, conditions, anchors, choices)
        labels = {condition.name: condition.label for condition in sounds.conditions}
        self.presented = presentations(self.test, self.rated, labels, choices)
        if len(self.presented) > 1:
            refuse_many_pages(len(self.presented) * len(sounds.items))
        if choices.adaptive is not None and name == find_test(choices.adaptive):
            refuse_short_series(choices.adaptive, [one.conditions for one in self.presented])
        strict = len(self.rated) + 1 <= STRICT_SIGNALS and sounds.longest_s <= STRICT_SECONDS
        self._maker = RatingPageMaker(
            self.test, choices, question_of(self.test, choices, self.explains), strict
        )

    @property
    def prefix(self) -> str:
        """What the ids of the test's pages begin with, in a study of several tests."""
        return f"{self.test.name}-" if len(self.choices.chosen_tests) > 1 else ""

    def make_trials(self, tested: Sequence[Item]) -> list[RatedPage]:
        """Return the pages of kind `trial`, item by item."""
        return [
            self._page(item, one, self._id(item, one), TrialInfo(item=item.name))
            for item in tested
            for one in self.presented
        ]

    def make_training(self, items: Sequence[Item]) -> list[RatedPage]:
        """Return the pages of the training items: all of them, or a drawn few if there are many."""
        pages = []
        for item in items:
            drawn = shuffled(self.presented, self.choices.seed, "training pages", item.name)
            few = self.presented if len(self.presented) <= TRAINING_PAGES else drawn[:TRAINING_PAGES]
            pages += [
                self._page(
                    item,
                    one,
                    f"{self.prefix}training-{self._id(item, one, prefixed=False)}",
                    TrialInfo(item=item.name, kind="training"),
                )
                for one in few
            ]
        return pages

    def make_repeats(self, tested: Sequence[Item]) -> list[RatedPage]:
        """Return the pages that come a second time.

        Raises:
            BuildError: more are asked for than there are.
        """
        count = self.choices.repeats
        trials = [(item, one) for item in tested for one in self.presented]
        if count > len(trials):
            of = "the items of the test" if len(trials) == len(tested) else f"the {self.test.name} pages"
            raise BuildError(f"repeats is {count}; expected at most {len(trials)}, {of}")
        pages = []
        for item, one in shuffled(trials, self.choices.seed, "repeats")[:count]:
            name = self._id(item, one)
            info = TrialInfo(item=item.name, kind="repeat", repeat_of=name)
            pages.append(self._page(item, one, f"{name}-repeat", info))
        return pages

    def make_attention_checks(self, tested: Sequence[Item]) -> list[RatedPage]:
        """Return the pages that ask for a given answer.

        Raises:
            BuildError: more are asked for than there are items, or the test has no answer to ask for.
        """
        count, seed = self.choices.attention_checks, self.choices.seed
        if count > len(tested):  # ratings name the item, so that one item has one range that passes
            raise BuildError(
                f"attention_checks is {count}; expected at most {len(tested)}, the items of the test, as "
                "each check plays another item"
            )
        pages = []
        for number, item in enumerate(shuffled(tested, seed, "attention")[:count]):
            one = self.presented[number % len(self.presented)]
            names = list(one.conditions)
            if self.test.name == "mushra" and self.choices.reference == "hidden":
                names.append(REFERENCE)
            asked = ask_for_answer(self.test, self.choices, number, names)
            trial = TrialInfo(
                item=item.name,
                kind="attention",
                question=asked.question,
                expected=dict(asked.expected),
                x=asked.x,
            )
            pages.append(self._page(item, one, f"{self.prefix}attention-{number + 1}", trial))
        return pages

    def _id(self, item: Item, one: Presented, prefixed: bool = True) -> str:
        name = f"{item.name}.{one.name}" if one.name else item.name
        return self.prefix + name if prefixed else name

    def _page(self, item: Item, one: Presented, name: str, trial: TrialInfo) -> RatedPage:
        if name in self.trials or name in self._taken:
            raise BuildError(f"the page id {name!r} occurs twice; rename the item {item.name!r}")
        known = {
            "label": spell_out(item.label),
            "prediction": spell_out(item.prediction),
            "probability": item.probability,
            "test": None if self.choices.is_plain_mushra else self.test.name,
        }
        trial = trial.model_copy(update=known)
        self.trials[name] = trial
        language = self.choices.language
        training = trial.kind == "training"
        note = texts.training_note(self.test.name not in CHOICES, language) if training else ""
        return self._maker.page(
            name,
            texts_in(language).names["training" if training else "trial"],
            note + self._maker.content(trial.prediction, trial.question),
            {condition: self.sounds.paths[item.name, condition] for condition in one.conditions},
            self.sounds.paths.get((item.name, REFERENCE)),
        )


def spell_out(name: str | None) -> str | None:
    """Return a class's name as people write it: data sets join words with underscores."""
    return None if name is None else name.replace("_", " ")
