from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from interpreter.errors import ConfigError
from interpreter.evaluation.comparison import duration_of, explainers_of, same_weights
from interpreter.loading import load_classifier
from interpreter.runs.folder import read_config, read_run, write_config, write_description


def test_explainers_share_one_classifier(runs) -> None:
    explainers = explainers_of([runs["lmac-td"]], ["gradcam", "saliency"])
    assert list(explainers) == ["lmac-td", "gradcam", "saliency"]
    assert len({id(explainer.classifier) for explainer in explainers.values()}) == 1


def test_two_runs_of_a_method_are_called_by_their_folders(runs) -> None:
    assert list(explainers_of([runs["lmac-td"], runs["again"]])) == ["lmac-td", "again"]


def test_baselines_take_options(runs) -> None:
    specs = ["gradcam:layer=cnn14.conv_block4,rule=quantile", "shap:variant=kernel,samples=8", "gradcam"]
    explainers = explainers_of([runs["classifier"]], specs, batch_size=3)
    assert list(explainers) == specs
    assert [explainer.label for explainer in explainers.values()] == [
        "GradCAM (quantile), conv_block4",
        "KernelSHAP",
        "GradCAM",
    ]
    assert explainers[specs[0]].settings == {
        "rule": "quantile",
        "layer": "cnn14.conv_block4",
        "frequency_axis": "mel",
    }
    assert explainers[specs[1]].samples == 8
    linear = "gradcam:frequency_axis=linear"
    assert explainers_of([runs["classifier"]], [linear])[linear].label == "GradCAM, linear axis"
    assert explainers[specs[1]].batch_size == 3


def test_an_option_may_be_a_list(runs) -> None:
    spec = "shap:variant=kernel,patch=[8,4],samples=3"
    (explainer,) = explainers_of([runs["classifier"]], [spec]).values()
    assert (explainer.variant, explainer.patch, explainer.samples) == ("kernel", (8, 4), 3)


def test_a_classifiers_run_serves_the_baselines(runs) -> None:
    assert list(explainers_of([runs["classifier"]], ["saliency"])) == ["saliency"]
    assert list(explainers_of([runs["lmac-td"], runs["classifier"]], ["saliency"])) == ["lmac-td", "saliency"]


@pytest.mark.parametrize(
    ("names", "methods", "sentence"),
    [
        ([], [], "no run was given; expected at least one"),
        (["classifier"], [], "the run of a classifier explains nothing by itself; add --method gradcam "),
        (["lmac-td"], ["grad-cam"], "unknown method 'grad-cam'; expected one of saliency, smoothgrad"),
        (
            ["lmac-td"],
            ["saliency:loud"],
            "method 'saliency:loud': 'loud' is not an option; expected option=value",
        ),
        (["lmac-td"], ["shap:patch=[8"], "method 'shap:patch=[8': '[8' is not a valid value of an option"),
        (["lmac-td"], ["saliency:batch_size=abc"], "saliency: an option has a value of the wrong kind"),
        (["lmac-td"], ["saliency:steps=3"], "saliency has no option 'steps'; it has batch_size"),
        (["lmac-td"], ["smoothgrad:samples=many"], "samples is 'many'; expected an integer of 1 or more"),
        (["lmac-td"], ["saliency", "saliency"], "'saliency' appears twice in the table"),
        (["lmac-td", "elsewhere"], [], "are of different classifiers; compare runs of the same one"),
    ],
)
def test_comparisons_that_are_none(runs, names, methods, sentence) -> None:
    with pytest.raises(ConfigError) as caught:
        explainers_of([runs[name] for name in names], methods)
    assert sentence in str(caught.value)


def test_classifiers_are_told_apart_by_their_weights(runs) -> None:
    one, same, other = (load_classifier(runs[name]) for name in ("classifier", "classifier", "other"))
    assert same_weights(one, same)
    assert not same_weights(one, other)


def test_the_length_of_clips_comes_from_the_runs(runs) -> None:
    assert duration_of([runs["classifier"], runs["lmac-td"]]) == 0.5


def test_a_run_says_the_length_that_it_was_trained_on(runs, tmp_path) -> None:
    """Where the settings leave it to the data set; a run of before that says nothing."""
    new, old = (shutil.copytree(runs["classifier"], tmp_path / name) for name in ("new", "old"))
    for run in (new, old):
        write_config(run, read_config(run) | {"duration_s": None})
    write_description(new, replace(read_run(new), clip_s=0.7))
    assert duration_of([new]) == 0.7
    assert duration_of([new, new]) == 0.7
    assert duration_of([old]) is None
