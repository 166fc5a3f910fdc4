"""The training loop's parts for Lightning: a module for any task, and what is written along the way."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import numpy as np
import torch
from lightning.pytorch.callbacks import Checkpoint
from lightning.pytorch.plugins.io import TorchCheckpointIO
from torch import Tensor

from interpreter.errors import RunError
from interpreter.kinds.config import TrainingConfig
from interpreter.kinds.task import Task
from interpreter.runs.folder import METRICS
from interpreter.training.lr_schedules import learning_rate_factor
from stimuli.files import write_bytes, write_text

_SHOWN = ("loss", "accuracy", "fid_in")  # next to the progress bar


class Learner(pl.LightningModule):
    """Trains a task's network.

    Everything drawn for a step follows from the seed and the step's number, so that a training which
    was interrupted and resumed ends with the weights of an unbroken one.

    Args:
        task: what to train.
        config: how.
        steps: of the whole training.
        seed: of everything drawn.
    """

    def __init__(self, task: Task, config: TrainingConfig, steps: int, seed: int) -> None:
        super().__init__()
        self.task, self.config, self.steps, self.seed = task, config, steps, seed
        self.network = task.network

    def on_fit_start(self) -> None:
        """Bring the frozen modules to the device, on a CPU in the layout in which convolutions are faster."""
        for module in self.task.frozen:
            module.to(self.device)
            if self.device.type == "cpu":
                module.to(memory_format=torch.channels_last)

    def training_step(self, batch: Mapping[str, Tensor], index: int) -> Tensor:
        """Return a batch's loss."""
        seed = self._seed(index)
        torch.manual_seed(seed)  # dropout accepts no generator
        terms = self.task.terms(batch, torch.Generator().manual_seed(seed))
        self._log("train", terms, len(batch["target"]))
        return terms["loss"]

    def validation_step(self, batch: Mapping[str, Tensor], index: int) -> None:
        """Log a batch's terms."""
        self._log("valid", self.task.terms(batch, None), len(batch["target"]))

    def configure_optimizers(self) -> Any:
        """Return the optimiser and its schedule."""
        config = self.config
        parameters = [parameter for parameter in self.network.parameters() if parameter.requires_grad]
        kind = torch.optim.AdamW if config.optimiser == "adamw" else torch.optim.Adam
        fused = (
            config.precision == "32-true"
        )  # at other precisions Lightning cannot clip a fused optimiser's gradients
        optimiser = kind(parameters, lr=config.learning_rate, weight_decay=config.weight_decay, fused=fused)
        if config.schedule == "plateau":
            plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
                optimiser, config.mode, factor=0.5, patience=3
            )
            scheduler: dict[str, Any] = {"scheduler": plateau, "monitor": config.monitor, "interval": "epoch"}
        else:
            factor = torch.optim.lr_scheduler.LambdaLR(optimiser, self._factor)
            scheduler = {"scheduler": factor, "interval": "step"}
        return {"optimizer": optimiser, "lr_scheduler": scheduler}

    def on_train_epoch_end(self) -> None:
        """Step the plateau schedule.

        Lightning steps it only after the epoch's state has been saved, so that a resumed training would miss
        the step.
        """
        if self.config.schedule == "plateau":
            plateau: Any = self.lr_schedulers()
            plateau.step(self.trainer.callback_metrics[self.config.monitor])

    def lr_scheduler_step(self, scheduler: Any, metric: Any) -> None:
        """Step any other schedule when Lightning does."""
        if self.config.schedule != "plateau":
            scheduler.step()

    def _factor(self, step: int) -> float:
        return learning_rate_factor(step, self.steps, self.config.schedule, self.config.warmup_steps)

    def _seed(self, index: int) -> int:
        parts = [self.seed, self.current_epoch, index, self.global_rank]
        return int(np.random.SeedSequence(parts).generate_state(1, np.uint64)[0] >> np.uint64(1))

    def _log(self, stage: str, terms: Mapping[str, Tensor], size: int) -> None:
        for name, value in terms.items():
            self.log(
                f"{stage}_{name}",
                value.detach(),
                on_step=False,
                on_epoch=True,
                prog_bar=stage == "valid" and name in _SHOWN,
                batch_size=size,
                sync_dist=True,
            )


class MetricsFile(pl.Callback):
    """Writes `metrics.csv`, one row per epoch; a resumed training appends to its own rows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: list[dict[str, float]] = []

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Add the epoch's row."""
        values = {name: round(float(value), 6) for name, value in sorted(trainer.callback_metrics.items())}
        self.rows.append({"epoch": trainer.current_epoch + 1, **values})
        if not math.isfinite(values["train_loss"]):
            raise RunError(
                f"{self.folder}: the loss is no longer finite in epoch {trainer.current_epoch + 1}; "
                "lower learning_rate and train again"
            )
        if trainer.is_global_zero:
            text = io.StringIO()
            writer = csv.DictWriter(text, list(self.rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.rows)
            write_text(self.folder / METRICS, text.getvalue())

    def state_dict(self) -> dict[str, Any]:
        """Return the rows so far."""
        return {"rows": list(self.rows)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Resume from the rows of an interrupted training."""
        self.rows = list(state_dict["rows"])


class WholeFiles(TorchCheckpointIO):
    """Writes a state next to where it belongs, then renames it.

    Lightning itself goes through the system's folder for temporary files, which may be on another disk and
    full or too small even if the run folder's disk is not.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Write a state, whole or not at all."""
        buffer = io.BytesIO()
        torch.save(checkpoint, buffer)
        write_bytes(Path(path), buffer.getbuffer())


class SaveLast(Checkpoint):
    """Keeps the last epoch's state for `--resume`; a crash while saving leaves the one before.

    A `Checkpoint`, and the last of the callbacks, because Lightning calls those after all others: the state
    then contains what early stopping and the choice of the best epoch made of this epoch.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save after an epoch."""
        if trainer.should_stop:
            return  # no state holds the decision to stop early; a resumed training comes to it again
        trainer.save_checkpoint(self.path)
