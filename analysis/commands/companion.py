"""The commands `metrics` and `companion`: what a study sounds like, in numbers and to the ear."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analysis.commands.parsing import choose_attribute


def metrics(
    study: Annotated[Path, typer.Argument(help="Study folder.")],
    out: Annotated[Path, typer.Option("--out", help="CSV file for `analyze --metrics`.")],
) -> None:
    """Measure every stimulus of a study against its reference."""
    from analysis.measurement.perceptual import PERCEPTUAL
    from analysis.measurement.study_metrics import measure_study
    from stimuli.files import write_text

    table = measure_study(study)
    write_text(out, table.to_csv(index=False, lineterminator="\n"))
    typer.echo(f"{out}: {len(table)} stimuli, {', '.join(table.columns[2:])}")
    absent = [name for name in PERCEPTUAL if name not in table]
    if absent:
        typer.echo(f'not measured: {", ".join(absent)} (pip install "listenable[metrics]")')


def companion(
    study: Annotated[Path, typer.Argument(help="Study folder.")],
    ratings: Annotated[
        list[str], typer.Argument(help="Ratings, as for analyze; the study folder itself will do.")
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder for the page.")],
    stimuli: Annotated[
        Path | None, typer.Option(help="The stimuli set the study was built from, for its residuals.")
    ] = None,
    attribute: Annotated[
        str | None, typer.Option(help="The scale whose scores are shown, if there are several.")
    ] = None,
    simulated: Annotated[
        str, typer.Option(help="Simulated ratings mixed with real ones: include, exclude or only.")
    ] = "refuse",
    title: Annotated[str | None, typer.Option(help="Heading of the page.")] = None,
) -> None:
    """Make a static page to hear a study's stimuli next to its scores."""
    from analysis.companion.write import write_companion
    from analysis.ratings.load import load_ratings

    frame = load_ratings(*ratings, simulated=simulated)
    chosen = choose_attribute(frame, attribute)
    typer.echo(str(write_companion(study, frame, out, stimuli=stimuli, attribute=chosen, title=title)))
