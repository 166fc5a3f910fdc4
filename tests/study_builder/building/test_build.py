from __future__ import annotations

import filecmp
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from stimuli import Item, Manifest, StimuliError
from study_builder.building.build import build_study
from study_builder.building.default_texts import questionnaire
from study_builder.config import Block, StudyConfig
from study_builder.errors import BuildError
from study_builder.study_folder import folder_when_complete
from tests.study_builder.small_studies import WEBMUSHRA_KEYS, build, rated, refuse

MakeFolder = Callable[..., Path]


def test_every_default_is_what_the_standard_asks(make_folder: MakeFolder, tmp_path: Path) -> None:
    config = build(make_folder(), tmp_path / "study")
    kinds = [page.type for page in config.walk()]
    assert kinds == ["consent", "volume", "generic", "mushra", *["mushra"] * 5, "finish"]
    roles = {name: info.role for name, info in config.options.conditions.items()}
    assert roles == {
        "gradcam": "method",
        "lmac": "method",
        "saliency": "method",
        "anchor35": "low_anchor",
        "anchor70": "mid_anchor",
        "reference": "hidden_reference",
    }
    page = rated(config)[0]
    assert page.strict and page.enable_looping and page.randomize and not page.show_condition_names
    assert not page.create_anchor35 and not page.create_anchor70
    assert config.presented(page) == ("gradcam", "lmac", "saliency", "anchor35", "anchor70", "reference")
    assert len(rated(config, "training")) == 1
    block = config.pages[-2]
    assert isinstance(block, Block) and block.random and len(block.pages) == 5
    assert (config.options.order, config.options.must_rate, config.options.must_listen) == (
        "williams",
        True,
        True,
    )
    assert StudyConfig.load(tmp_path / "study") == config


def test_the_same_command_gives_the_same_bytes_on_one_thread_or_two(
    make_folder: MakeFolder, tmp_path: Path
) -> None:
    root = make_folder(items=3)
    for name, jobs in (("one", 1), ("two", 2)):
        build_study(root, tmp_path / name, jobs=jobs)
    files = [path.relative_to(tmp_path / "one") for path in sorted((tmp_path / "one").rglob("*.*"))]
    assert len(files) == 3 * 6 + 1
    matched = filecmp.cmpfiles(
        tmp_path / "one", tmp_path / "two", [str(file) for file in files], shallow=False
    )
    assert matched[1:] == ([], [])


def test_a_study_without_any_reference(make_folder: MakeFolder, tmp_path: Path) -> None:
    root = make_folder(conditions=("a", "b"))
    refuse(
        "'sounds' has no reference; expected a condition named 'reference'",
        root,
        tmp_path / "x",
        layout="item/condition",
    )
    config = build(root, tmp_path / "study", layout="item/condition", reference="none")
    page = rated(config)[0]
    assert page.reference is None
    assert config.presented(page) == ("a", "b")
    assert "compared with the reference" not in page.content


def test_a_reference_that_is_only_open(make_folder: MakeFolder, tmp_path: Path) -> None:
    config = build(make_folder(), tmp_path / "study", reference="open")
    page = rated(config)[0]
    assert page.reference is not None
    assert "reference" not in config.presented(page)
    assert config.condition("reference").role == "reference"


def test_conditions_keep_the_order_that_was_chosen(make_folder: MakeFolder, tmp_path: Path) -> None:
    config = build(make_folder(), tmp_path / "study", conditions=["saliency", "lmac"], anchors=False)
    assert list(rated(config)[0].conditions) == ["saliency", "lmac"]
    refuse(
        "conditions names 'lime'; expected one of gradcam, lmac, saliency$",
        make_folder("b"),
        tmp_path / "x",
        conditions=["lime"],
    )


def test_training_items_by_number_by_name_and_apart(make_folder: MakeFolder, tmp_path: Path) -> None:
    root = make_folder()
    assert len(rated(build(root, tmp_path / "a", training_items=2), "training")) == 2
    assert rated(build(root, tmp_path / "b", training_items=0), "training") == []
    config = build(root, tmp_path / "c", training_items=["sound-3"], training_apart=True)
    assert [config.trial(page).item for page in rated(config, "training")] == ["sound-3"]
    assert "sound-3" not in [config.trial(page).item for page in rated(config)]
    refuse("training_items names 'x'; expected one of sound-1", root, tmp_path / "x", training_items=["x"])
    refuse("training_items is 9; expected at most 5", root, tmp_path / "x", training_items=9)


def test_repeats_and_attention_checks_are_pages_of_their_kind(
    make_folder: MakeFolder, tmp_path: Path
) -> None:
    config = build(make_folder(), tmp_path / "study", repeats=2, attention_checks=1)
    repeats = rated(config, "repeat")
    assert [config.trial(page).repeat_of for page in repeats] == [config.trial(page).item for page in repeats]
    (check,) = rated(config, "attention")
    trial = config.trial(check)
    assert trial.expected is not None and set(trial.expected) == set(config.presented(check))
    low, high = trial.expected["lmac"]
    assert f"a score of {(low + high) // 2}." in check.content
    assert 0 <= low < high <= 100


def test_the_predicted_class_is_named_on_the_page_and_is_safe_html(
    make_folder: MakeFolder, tmp_path: Path
) -> None:
    root = make_folder(items=1)
    study = tmp_path / "plain"
    build(root, study, target_lufs=None)
    _write_manifest(root, "crackling_fire <b>")
    config = build(root, tmp_path / "study")
    page = rated(config)[0]
    assert "The classifier's answer: <b>crackling fire &lt;b&gt;</b>." in page.content
    assert "audio quality" in page.content
    assert page.name == "Trial"
    assert config.trial(page).prediction == "crackling fire <b>"
    assert config.trial(page).probability == 0.75


def _write_manifest(root: Path, prediction: str) -> None:
    from stimuli import Condition, Stimulus, sha256_of

    names = [path.stem for path in sorted((root / "sound-1").iterdir())]
    Manifest(
        name="set",
        conditions=tuple(
            Condition(name=name, role="reference" if name == "reference" else "method") for name in names
        ),
        items=(Item(name="sound-1", label="dog", prediction=prediction, probability=0.75),),
        stimuli=tuple(
            Stimulus(
                item="sound-1",
                condition=name,
                path=f"sound-1/{name}.wav",
                sample_rate=16000,
                samples=9600,
                sha256=sha256_of(root / f"sound-1/{name}.wav"),
            )
            for name in names
        ),
    ).save(root)


def test_a_long_trial_is_not_strict_for_webmushra(make_folder: MakeFolder, tmp_path: Path) -> None:
    config = build(make_folder(items=1, conditions=("reference", "a"), seconds=12.5), tmp_path / "study")
    assert not rated(config)[0].strict


def test_a_study_is_replaced_only_when_asked_and_never_with_ratings(
    make_folder: MakeFolder, tmp_path: Path
) -> None:
    root, out = make_folder(items=1), tmp_path / "study"
    build(root, out)
    with pytest.raises(BuildError, match=r"study: exists already; choose another folder, or --overwrite"):
        build(root, out)
    build_study(root, out, overwrite=True, jobs=1)
    (out / "ratings.sqlite3").write_bytes(b"")
    with pytest.raises(BuildError, match=r"contains ratings .* and is not replaced"):
        build_study(root, out, overwrite=True, jobs=1)


def test_a_study_that_nobody_took_part_in_is_replaced(make_folder: MakeFolder, tmp_path: Path) -> None:
    from mushra_server import create_app

    root, out = make_folder(items=1), tmp_path / "study"
    build(root, out)
    client = create_app(out).test_client()
    assert client.get("/").status_code == 200 and (out / "ratings.sqlite3").exists()
    build_study(root, out, overwrite=True, jobs=1)
    assert not (out / "ratings.sqlite3").exists()
    answer = create_app(out).test_client().post("/api/session", json={})
    assert answer.status_code < 300, answer.text
    with pytest.raises(BuildError, match=r"contains ratings .* and is not replaced"):
        build_study(root, out, overwrite=True, jobs=1)


def test_whoever_takes_part_while_a_study_is_built_loses_nothing(
    make_folder: MakeFolder, tmp_path: Path
) -> None:
    """A server may have the study open, and building takes minutes."""
    from mushra_server import create_app

    out = tmp_path / "study"
    build(make_folder(items=1), out)
    client = create_app(out).test_client()
    with (
        pytest.raises(BuildError, match=r"study: contains ratings .* and is not replaced"),
        folder_when_complete(out, overwrite=True) as folder,
    ):
        (folder / "config.yaml").write_text("pages: []")
        assert client.post("/api/session", json={}).status_code == 201
    assert client.get("/api/session").status_code == 200
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sounds", "study"]


def test_a_failure_half_way_leaves_nothing(make_folder: MakeFolder, tmp_path: Path) -> None:
    root = make_folder(items=3)
    (root / "sound-3" / "lmac.wav").write_bytes(b"no sound")
    with pytest.raises(StimuliError, match=r"lmac.wav: not a readable sound file"):
        build(root, tmp_path / "study")
    assert [path.name for path in tmp_path.iterdir()] == ["sounds"]


def test_what_webmushra_reads_is_complete_without_our_block(make_folder: MakeFolder, tmp_path: Path) -> None:
    build(make_folder(items=2), tmp_path / "study")
    found = yaml.safe_load((tmp_path / "study/config.yaml").read_text())
    assert set(found) - {"listenable"} == WEBMUSHRA_KEYS
    assert found["pages"][-2][0] == "random"
    trial = found["pages"][-2][1]
    assert trial["createAnchor35"] is trial["createAnchor70"] is False
    assert trial["stimuli"]["anchor35"] == "audio/sound-1/anchor35.wav"
    for path in [trial["reference"], *trial["stimuli"].values()]:
        assert (tmp_path / "study" / path).is_file()
    assert found["pages"][-1]["type"] == "finish"
    shutil.rmtree(tmp_path / "study")


def test_numbers_of_built_questionnaires_start_empty_in_webmushra() -> None:
    # Of the fields that are typed into, webMUSHRA reads a default of numbers only.
    (age,) = [question for question in questionnaire() if question.type == "number"]
    assert age.default == ""
