"""Command `evaluate`."""

from __future__ import annotations

from pathlib import Path

import typer

from interpreter.commands.options import CLASSIFIER_HELP, show_bar

_WIDTH = 140  # of a table that goes into a file or a pipe, in characters


def evaluate(
    run: list[Path] = typer.Option([], "--run", help="Run to score; may be repeated."),
    classifier: str | None = typer.Option(None, "--classifier", help=CLASSIFIER_HELP),
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
    target: str | None = typer.Option(None, help="Class to explain in every clip; an answer by default."),
    against: str | None = typer.Option(
        None, help="Class that --target is compared with, in the clips of --target."
    ),
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
        target=target,
        against=against,
    )
    with processes(device, devices, nodes) as own_device:
        with show_bar("Evaluating", show=process_rank() == 0) as report:
            table = evaluate_runs(plan, out, own_device, report)
        if process_rank() == 0:
            _print(format_table(table))
            typer.echo(f"The classifier gets {table['accuracy'].iloc[0]:.1f} % of these items right.")
            typer.echo(f"Written: {out} (also .md, .tex, .json and .items.csv)")
            typer.echo(f"Leaderboard: {out.with_suffix('.html')}")


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
