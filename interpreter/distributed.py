"""Shares the work among processes and gathers the results; a single process keeps all."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import torch
import torch.distributed as dist

from interpreter.devices import check_device
from interpreter.errors import ConfigError

T = TypeVar("T")


def adopt_launcher(devices: int, nodes: int) -> tuple[int, int]:
    """Return the processes for each machine and the machines: those that were asked for, or torchrun's.

    Raises:
        ConfigError: torchrun started another number than was asked for.
    """
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1 or "TORCHELASTIC_RUN_ID" not in os.environ:
        return devices, nodes
    local = int(os.environ.get("LOCAL_WORLD_SIZE", world))
    if devices * nodes not in (1, world):
        raise ConfigError(
            f"{devices * nodes} processes are asked for and torchrun started {world}; "
            f"expected --devices {local} --nodes {world // local}, or neither"
        )
    return local, world // local


@contextmanager
def processes(device: str, devices: int = 1, nodes: int = 1) -> Iterator[torch.device]:
    """Work in `devices` processes on each of `nodes` machines; yield this process's device.

    Lightning starts the processes of this machine, or finds itself started by torchrun or SLURM. One process
    by itself starts nothing.

    Args:
        device: `cpu` or `cuda`; one process may name `cuda:N`.
        devices: processes on each machine, each with its own GPU on `cuda`.
        nodes: machines.
    """
    devices, nodes = adopt_launcher(devices, nodes)
    if devices * nodes == 1 and int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield check_device(device)
        return
    if device not in ("cpu", "cuda"):
        raise ConfigError(f"device is {device!r} for {devices * nodes} processes; expected cpu or cuda")
    if device == "cuda" and torch.cuda.device_count() < devices:
        raise ConfigError(f"{devices} GPUs are asked for and {torch.cuda.device_count()} found; use cpu")
    from lightning.fabric import Fabric

    fabric = Fabric(accelerator=device, devices=devices, num_nodes=nodes, strategy="ddp")
    fabric.launch()
    try:
        yield fabric.device
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()


def shard(work: Sequence[T]) -> Sequence[T]:
    """Return this process's share of `work`: every world-size-th piece, beginning at its rank."""
    return work[dist.get_rank() :: dist.get_world_size()] if _running() else work


def all_gather(rows: list[T]) -> list[T]:
    """Return the rows of all processes, on every one of them."""
    if not _running():
        return rows
    parts: list[list[T] | None] = [None] * dist.get_world_size()
    dist.all_gather_object(parts, rows)
    return [row for part in parts if part is not None for row in part]


@contextmanager
def raise_on_all_ranks() -> Iterator[None]:
    """Raise bad input that one process meets on all of them; else the others would wait for it forever.

    Bad input is what ends the command line with exit code 2. Anything else is raised where it occurs.
    """
    failure: Exception | None = None
    try:
        yield
    except Exception as error:
        if not isinstance(error, OSError) and getattr(error, "exit_code", None) != 2:
            raise
        failure = error
    failures = [error for error in all_gather([failure]) if error is not None]
    if failures:
        raise failures[0]


def rank() -> int:
    """Return this process's number; the first, 0, writes files and speaks.

    Before the processes are connected it is what torchrun or SLURM says. Where Lightning starts the processes
    of a machine, it is then 0 for the first of all, and not 0 for the others.
    """
    if _running():
        return int(dist.get_rank())
    told = os.environ.get("RANK", os.environ.get("SLURM_PROCID"))
    if told is not None:
        return int(told)
    return int(os.environ.get("NODE_RANK", "0")) or int(os.environ.get("LOCAL_RANK", "0"))


def _running() -> bool:
    return bool(dist.is_available() and dist.is_initialized())
