from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor

from interpreter import distributed as sharding
from interpreter.errors import ConfigError, InterpreterError
from interpreter.evaluation.ground_truth import LIMIT_DB
from interpreter.evaluation.oracle import ORACLE
from interpreter.evaluation.scoring import evaluate, evaluate_items
from interpreter.evaluation.settings import Items
from interpreter.evaluation.summary import COLUMNS, summarise
from interpreter.evaluation.trivial_masks import FLOORS
from interpreter.explainers.base import Separation
from interpreter.explainers.gradient.backpropagation import SaliencyExplainer
from interpreter.faithfulness import METRICS, ad, ag, ff
from stimuli import Dataset, write_audio
from stimuli.soundscapes import make_soundscapes, write_soundscapes
from tests.interpreter.stand_ins import Counting, Loudness


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> Dataset:
    folder = tmp_path_factory.mktemp("soundscapes")
    write_soundscapes(folder, make_soundscapes(classes=2, clips=5, duration_s=0.5, seed=1))
    return Dataset.load(folder)


def test_the_table_has_the_contracts_columns(dataset) -> None:
    table = evaluate([SaliencyExplainer(Loudness())], dataset, batch_size=4)
    assert tuple(table.columns[: len(COLUMNS)]) == COLUMNS
    assert COLUMNS[:3] == ("method", "setting", "n_items")
    assert COLUMNS[3:11] == METRICS
    assert list(table["method"]) == ["saliency", *FLOORS, ORACLE]
    assert set(table["n_items"]) == {10}
    truth = {"si_sdr_db", "si_sdr_improvement_db", "energy_overlap"}
    assert truth <= set(table.columns)
    assert "agree_in" not in table.columns
    for metric in METRICS:
        assert (table[f"{metric}_low"] <= table[metric] + 1e-9).all()
        assert (table[metric] <= table[f"{metric}_high"] + 1e-9).all()


def test_floors_have_the_values_that_they_must_have(dataset) -> None:
    table = evaluate([Counting(Loudness())], dataset).set_index("method")
    everything, nothing = table.loc["floor-ones"], table.loc["floor-zeros"]
    assert (everything.ai, everything.ad, everything.ag, everything.fid_in) == (0.0, 0.0, 0.0, 1.0)
    assert everything.sum_error == 0.0
    assert everything.si_sdr_improvement_db == 0.0
    assert (nothing.n_silent, nothing.energy_ratio, nothing.ff) == (10, 0.0, pytest.approx(0.0, abs=1e-5))
    assert nothing.sps == pytest.approx(0.0, abs=1e-6)
    assert table.loc["floor-half"].mask_mean == 0.5
    assert table.loc["floor-loudest"].mask_mean == pytest.approx(0.2, abs=1e-3)


def test_the_oracle_is_the_event_and_above_all_others(dataset) -> None:
    table = evaluate([Counting(Loudness()), SaliencyExplainer(Loudness())], dataset).set_index("method")
    oracle, others = table.loc[ORACLE], table.drop(ORACLE)
    assert oracle.label == "Oracle: stems" and oracle.sum_error == pytest.approx(0.0, abs=1e-6)
    assert oracle.si_sdr_db == LIMIT_DB > others["si_sdr_db"].max()
    assert oracle.energy_overlap > others["energy_overlap"].max()
    assert ORACLE not in set(evaluate([Counting(Loudness())], dataset, floors=False)["method"])


def test_the_clips_are_heard_once_whatever_the_number_of_methods(dataset) -> None:
    classifier = Loudness()
    methods = [Counting(classifier), SaliencyExplainer(classifier)]
    evaluate(methods, dataset, batch_size=10)
    # the clips, the parts that each method, each floor and the oracle made, and Saliency's gradient
    assert classifier.passes == 1 + (2 + len(FLOORS) + 1) + 1


def test_a_shared_hearing_changes_no_figure(dataset) -> None:
    classifier = Loudness()
    items = Items(dataset, 16000)
    together = evaluate_items([Counting(classifier), SaliencyExplainer(classifier)], items, batch_size=4)
    for method in (Counting(classifier), SaliencyExplainer(classifier, batch_size=3)):
        alone = evaluate_items([method], items, floors=False, batch_size=4)
        same = together[together["method"] == method.name].reset_index(drop=True)
        pd.testing.assert_frame_equal(alone, same, rtol=1e-5, atol=1e-6)


def test_metrics_agree_with_a_second_writing(dataset) -> None:
    """One clip at a time, straight from the classifier's closed form."""
    classifier = Loudness()
    items = evaluate_items([Counting(classifier)], Items(dataset, 16000), floors=False, batch_size=3)
    assert len(items) == 10
    for row, clip in zip(items.to_dict("records"), dataset.clips, strict=True):
        x = torch.from_numpy(dataset.read(clip, 16000))[None]
        p, q = (classifier(signal).softmax(-1) for signal in (x, 0.5 * x))
        c = p.argmax(-1)
        assert row["item"] == clip.filename
        assert row["target"] == int(c)
        assert row["ad"] == pytest.approx(float(ad(p, q, c)), abs=1e-3)
        assert row["ag"] == pytest.approx(float(ag(p, q, c)), abs=1e-3)
        assert row["ff"] == pytest.approx(float(ff(p, q, c)), abs=1e-5)
        assert row["energy_ratio"] == pytest.approx(0.25, rel=1e-5)
        assert row["cos_ix"] == pytest.approx(1.0, abs=1e-6)
        assert row["sum_error"] == pytest.approx(0.0, abs=1e-6)
        assert np.isnan(row["mask_mean"])


def test_each_explanation_is_computed_once(dataset) -> None:
    explainer = Counting(Loudness())
    evaluate([explainer], dataset, floors=False, batch_size=4)
    assert explainer.count == 10
    assert explainer.classifier.passes == 2 * 3  # before, and both parts at once, for each of three batches


def test_batches_leave_the_table_as_it_is(dataset) -> None:
    tables = [evaluate([SaliencyExplainer(Loudness())], dataset, batch_size=size) for size in (1, 4, 32)]
    for table in tables[1:]:
        pd.testing.assert_frame_equal(tables[0], table, rtol=1e-4, atol=1e-5)


def test_a_second_classifier_gives_its_verdict(dataset) -> None:
    """One with swapped labels but the same ears agrees wherever the first keeps its class."""
    first, second = Loudness(("dog", "rain")), Loudness(("rain", "dog"), sign=1.0)
    swapped = evaluate([Counting(first)], dataset, second_classifier=second).set_index("method")
    same = evaluate([Counting(first)], dataset, second_classifier=Loudness()).set_index("method")
    assert same.loc["floor-ones", "agree_in"] == 1.0
    assert same.loc["counting", "agree_in"] == same.loc["counting", "fid_in"]
    assert swapped.loc["floor-ones", "agree_in"] == 0.0
    assert (same["agree_in"] + swapped["agree_in"]).tolist() == pytest.approx([1.0] * len(same))


def test_mixtures_are_resampled_by_clip(dataset) -> None:
    items = evaluate_items([Counting(Loudness())], Items(dataset, 16000, "mixtures", seed=4), floors=False)
    assert len(items) == 20
    assert items["clip"].nunique() == 10
    assert (items["contaminant"] != items["clip"]).all()
    table = summarise(items, seed=4)
    pd.testing.assert_frame_equal(
        table, evaluate([Counting(Loudness())], dataset, "mixtures", floors=False, seed=4)
    )


def test_the_same_seed_gives_the_same_table(dataset) -> None:
    tables = [evaluate([Counting(Loudness())], dataset, "white-noise", seed=seed) for seed in (5, 5, 6)]
    pd.testing.assert_frame_equal(tables[0], tables[1], check_exact=True)
    assert not tables[0]["ff"].equals(tables[2]["ff"])


def test_silent_explanations_are_counted_not_dropped(dataset) -> None:
    class Half(Counting):
        """Silent for every other clip."""

        def separate(self, waveforms: Tensor, target: Tensor) -> Separation:
            keep = (torch.arange(len(waveforms)) % 2)[:, None]
            return Separation(keep * waveforms, (1 - keep) * waveforms)

    table = evaluate([Half(Loudness())], dataset, floors=False)
    items = evaluate_items([Half(Loudness())], Items(dataset, 16000), floors=False)
    assert table.loc[0, "n_silent"] == items["silent"].sum() == 5
    assert table.loc[0, "n_items"] == 10
    assert items["sps"].notna().all()
    assert items["comp"].notna().all()


def test_the_picture_of_sparseness_is_a_choice(dataset) -> None:
    explainer = SaliencyExplainer(Loudness())
    ours = evaluate([explainer], dataset, floors=False)
    official = evaluate([explainer], dataset, floors=False, picture_of="mask")
    assert ours.loc[0, "ai"] == official.loc[0, "ai"]
    assert ours.loc[0, "sps"] != official.loc[0, "sps"]
    with pytest.raises(
        ConfigError, match="the picture of SPS and COMP is 'both'; expected interpretation or mask"
    ):
        evaluate([explainer], dataset, floors=False, picture_of="both")


def test_explainers_that_cannot_share_a_table_are_refused(dataset) -> None:
    classifier = Loudness()
    cases = [
        ([], "no explainers to evaluate; expected at least one"),
        (
            [Counting(classifier), Counting(classifier)],
            "two explainers are called 'counting'; give each a different name",
        ),
        (
            {"a": Counting(classifier), "b": Counting(Loudness(("x", "y")))},
            "b explains a classifier of other labels",
        ),
    ]
    for explainers, sentence in cases:
        with pytest.raises(ConfigError) as caught:
            evaluate(explainers, dataset)
        assert sentence in str(caught.value)
    with pytest.raises(ConfigError, match="the second classifier does not know the class 'dog'"):
        evaluate([Counting(classifier)], dataset, second_classifier=Loudness(("x", "y")))


def test_clips_of_a_class_that_the_classifier_does_not_know_are_refused(dataset) -> None:
    with pytest.raises(ConfigError) as caught:
        evaluate([Counting(Loudness(("dog", "siren")))], dataset)
    assert str(caught.value) == (
        f"{dataset.root}: the classifier does not know 'rain'; it knows dog, siren; expected clips of its "
        "classes only"
    )


def test_items_at_another_sample_rate_are_refused(dataset) -> None:
    with pytest.raises(ConfigError) as caught:
        evaluate_items([Counting(Loudness())], Items(dataset, 8000))
    assert str(caught.value) == f"{dataset.root}: the items have 8000 Hz; the classifier takes 16000 Hz"


def test_clips_that_are_silent_after_cutting_are_counted(tmp_path, caplog) -> None:
    (tmp_path / "audio").mkdir()
    (tmp_path / "meta").mkdir()
    sound = 0.1 * np.random.default_rng(0).standard_normal(8000).astype(np.float32)
    write_audio(tmp_path / "audio" / "now.wav", sound, 16000)
    write_audio(tmp_path / "audio" / "late.wav", np.where(np.arange(8000) < 6000, 0.0, sound), 16000, "FLOAT")
    index = "filename,fold,target,category\nlate.wav,1,0,dog\nnow.wav,1,0,dog\n"
    (tmp_path / "meta" / "esc50.csv").write_text(index)
    items = evaluate_items(
        [Counting(Loudness())], Items(Dataset.load(tmp_path), 16000, duration_s=0.25), floors=False
    )
    assert list(items["item"]) == ["now.wav"]
    assert "Passed over 1 of 2 clips, silent in their first 0.25 s: late.wav" in caplog.text


def test_bad_input_that_another_process_meets_ends_this_one(dataset, monkeypatch) -> None:
    """As two processes have it: the other's failure arrives where failures are gathered."""
    failures = [ConfigError("other.wav: the clip is damaged")]
    monkeypatch.setattr(sharding, "all_gather", lambda own: [*own, *failures])
    with pytest.raises(ConfigError, match=r"other\.wav: the clip is damaged"):
        evaluate([Counting(Loudness())], dataset, floors=False)


def test_names_can_be_given(dataset) -> None:
    classifier = Loudness()
    table = evaluate({"one": Counting(classifier), "two": Counting(classifier)}, dataset, floors=False)
    assert list(table["method"]) == ["one", "two"]


def test_progress_is_reported(dataset) -> None:
    calls: list[tuple[int, int]] = []
    evaluate([Counting(Loudness())], dataset, floors=False, batch_size=4, progress=lambda *p: calls.append(p))
    assert calls == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("labels", [("rain", "dog"), ("dog", "rain")])
def test_accuracy_is_the_classifiers_on_the_clips(dataset, labels) -> None:
    classifier = Loudness(labels)
    right = []
    for clip in dataset.clips:
        audio = torch.from_numpy(dataset.read(clip, 16000))[None]
        right.append(labels[int(classifier(audio).argmax())] == clip.category)
    table = evaluate([Counting(classifier)], dataset)
    assert table["accuracy"].tolist() == [100 * sum(right) / len(right)] * len(table)


def test_the_second_answer_is_scored_for_its_own_class(dataset) -> None:
    classifier = Loudness()
    items = Items(dataset, 16000)
    first, second = (evaluate_items([Counting(classifier)], items, answer=answer) for answer in (1, 2))
    asked = second[second["method"] == "counting"]
    for row, clip in zip(asked.to_dict("records"), dataset.clips, strict=True):
        x = torch.from_numpy(dataset.read(clip, 16000))[None]
        p, q = (classifier(signal).softmax(-1) for signal in (x, 0.5 * x))
        c = p.argmin(-1)
        assert row["target"] == int(c)
        assert row["ag"] == pytest.approx(float(ag(p, q, c)), abs=1e-3)
    assert (second["target"] == 1 - first["target"]).all(), "of the floors, too"
    assert (second["correct"] == first["correct"]).all(), "the classifier's answer, whatever is explained"


class OnlyThePrediction(Counting):
    takes_target = False


def test_answers_that_cannot_be_explained_are_refused(dataset) -> None:
    items = Items(dataset, 16000)
    with pytest.raises(ConfigError, match=r"rank is 3; expected 1 to 2, the classifier's answers \(--rank\)"):
        evaluate_items([Counting(Loudness())], items, answer=3)
    with pytest.raises(
        InterpreterError, match="explains the class that the classifier predicts; leave out --rank"
    ):
        evaluate_items([OnlyThePrediction(Loudness())], items, answer=2)
