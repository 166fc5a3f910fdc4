from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from study_builder.building import default_texts as texts
from study_builder.checks.pages import check_pages
from study_builder.checks.study import check_study
from study_builder.config import GenericPage, StudyConfig
from study_builder.config.options import Scale, TrialInfo
from study_builder.design.attention_checks import choose_asked_score
from tests.study_builder.small_studies import build, rated, refuse

MakeFolder = Callable[..., Path]
MOS = {"name": "mos", "min": 1, "max": 5, "step": 0.1}


@pytest.mark.parametrize(
    "scale",
    [{}, MOS, {"min": 1, "max": 5}, {"min": 0, "max": 1}, {"min": -3, "max": 3, "step": 0.01}, {"step": 7}],
)
def test_a_listener_can_give_the_asked_score_and_who_moves_nothing_seldom_passes(
    scale: dict[str, Any],
) -> None:
    one = Scale.model_validate(scale)
    asked = [choose_asked_score([one], number, 0, number) for number in range(200)]
    for found in asked:
        low, high = found.allowed
        assert one.min <= low <= found.score <= high <= one.max
        assert one.min < found.score
        assert high - low <= (one.max - one.min) / 10 + 1e-9
        for score in (low, found.score, high):
            steps = (score - one.min) / one.step
            assert steps == pytest.approx(round(steps), abs=1e-6)


def test_the_default_scale_is_asked_for_fives_with_five_points_to_either_side() -> None:
    asked = [choose_asked_score([Scale()], number, 0, number // 17) for number in range(300)]
    assert sorted({found.score for found in asked}) == list(range(5, 90, 5))
    assert all(found.allowed == (found.score - 5, found.score + 5) for found in asked)


def test_a_scale_of_five_points_is_asked_for_each_score_between_its_ends() -> None:
    asked = {choose_asked_score([Scale(min=1, max=5)], number, 0).score for number in range(17)}
    assert asked == {2, 3, 4}


def test_pages_ask_and_tell_what_the_scale_has(make_folder: MakeFolder, tmp_path: Path) -> None:
    config = build(make_folder(), tmp_path / "study", scales=[MOS], attention_checks=1)
    (page,) = rated(config, "attention")
    expected = config.trial(page).expected
    assert expected is not None
    low, high = expected["lmac"]
    assert 1 <= low < high <= 5
    assert f"a score of {(low + high) / 2:g}." in page.content
    told = next(p.content for p in config.walk() if isinstance(p, GenericPage))
    assert "give each a score from 1 to 5 with its slider" in told
    assert "at least one version on each page should be given 5." in told
    assert "100" not in told
    assert "expected-off-scale" not in {f.code for f in check_study(tmp_path / "study", jobs=1).findings}


def test_instructions_for_several_scales() -> None:
    same = texts.instructions("hidden", False, [Scale(name="a"), Scale(name="b")])
    assert "a score from 0 to 100 with each of its sliders" in same
    unlike = texts.instructions("hidden", False, [Scale(name="a"), Scale(name="b", max=5)])
    assert "give each a score with each of its sliders" in unlike
    assert "should be given the highest score." in unlike
    assert "100" not in unlike


def test_one_score_for_scales_of_different_ranges_is_refused(make_folder: MakeFolder, tmp_path: Path) -> None:
    message = (
        "attention_checks ask for one score on all scales, but 'speech' runs from 0 to 100 in steps of 1 "
        "and 'mos' runs from 1 to 5 in steps of 0.1; expected one range and step, or attention_checks: 0"
    )
    root, scales = make_folder(), [{"name": "speech"}, MOS]
    refuse(message, root, tmp_path / "study", scales=scales, attention_checks=1)
    build(root, tmp_path / "study", scales=scales)


@pytest.mark.parametrize("found", [(80, 90), (4, 6), (3, 2), (0, 2)])
def test_a_check_that_nobody_or_everybody_passes_is_an_error(
    make_config: Callable[..., StudyConfig], found: tuple[int, int]
) -> None:
    trials = {"look": TrialInfo(item="t1", kind="attention", expected={"c1": found})}
    config = make_config(trials=trials, scales=[MOS])
    assert [str(f) for f in check_pages(config) if f.code == "expected-off-scale"] == [
        f"error: page 'look': expects {found[0]} to {found[1]} for 'c1'; expected a range within 1 to 5, the "
        "scale 'mos'"
    ]


def test_every_check_asks_for_another_score_of_another_item(make_folder: MakeFolder, tmp_path: Path) -> None:
    config = build(make_folder(), tmp_path / "study", attention_checks=5)
    pages = rated(config, "attention")
    assert [page.id for page in pages] == [f"attention-{number}" for number in range(1, 6)]
    assert len({config.trial(page).item for page in pages}) == 5
    assert len({config.trial(page).question for page in pages}) == 5
    assert len({choose_asked_score([Scale()], number, "a key").score for number in range(17)}) == 17


def test_more_checks_than_items_are_refused(make_folder: MakeFolder, tmp_path: Path) -> None:
    """Ratings name the item: of two checks on one item, one would have the other's range."""
    message = "^attention_checks is 3; expected at most 2, the items of the test, as each check plays another"
    refuse(message, make_folder(items=2), tmp_path / "study", attention_checks=3)
    config = build(make_folder("more", items=2), tmp_path / "study", attention_checks=2)
    assert len(rated(config, "attention")) == 2


def test_two_checks_that_expect_other_scores_of_one_item_are_found(
    make_config: Callable[..., StudyConfig],
) -> None:
    def found(second: tuple[int, int]) -> list[str]:
        checks = {"a": (10, 20), "b": second}
        trials = {
            name: TrialInfo(item="t1", kind="attention", expected={"c1": ends})
            for name, ends in checks.items()
        }
        return [str(f) for f in check_pages(make_config(trials=trials)) if f.code == "expected-twice"]

    assert found((10, 20)) == []
    assert found((30, 40)) == [
        "error: page 'b': expects other scores of the item 't1' than page 'a'; expected a separate item, "
        "because ratings name the item"
    ]
