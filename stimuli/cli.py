"""Commands of the stimuli package: `listenable data ...`."""

from __future__ import annotations

import json
from pathlib import Path

import typer

data = typer.Typer(no_args_is_help=True)


@data.callback()
def _data() -> None:
    """Make, download or check a data set."""


@data.command()
def soundscapes(
    out: Path = typer.Argument(..., help="Folder to write the data set into."),
    classes: int = typer.Option(8, help="Number of classes, 2 to 10."),
    clips: int = typer.Option(40, help="Clips per class, spread over five folds."),
    seconds: float = typer.Option(2.0, help="Length of a clip in seconds."),
    seed: int = typer.Option(0, help="The same seed gives the same bytes."),
) -> None:
    """Synthesise environmental sounds over backgrounds, in ESC-50 layout (16 kHz mono)."""
    from rich.progress import track

    from stimuli.soundscapes import make_soundscapes, write_soundscapes

    made = make_soundscapes(classes, clips, seconds, seed)
    index = write_soundscapes(out, track(made, description="Soundscapes", total=classes * clips))
    typer.echo(f"{classes * clips} clips of {classes} classes in {out} (index: {index})")


@data.command()
def check(
    folder: Path = typer.Argument(..., help="A data set in ESC-50 layout, or a CSV with path, label, fold."),
    as_json: bool = typer.Option(False, "--json", help="Print the findings as JSON."),
) -> None:
    """List missing, corrupt, silent, clipped, duplicated and leaked clips.

    Exit code: 0 nothing found, 1 warnings, 2 errors.
    """
    from rich.progress import track

    from stimuli.check import check_dataset
    from stimuli.dataset import Dataset

    dataset = Dataset.load(folder)
    looked = track(
        check_dataset(dataset),
        description="Looking",
        total=len(dataset.clips) + 1,
        disable=as_json,
        transient=True,
    )
    findings = [finding for _, found in looked for finding in found]
    if as_json:
        rows = [
            {"severity": f.severity, "fault": f.fault, "filename": f.filename, "detail": f.detail}
            for f in findings
        ]
        typer.echo(json.dumps({"clips": len(dataset.clips), "findings": rows}, indent=1))
    else:
        for finding in findings:
            typer.echo(f"{finding.severity:8}{finding.fault:11}{finding.filename}: {finding.detail}")
        folds = ", ".join(map(str, dataset.fold_numbers))
        size = f"{len(dataset.clips)} clips of {len(dataset.labels)} classes in folds {folds}"
        typer.echo(f"{size}: {len(findings)} findings.")
    severities = {finding.severity for finding in findings}
    raise typer.Exit(2 if "error" in severities else 1 if severities else 0)


@data.command()
def download(
    name: str = typer.Argument(..., help="esc50, wham or ljspeech."),
    out: Path = typer.Argument(..., help="Folder to make."),
    yes: bool = typer.Option(False, "--yes", help="Accept the licence without being asked."),
) -> None:
    """Download a published data set; run the same command again to resume after an interruption."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    from stimuli.downloads.download import download as download_set
    from stimuli.downloads.remote import REMOTES
    from stimuli.errors import DatasetError

    if name not in REMOTES:
        raise DatasetError(f"{name!r} cannot be downloaded; expected one of {', '.join(REMOTES)}")
    remote = REMOTES[name]
    typer.echo(f"{remote.title}\n  {remote.url} ({remote.size})\n  licence: {remote.licence}")
    if not yes and not typer.confirm("Download it under this licence?"):
        raise typer.Exit(1)
    with Progress(BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()) as bar:
        task = bar.add_task(name, total=None)
        found = download_set(remote, out, lambda done, total: bar.update(task, completed=done, total=total))
    known = "as published" if remote.sha256 else "its publisher gives no hash to compare with"
    typer.echo(f"{out} is there. SHA-256 of the archive: {found} ({known}).")
