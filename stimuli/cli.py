"""Commands of the stimuli package: `listenable data ...`."""

from __future__ import annotations

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
    clips: int = typer.Option(40, help="Clips a class, spread over five folds."),
    seconds: float = typer.Option(2.0, help="Length of a clip in seconds."),
    seed: int = typer.Option(0, help="The same seed gives the same bytes."),
) -> None:
    """Synthesise environmental sounds over backgrounds, in ESC-50 layout (16 kHz mono)."""
    from rich.progress import track

    from stimuli.soundscapes import make_soundscapes, write_soundscapes

    made = make_soundscapes(classes, clips, seconds, seed)
    index = write_soundscapes(out, track(made, description="Soundscapes", total=classes * clips))
    typer.echo(f"{classes * clips} clips of {classes} classes in {out} (index: {index})")
