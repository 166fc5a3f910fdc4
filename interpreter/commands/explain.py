"""Command `explain`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import typer

from interpreter.commands.options import CLASSIFIER_HELP, show_bar

_LISTED = 20  # files that are named one by one


def explain(
    audio: list[Path] = typer.Argument(
        ..., help="Sound files, or folders of them: any rate, length, channels."
    ),
    run: Path | None = typer.Option(
        None, "--run", help="Run of an explainer, or of a classifier with --method."
    ),
    classifier: str | None = typer.Option(None, "--classifier", help=CLASSIFIER_HELP),
    method: str | None = typer.Option(None, help="Method without training; see evaluate."),
    out: Path = typer.Option(..., help="Folder to write into."),
    target: str | None = typer.Option(
        None, help="Class to explain; the predicted one by default, and always for L-MAC and LMAC-TD."
    ),
    against: str | None = typer.Option(
        None, help="Class that --target is compared with: what speaks for one rather than the other."
    ),
    rank: int = typer.Option(1, min=1, help="Answer to explain without --target: 2 is the second."),
    like: Path | None = typer.Option(
        None, help="Sound file to compare with: what makes the sounds like it, by methods without training."
    ),
    window: float | None = typer.Option(
        None, help="Seconds per window; by default what the run was trained on, or 5."
    ),
    overlap: float = typer.Option(0.25, help="Share of a window that overlaps with the next."),
    batch_size: int = typer.Option(4, min=1, help="Windows at a time; bounds memory."),
    device: str = typer.Option("cpu", help="cpu, cuda or cuda:N."),
) -> None:
    """Explain sound files: WAV files of the parts, a picture, the figures, and a page to listen to them.

    Started again after an interruption, it resumes: what was explained in the same way is kept. Of several
    files, those that are silent, too short or damaged are reported and left out; the exit code is then 1.
    """
    from interpreter.evaluation.comparison import duration_of, explainers_of
    from interpreter.recordings.explain_files import explain_files, find_sounds

    sounds = find_sounds(audio)
    runs = [] if run is None else [run]
    window_s = duration_of(runs) or 5.0 if window is None else window
    methods = [] if method is None else [method]
    explainers = explainers_of(runs, methods, device, target=classifier)
    explainer = explainers[method] if method else next(iter(explainers.values()))
    faults: list[str] = []
    with show_bar("Explaining", show=True) as report:
        results = explain_files(
            explainer,
            sounds,
            out,
            target=target,
            against=against,
            rank=rank,
            like=like,
            window_s=window_s,
            overlap=overlap,
            batch_size=batch_size,
            command=shlex.join(["listenable", *sys.argv[1:]]),
            progress=report,
            on_fault=faults.append if len(sounds) > 1 else None,
        )
    for fault in faults:
        typer.secho(f"Warning: left out: {fault}", fg="yellow", err=True)
    for result in results[:_LISTED]:
        heard = dict.fromkeys(w["target"] for w in result.record["windows"] if w["target"] is not None)
        typer.echo(f"{result.source}: {', '.join(heard)} -> {result.folder}")
    if len(results) > _LISTED:
        typer.echo(f"... and {len(results) - _LISTED} more: {out / 'explanations.csv'}")
    typer.echo(f"Listen: {out / 'index.html'}")
    if faults:
        raise typer.Exit(1)
