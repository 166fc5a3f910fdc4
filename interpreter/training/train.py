"""Train a classifier or an explainer into a run folder, resumable, on a processor, a GPU or many."""

from __future__ import annotations

import logging
import shutil
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from lightning.pytorch.strategies import DDPStrategy
from torch.utils.data import DataLoader

from interpreter.classifier.modes import freeze_in_eval
from interpreter.distributed import adopt_launcher, rank
from interpreter.errors import ConfigError, RunError
from interpreter.kinds.config import TrainingConfig
from interpreter.runs.folder import RUN, Run, write_config, write_description, write_run
from interpreter.settings.presets import load_config
from interpreter.threads import limit_threads
from interpreter.training.alone import alone_in
from interpreter.training.clips import Clips, Disturbance, EpochSampler, noise_source
from interpreter.training.interruptions import explain_interruptions
from interpreter.training.lightning_module import Learner, MetricsFile, SaveLast, WholeFiles
from interpreter.training.request import STATE, Engine, Request, check_unfinished, describe, load_finished_run
from interpreter.training.setup import Prepared, prepare
from stimuli import Dataset, refuse_seed
from stimuli.files import remove_temporary

logger = logging.getLogger(__name__)


def train(request: Request, engine: Engine | None = None, *, resume: bool = False) -> tuple[Run, bool]:
    """Train, or find that the run is there already.

    Args:
        request: what to train.
        engine: where and how.
        resume: continue an interrupted run.

    Returns:
        The run, and whether anything was trained.

    Raises:
        ConfigError: settings that cannot be used.
        RunError: the folder contains another run, an unfinished one and `resume` is false, or one that
            another process is training.
        SeedError: the seed is negative or has more than 64 bits.
    """
    engine = engine or Engine()
    devices, nodes = adopt_launcher(engine.devices, engine.nodes)
    engine = replace(engine, devices=devices, nodes=nodes)
    refuse_seed(request.seed)
    config = load_config(request.kind, request.preset, request.overrides)
    dataset = Dataset.load(request.data).folds(*request.train_folds)
    wanted = describe(request, config, dataset)
    # Of the processes of one training the first keeps other trainings out.
    with alone_in(request.out) if rank() == 0 else nullcontext():
        return _train(request, config, engine, dataset, wanted, resume)


def _train(
    request: Request, config: TrainingConfig, engine: Engine, dataset: Dataset, wanted: Run, resume: bool
) -> tuple[Run, bool]:
    if (request.out / RUN).is_file():
        return load_finished_run(request, config, wanted), False
    last = request.out / STATE / "last.ckpt"
    check_unfinished(request, config, wanted, last, resume)
    _check_state(last)
    with (
        limit_threads(engine.threads),
        explain_interruptions(request.out, config.batch_size),
        _silence_lightning(),
        torch.random.fork_rng(),
    ):
        torch.manual_seed(request.seed)
        prepared = prepare(request.kind, config, dataset, request.classifier, request.start, request.seed)
        _check_monitor(config, prepared.task.scores, len(prepared.valid_waveforms))
        wanted = replace(wanted, clip_s=prepared.waveforms.shape[1] / config.sample_rate)
        if rank() == 0:  # of several processes, each of which would take what another writes for left over
            last.parent.mkdir(parents=True, exist_ok=True)
            remove_temporary(request.out)
            remove_temporary(last.parent)
            write_config(request.out, config.model_dump(mode="json"))
            write_description(request.out / STATE, wanted)
        learner = _fit(prepared, config, request, engine, last)
    if rank() == 0:
        write_run(request.out, wanted, learner.network.state_dict())
        shutil.rmtree(last.parent)
    return wanted, True


def _fit(prepared: Prepared, config: TrainingConfig, request: Request, engine: Engine, last: Path) -> Learner:
    _check_devices(engine)
    processes = engine.devices * engine.nodes
    if config.batch_size % processes:
        raise ConfigError(f"batch_size {config.batch_size} does not divide among {processes} processes")
    draws = config.batch_size * (
        config.steps_per_epoch or max(1, len(prepared.waveforms) // config.batch_size)
    )
    steps = config.epochs * draws // config.batch_size
    learner = Learner(prepared.task, config, steps, request.seed)
    trainer = pl.Trainer(
        accelerator=engine.accelerator,
        devices=engine.devices,
        num_nodes=engine.nodes,
        strategy=_strategy(config, engine),
        precision=config.precision,
        max_epochs=config.epochs,
        gradient_clip_val=config.gradient_clip,
        plugins=[WholeFiles()],
        callbacks=_callbacks(config, request.out, last),
        logger=False,
        enable_progress_bar=engine.progress,
        enable_model_summary=False,
        use_distributed_sampler=False,
        sync_batchnorm=_synchronises(engine),
        num_sanity_val_steps=0,
    )
    loaders = _loaders(prepared, config, request, engine, draws, trainer)
    with freeze_in_eval(prepared.task.frozen):
        trainer.fit(learner, *loaders, ckpt_path=last if last.is_file() else None)
    if config.keep == "best" and rank() == 0:  # the others may find the file removed already
        best = torch.load(last.with_name("best.ckpt"), map_location="cpu", weights_only=True)
        learner.load_state_dict(best["state_dict"])
    return learner


def _check_state(last: Path) -> None:
    """Refuse a state to resume from of which a bit is wrong, which `torch.load` would not notice.

    Raises:
        RunError: it is damaged.
    """
    if not last.is_file():
        return
    try:
        with ZipFile(last) as state:
            damaged = state.testzip()
    except (BadZipFile, NotImplementedError, RuntimeError):  # the directory itself, or a part's header
        damaged = last.name
    if damaged is not None:
        run = last.parents[1]
        raise RunError(
            f"{last}: the state to resume from is damaged; remove the folder {run} and train again"
        )


def _check_devices(engine: Engine) -> None:
    if engine.accelerator not in ("auto", "cpu", "gpu", "cuda"):
        raise ConfigError(f"unknown accelerator {engine.accelerator!r}; expected auto, cpu or gpu")
    found = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if engine.accelerator in ("gpu", "cuda") and found < engine.devices:
        raise ConfigError(f"{engine.devices} GPUs are asked for and {found} found; use --accelerator cpu")


def _callbacks(config: TrainingConfig, out: Path, last: Path) -> list[pl.Callback]:
    callbacks: list[pl.Callback] = [MetricsFile(out)]
    if config.patience is not None:
        callbacks.append(EarlyStopping(config.monitor, mode=config.mode, patience=config.patience))
    if config.keep == "best":
        callbacks.append(
            ModelCheckpoint(
                last.parent,
                "best",
                monitor=config.monitor,
                mode=config.mode,
                save_weights_only=True,  # the optimiser's state is twice the weights, and in last.ckpt
                enable_version_counter=False,
            )
        )
    return [*callbacks, SaveLast(last)]


def _uses_gpu(engine: Engine) -> bool:
    return engine.accelerator != "cpu" and torch.cuda.is_available()


def _synchronises(engine: Engine) -> bool:
    """Return whether batch normalisation sees the batch of all processes; PyTorch's can only on GPUs."""
    return _uses_gpu(engine) and engine.devices * engine.nodes > 1


def _check_monitor(config: TrainingConfig, scores: Sequence[str], held_out: int) -> None:
    """Refuse a monitor that no epoch would have, if something depends on it."""
    if config.schedule != "plateau" and config.keep != "best" and config.patience is None:
        return
    if config.monitor.startswith("valid_") and held_out == 0:
        raise ConfigError(
            f"monitor is {config.monitor}, but no clip is held out for validation (validation_share is "
            f"{config.validation_share:g}, and one recording of each class stays in training); use more "
            "recordings, a larger validation_share or monitor=train_loss"
        )
    known = [f"{stage}_{score}" for stage in ("train", "valid") for score in scores]
    if config.monitor not in known:
        raise ConfigError(f"monitor is {config.monitor!r}; expected one of {', '.join(known)}")


def _strategy(config: TrainingConfig, engine: Engine) -> Any:
    if engine.devices * engine.nodes == 1:
        return "auto"
    return DDPStrategy(find_unused_parameters=config.leaves_parameters_unused)


def _loaders(
    prepared: Prepared,
    config: TrainingConfig,
    request: Request,
    engine: Engine,
    draws: int,
    trainer: pl.Trainer,
) -> tuple[DataLoader[Any], DataLoader[Any] | None]:
    processes = trainer.world_size
    noise = noise_source(request.noise, config.sample_rate)
    share = config.noise_share if noise else 0.0
    disturbance = Disturbance(
        noise, share, config.snr_db, config.shift, config.gain_range_db, config.normalisation
    )
    unheard = noise_source(request.noise, config.sample_rate, "validation")
    undisturbed = Disturbance(unheard, share, config.snr_db, normalisation=config.normalisation)
    clips, held_out = len(prepared.waveforms), len(prepared.valid_waveforms)

    def load(part: Clips, sampler: EpochSampler) -> DataLoader[Any]:
        return DataLoader(
            part,
            batch_size=config.batch_size // processes,
            sampler=sampler,
            num_workers=engine.workers,
            persistent_workers=engine.workers > 0,  # not started again for each epoch
            pin_memory=_uses_gpu(engine),
        )

    train = load(
        Clips(prepared.waveforms, prepared.targets, disturbance, request.seed),
        EpochSampler(clips, draws, request.seed, trainer.global_rank, processes),
    )
    if held_out == 0:
        return train, None
    # every process validates on all clips: shares of unequal size would weigh clips unequally
    valid = load(
        Clips(prepared.valid_waveforms, prepared.valid_targets, undisturbed, request.seed),
        EpochSampler(held_out, held_out, None),
    )
    return train, valid


@contextmanager
def _silence_lightning() -> Iterator[None]:
    """Keep Lightning's advice away from the user, who can follow none of it."""
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric")]
    levels = [one.level for one in loggers]
    for one in loggers:
        one.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"lightning\..*")
            yield
    finally:
        for one, level in zip(loggers, levels, strict=True):
            one.setLevel(level)
