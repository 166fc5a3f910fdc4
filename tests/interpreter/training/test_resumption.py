"""A training that was killed and resumed ends as an unbroken one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from interpreter.errors import RunError
from interpreter.runs.folder import read_run
from interpreter.runs.tensor_files import read_tensors
from interpreter.training.alone import alone_in
from interpreter.training.lightning_module import Learner

Train = Callable[..., Path]


class _Killed(Exception):
    pass


@pytest.fixture
def killed_in(train_small: Train, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that trains and is killed in an epoch, before its last step."""

    def train(epoch: int, *arguments: str, **request: Any) -> None:
        whole = Learner.training_step

        def step(self: Learner, batch: Any, index: int) -> torch.Tensor:
            if self.current_epoch == epoch - 1 and index == self.trainer.num_training_batches - 1:
                raise _Killed
            return whole(self, batch, index)

        with monkeypatch.context() as patch, pytest.raises(_Killed):
            patch.setattr(Learner, "training_step", step)
            train_small(*arguments, **request)

    return train


def _assert_same(first: Path, second: Path) -> None:
    expected, found = (read_tensors(folder / "checkpoint.pt") for folder in (first, second))
    assert expected.keys() == found.keys()
    for name, tensor in expected.items():
        assert torch.equal(tensor, found[name]), name
    assert (first / "metrics.csv").read_bytes() == (second / "metrics.csv").read_bytes()


@pytest.mark.parametrize("kind", ["classifier", "lmac-td"])
def test_a_killed_run_resumes_to_the_weights_of_an_unbroken_one(
    kind: str, train_small: Train, killed_in: Callable[..., None], classifier_run: Path, tmp_path: Path
) -> None:
    given: dict[str, Any] = {} if kind == "classifier" else {"classifier": classifier_run}
    unbroken = train_small(kind, "epochs=3", out=tmp_path / "unbroken", **given)
    broken = tmp_path / "broken"
    killed_in(2, kind, "epochs=3", out=broken, **given)
    (broken / ".metrics.csv.8a70925b.part").write_bytes(b"half a file of a process that was killed")
    with pytest.raises(RunError, match="not a finished run"):
        read_run(broken)
    with pytest.raises(RunError, match="unfinished run; continue with --resume"):
        train_small(kind, "epochs=3", out=broken, **given)
    with pytest.raises(RunError, match=r"unfinished run has other settings \(seed is 0, not 1\)"):
        train_small(kind, "epochs=3", out=broken, resume=True, seed=1, **given)
    train_small(kind, "epochs=3", out=broken, resume=True, **given)
    _assert_same(unbroken, broken)
    assert not list(broken.rglob("*.part"))


def test_a_second_training_in_the_folder_is_refused_and_leaves_the_first_alone(
    train_small: Train, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    with alone_in(run):
        with pytest.raises(RunError, match="run: another process is training in this folder; choose another"):
            train_small("classifier", out=run)
        assert list(run.iterdir()) == []
    assert not run.exists(), "nothing was trained in it"


def test_an_empty_folder_that_was_there_stays_when_nothing_is_trained_in_it(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    with alone_in(run):
        pass
    assert run.is_dir()


ONE_STEP = ("steps_per_epoch=1", "schedule=constant")
FOLLOWED = {
    # the rate is halved after epoch 5, the fourth that is no better than the first
    "plateau": (6, 2, ("epochs=6", "learning_rate=0.005", "schedule=plateau")),
    # epochs 4 and 5 are worse than the third, epoch 6 would be better
    "patience": (5, 0, ("epochs=6", "learning_rate=0.02", "monitor=train_loss", "patience=2")),
    # the first epoch is the best
    "best": (2, 0, ("epochs=2", "learning_rate=0.02", "monitor=train_loss", "keep=best")),
}
"""The epoch to be killed in, the seed and the settings."""


@pytest.mark.parametrize("name", list(FOLLOWED))
def test_what_follows_a_metric_resumes_as_well(
    name: str, train_small: Train, killed_in: Callable[..., None], tmp_path: Path
) -> None:
    epoch, seed, settings = FOLLOWED[name]
    given: tuple[str, ...] = ("classifier", *ONE_STEP, *settings)
    unbroken = train_small(*given, seed=seed, out=tmp_path / "unbroken")
    killed_in(epoch, *given, seed=seed, out=tmp_path / "broken")
    train_small(*given, seed=seed, resume=True, out=tmp_path / "broken")
    _assert_same(unbroken, tmp_path / "broken")
    if name == "patience":
        assert len((unbroken / "metrics.csv").read_text().splitlines()) == 1 + epoch


def test_a_run_killed_after_it_stopped_early_stops_there_again(
    train_small: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, seed, settings = FOLLOWED["patience"]
    given: tuple[str, ...] = ("classifier", *ONE_STEP, *settings)
    unbroken = train_small(*given, seed=seed, out=tmp_path / "unbroken")

    def killed(*_: object) -> None:
        raise _Killed

    with monkeypatch.context() as patch, pytest.raises(_Killed):
        patch.setattr("interpreter.training.train.write_run", killed)
        train_small(*given, seed=seed, out=tmp_path / "broken")
    train_small(*given, seed=seed, resume=True, out=tmp_path / "broken")
    _assert_same(unbroken, tmp_path / "broken")
