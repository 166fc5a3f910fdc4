"""Commands `explain` and `evaluate`."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

Report = Callable[[int, int], None]

_CLASSIFIER = typer.Option(
    None,
    "--classifier",
    help="Classifier to explain: the folder of a run, package.module:factory, or hf:FOLDER_OR_NAME.",
)
_LISTED = 20  # files that are named one by one
_WIDTH = 140  # of a table that goes into a file or a pipe, in characters


def explain(
    audio: list[Path] = typer.Argument(
        ..., help="Sound files, or folders of them: any rate, length, channels."
    ),
    run: Path | None = typer.Option(
        None, "--run", help="Run of an explainer, or of a classifier with --method."
    ),
    classifier: str | None = _CLASSIFIER,
    method: str | None = typer.Option(None, help="Method without training; see evaluate."),
    out: Path = typer.Option(..., help="Folder to write into."),
    target: str | None = typer.Option(
        None, help="Class to explain; the predicted one by default, and always for L-MAC and LMAC-TD."
    ),
    against: str | None = typer.Option(
        None, help="Class that --target is compared with: what speaks for one rather than the other."
    ),
    rank: int = typer.Option(1, min=1, help="Answer to explain without --target: 2 is the second."),
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
    with _bar("Explaining", show=True) as report:
        results = explain_files(
            explainer,
            sounds,
            out,
            target=target,
            against=against,
            rank=rank,
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


def evaluate(
    run: list[Path] = typer.Option([], "--run", help="Run to score; may be repeated."),
    classifier: str | None = _CLASSIFIER,
    method: list[str] = typer.Option(
        [], help="Method without training on the same classifier: name[:option=value,...]."
    ),
    data: Path = typer.Option(..., "--data", help="Folder in ESC-50 layout, or a CSV of path, label, fold."),
    fold: int = typer.Option(4, help="Fold to explain."),
    setting: str = typer.Option("clean", help="clean, id, mixtures, white-noise or speech."),
    snr: str = typer.Option("paper", help="Clip over contaminant: paper, official, or a number of dB."),
    noise: Path | None = typer.Option(None, help="Folder of sounds for id (noise) or speech."),
    contaminant_fold: int | None = typer.Option(
        None, help="Fold that mixtures draws from; 5 if there is one, else all others."
    ),
    second_classifier: Path | None = typer.Option(None, help="Run of a separately trained classifier."),
    floors: bool = typer.Option(True, help="Score masks that know nothing, too."),
    sanity: int = typer.Option(8, min=0, help="Clips for the weight randomisation check; 0 leaves it out."),
    sps_of: str = typer.Option("interpretation", help="What SPS and COMP look at: interpretation or mask."),
    duration: float | None = typer.Option(None, help="Seconds per clip; by default the runs' own."),
    limit: int | None = typer.Option(None, min=1, help="Explain so many clips at most, evenly spread."),
    batch_size: int = typer.Option(8, min=1, help="Clips at a time; bounds memory."),
    seed: int = typer.Option(0, help="Of every draw."),
    device: str = typer.Option("cpu", help="cpu, cuda or cuda:N."),
    devices: int = typer.Option(1, min=1, help="Processes on this machine; each explains its share."),
    nodes: int = typer.Option(1, min=1, help="Machines (torchrun or SLURM starts them)."),
    rank: int = typer.Option(1, min=1, help="Answer to explain: 2 is the classifier's second."),
    out: Path = typer.Option(
        ..., help="CSV to write; a leaderboard (HTML), Markdown, LaTeX, JSON and the items go next to it."
    ),
) -> None:
    """Score explainers: faithfulness, floors, mask statistics, and the paper's tables."""
    from interpreter.distributed import processes
    from interpreter.distributed import rank as process_rank
    from interpreter.evaluation.run import EvaluationPlan, evaluate_runs
    from interpreter.evaluation.tables import format_table

    plan = EvaluationPlan(
        runs=tuple(run),
        methods=tuple(method),
        data=data,
        fold=fold,
        setting=setting,
        snr=snr,
        sounds=noise,
        contaminant_fold=contaminant_fold,
        second_classifier=second_classifier,
        floors=floors,
        sanity=sanity,
        picture_of=sps_of,
        duration_s=duration,
        limit=limit,
        batch_size=batch_size,
        seed=seed,
        classifier=classifier,
        rank=rank,
    )
    with processes(device, devices, nodes) as own_device:
        with _bar("Evaluating", show=process_rank() == 0) as report:
            table = evaluate_runs(plan, out, own_device, report)
        if process_rank() == 0:
            _print(format_table(table))
            typer.echo(f"The classifier gets {table['accuracy'].iloc[0]:.1f} % of these items right.")
            typer.echo(f"Written: {out} (also .md, .tex, .json and .items.csv)")
            typer.echo(f"Leaderboard: {out.with_suffix('.html')}")


@contextmanager
def _bar(title: str, *, show: bool) -> Iterator[Report]:
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), disable=not show, transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _print(rows: list[list[str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    headings, *body = rows
    table = Table(box=None, pad_edge=False)
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number else "left", no_wrap=True)
    for row in body:
        table.add_row(*row)
    console = Console()
    Console(width=console.width if console.is_terminal else _WIDTH).print(table)
