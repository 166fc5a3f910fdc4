"""The subject model of ITU-T P.910 and the results that it comes with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from analysis import DesignError, subject_model
from tests.analysis.conftest import shared_ratings

Make = Callable[..., pd.DataFrame]


def test_the_results_that_are_printed_with_p910() -> None:
    wide = pd.read_csv(shared_ratings("p910_demo.csv"), header=None)
    rows = wide.reset_index(names="item").melt(id_vars="item", var_name="listener", value_name="score")
    # Ids as wide as each other, so that their order is the file's.
    ids = {"item": rows["item"].map("{:02d}".format), "listener": rows["listener"].map("{:02d}".format)}
    found = subject_model(rows.assign(condition="video", **ids))
    first, stimulus = found.listeners.iloc[0], found.stimuli.iloc[0]
    assert first["bias"] == pytest.approx(-0.189852, abs=1e-6)
    assert first["inconsistency"] == pytest.approx(1.833936, abs=1e-6)
    assert stimulus["score"] == pytest.approx(4.926232, abs=1e-6)
    assert stimulus["sos"] == pytest.approx(0.154879, abs=1e-6)


def test_biases_and_inconsistencies_that_were_put_in_come_out(make: Make) -> None:
    rng = np.random.default_rng(3)
    bias = np.array([-8.0, -2, 0, 3, 7, -4, 1, -1, 5, -1])
    spread = np.array([4.0, 4, 3, 3, 9, 5, 6, 4, 8, 5])
    stimuli = rng.uniform(20, 80, 400)
    scores = stimuli[:, None] + bias + spread * rng.standard_normal((400, 10))
    rows = pd.DataFrame(scores).reset_index(names="item").melt(id_vars="item", var_name="listener")
    rows = rows.rename(columns={"value": "score"}).assign(condition="A")
    found = subject_model(rows[rng.random(len(rows)) > 0.1])
    assert found.listeners["bias"].to_numpy() == pytest.approx(bias, abs=1)
    assert found.listeners["inconsistency"].to_numpy() == pytest.approx(spread, rel=0.2)
    gaps = found.stimuli.set_index("item")["score"].sort_index(key=lambda index: index.astype(int))
    assert np.corrcoef(gaps, stimuli)[0, 1] > 0.99


def test_it_needs_two_listeners_two_stimuli_and_ratings_that_differ(make: Make) -> None:
    with pytest.raises(DesignError, match="needs two listeners and two stimuli; found 1 and 18"):
        subject_model(make(listeners=1))
    with pytest.raises(DesignError, match="needs ratings that differ"):
        subject_model(make().assign(score=5.0))


def test_a_panel_of_which_one_listener_takes_all_the_weight_has_no_model() -> None:
    rng = np.random.default_rng(3)
    scores = rng.uniform(20, 80, 400)[:, None] + np.array([2.0, 4, 3, 2, 9]) * rng.standard_normal((400, 5))
    rows = pd.DataFrame(scores).reset_index(names="item").melt(id_vars="item", var_name="listener")
    rows = rows.rename(columns={"value": "score"}).assign(condition="A")
    with pytest.raises(DesignError, match="alone would decide all the scores"):
        subject_model(rows)
