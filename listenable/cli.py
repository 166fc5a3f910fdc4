"""The command line.

Each package's commands are imported when they are called, so that `listenable --help` answers at once and
the base install never imports torch.
"""

from __future__ import annotations

import atexit
import errno
import gc
import importlib
import inspect
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version as installed_version

import typer

from interpreter.threads import make_threads_yield
from listenable.placeholders import DescribedCommand

INTERPRETER_MODULES = {"torch", "torchaudio", "lightning", "captum"}
_INTERRUPTED = 130  # the exit code of Ctrl-C
_OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""What a terminal obeys: errors quote names and keys of files that strangers send."""
_OBJECTS_BETWEEN_COLLECTIONS = 100_000


@dataclass(frozen=True)
class Command:
    """Where a command is defined and its line in `listenable --help`."""

    module: str
    attribute: str
    help: str


COMMANDS: dict[str, Command] = {
    "demo": Command(
        "listenable.demo", "demo", "Run every stage, from sounds to a MOS plot, on built-in data."
    ),
    "data": Command("stimuli.cli", "data", "Make, download or check a data set."),
    "train": Command("interpreter.commands.train", "train", "Train a classifier or an explainer."),
    "import": Command(
        "interpreter.commands.train",
        "import_checkpoint",
        "Import weights of SpeechBrain or PANNs into a run.",
    ),
    "explain": Command(
        "interpreter.commands.explain", "explain", "Explain what a classifier heard in audio files."
    ),
    "evaluate": Command("interpreter.commands.evaluate", "evaluate", "Score explainers: the paper's tables."),
    "render": Command(
        "study_builder.commands.study", "render", "Render explainers' interpretations into a stimuli set."
    ),
    "study": Command("study_builder.commands.study", "study", "Build, check, simulate or pack a study."),
    "serve": Command("mushra_server.commands.serve", "serve", "Serve a study to its listeners."),
    "studio": Command(
        "mushra_server.commands.studio", "studio", "Make, launch, watch and report studies in a browser."
    ),
    "export": Command("mushra_server.commands.ratings", "export", "Export a study's ratings."),
    "backup": Command(
        "mushra_server.commands.ratings",
        "backup",
        "Copy a study's ratings database, also while it is served.",
    ),
    "forget": Command("mushra_server.commands.ratings", "forget", "Remove a participant's personal data."),
    "analyze": Command(
        "analysis.commands.analyze",
        "analyze",
        "Turn ratings into mean opinion scores, tests, figures and a report.",
    ),
    "power": Command("analysis.commands.power", "power", "Compute how many listeners a study needs."),
    "metrics": Command(
        "analysis.commands.companion", "metrics", "Measure a study's stimuli against their references."
    ),
    "companion": Command(
        "analysis.commands.companion",
        "companion",
        "Make a static page to hear a study's stimuli next to its scores.",
    ),
}


def build_app(called: str | None) -> typer.Typer:
    """Return the whole command line, in which only the command `called` has been imported."""
    # Plain help wraps texts and keeps names whole; Rich's tables cut long options' names at 80 columns.
    app = typer.Typer(
        help="From an audio classifier to a listening test with honest confidence intervals.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback()(_options)
    for name, command in COMMANDS.items():
        if name != called:
            app.command(name, help=command.help, short_help=command.help)(_refuse_call)
            continue
        thing = getattr(importlib.import_module(command.module), command.attribute)
        if isinstance(thing, typer.Typer):
            _describe_commands(thing)
            app.add_typer(thing, name=name, help=command.help)
        else:
            app.command(name, cls=DescribedCommand)(thing)
    return app


def _describe_commands(group: typer.Typer) -> None:
    """Let a group's help list each command's whole first paragraph, and a command's help name values."""
    for command in group.registered_commands:
        text = command.help or inspect.getdoc(command.callback) or ""
        command.short_help = text.split("\n\n")[0]
        command.cls = DescribedCommand


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"listenable {installed_version('listenable')}")
        raise typer.Exit


def _options(
    version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
    ),
) -> None:
    """Take the options that come before a command."""


def _refuse_call() -> None:
    """Stand in for a command that is listed but not called."""


def explain_failure(error: Exception) -> str | None:
    """Return the sentence that explains to a user what went wrong, or None if `error` is a defect of ours."""
    if hasattr(error, "exit_code"):
        return str(error)
    if isinstance(error, ModuleNotFoundError) and (error.name or "").split(".")[0] in INTERPRETER_MODULES:
        return f'This command needs {error.name}: install it with pip install "listenable[interpreter]".'
    if isinstance(error, OSError) and error.errno is not None:
        where = f"{error.filename}: " if error.filename else ""
        if error.errno == errno.ENOSPC:
            where = f"{error.filename2}: " if error.filename2 else where  # of a copy, where it was to be
            return f"{where}no space is left on the disk; free some and run the command again"
        return f"{where}{os.strerror(error.errno)}"
    return None


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line: exit code 0 when done, 1 for a defect, 2 for bad input, 130 for Ctrl-C.

    An error may have its own exit code.
    """
    # Importing torch makes most of a million objects that stay. Looking for garbage among them, while they
    # are made and once more at the end, would take half a second of a command that takes two.
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    atexit.register(gc.freeze)
    make_threads_yield()
    words = list(sys.argv[1:] if arguments is None else arguments)
    sys.argv[1:] = words  # commands write into what they make how they were called
    called = next((word for word in words if not word.startswith("-")), None)
    try:
        build_app(called)(args=words, prog_name="listenable")
    except (KeyboardInterrupt, SystemExit) as ending:
        # Typer turns a Ctrl-C within a command into a silent exit
        if isinstance(ending, SystemExit) and ending.code != _INTERRUPTED:
            raise
        typer.echo("Interrupted; what was finished is kept.", err=True)
        sys.exit(_INTERRUPTED)
    except Exception as error:
        sentence = explain_failure(error)
        if sentence is None:
            raise
        typer.echo("Error: " + _OBEYED.sub("\N{REPLACEMENT CHARACTER}", sentence), err=True)
        sys.exit(getattr(error, "exit_code", 2))
