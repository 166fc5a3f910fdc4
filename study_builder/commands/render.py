"""The command `listenable render`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from study_builder.commands.common import bar, command_line

if TYPE_CHECKING:
    from stimuli import Manifest


def render(
    data: Annotated[Path, typer.Option(help="Data set in ESC-50 layout, or a CSV with path, label, fold.")],
    out: Annotated[Path, typer.Option(help="Folder of the stimuli set.")],
    run: Annotated[
        list[Path] | None, typer.Option(help="Run of a trained explainer; may be given several times.")
    ] = None,
    classifier: Annotated[
        str | None,
        typer.Option(
            help="Classifier to explain: the folder of a run, package.module:factory, or hf:FOLDER_OR_NAME."
        ),
    ] = None,
    method: Annotated[
        list[str] | None, typer.Option(help="Method without training, on the runs' classifier.")
    ] = None,
    fold: Annotated[int | None, typer.Option(help="Take clips of this fold only.")] = None,
    items: Annotated[int, typer.Option(min=1, help="Number of items.")] = 9,
    seed: Annotated[int, typer.Option(help="Of the choice of items.")] = 0,
    pick: Annotated[Path | None, typer.Option(help="File that names the clips, one per line.")] = None,
    correct_only: Annotated[
        bool, typer.Option("--correct-only/--any", help="Choose correctly classified clips, or any.")
    ] = True,
    residuals: Annotated[bool, typer.Option(help="Also store what the masks removed.")] = True,
    target: Annotated[
        str | None, typer.Option(help="Class to explain in every clip; the predicted one by default.")
    ] = None,
    against: Annotated[
        str | None, typer.Option(help="Class that --target is compared with, by methods without training.")
    ] = None,
    rank: Annotated[
        int, typer.Option(min=1, help="Answer to explain without --target: 2 is the second.")
    ] = 1,
    seconds: Annotated[
        float | None, typer.Option(help="Trim or pad clips to this length; by default they keep theirs.")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda or cuda:N.")] = "cpu",
    devices: Annotated[
        int, typer.Option(min=1, help="Processes on this machine; each renders its share of the items.")
    ] = 1,
    nodes: Annotated[int, typer.Option(min=1, help="Machines (torchrun or SLURM starts them).")] = 1,
) -> None:
    """Render explainers' interpretations, and the input as their reference, into a stimuli set."""
    from study_builder.rendering.render import processes
    from study_builder.rendering.render import rank as process_rank
    from study_builder.rendering.render import render as render_stimuli

    with processes(device, devices, nodes) as own_device:
        try:
            manifest = render_stimuli(
                run or [],
                data,
                out,
                methods=method or [],
                fold=fold,
                items=items,
                seed=seed,
                pick=pick,
                correct_only=correct_only,
                residuals=residuals,
                duration_s=seconds,
                device=own_device,
                command=command_line(),
                track=bar("Rendering"),
                classifier=classifier,
                target=target,
                against=against,
                rank=rank,
            )
        except (ValueError, OSError):
            if process_rank() > 0:  # all processes raise the same error, and the first one reports it
                raise typer.Exit from None
            raise
        if process_rank() > 0:
            return
    _report_set(manifest, out)


def _report_set(manifest: Manifest, out: Path) -> None:
    silent = [f"{s.item}/{s.condition}" for s in manifest.stimuli if s.kind == "stimulus" and s.lufs is None]
    typer.echo(
        f"{len(manifest.items)} items x {len(manifest.conditions)} conditions in {out} "
        f"({', '.join(condition.name for condition in manifest.conditions)})"
    )
    if silent:
        typer.secho(f"Warning: silent: {', '.join(silent)}", fg="yellow", err=True)
