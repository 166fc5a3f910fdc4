"""The commands `listenable render` and `listenable study ...`."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated, Any

import typer

from study_builder.choice_texts import CHOICE_TEXTS
from study_builder.commands.common import bar, command_line
from study_builder.commands.render import render

__all__ = ["render", "study"]

study = typer.Typer(no_args_is_help=True)

StudyPath = Annotated[Path, typer.Argument(help="The study's folder.", show_default=False)]


@study.callback()
def _study() -> None:
    """Build, check, simulate or pack a study."""


@study.command()
def build(
    source: Annotated[
        Path, typer.Argument(help="Stimuli set, or folder of item/condition.wav or item_condition.wav.")
    ],
    out: Annotated[Path, typer.Option(help="Folder of the study.")],
    choices: Annotated[Path | None, typer.Option(help="YAML file of choices; flags take precedence.")] = None,
    test: Annotated[str | None, typer.Option(help=CHOICE_TEXTS["test"])] = None,
    pairs: Annotated[str | None, typer.Option(help=CHOICE_TEXTS["pairs"])] = None,
    against: Annotated[str | None, typer.Option(help=CHOICE_TEXTS["against"])] = None,
    ties: Annotated[bool, typer.Option("--ties", help=CHOICE_TEXTS["ties"])] = False,
    adaptive: Annotated[str | None, typer.Option(help=CHOICE_TEXTS["adaptive"])] = None,
    title: Annotated[str | None, typer.Option(help=CHOICE_TEXTS["title"])] = None,
    question: Annotated[str | None, typer.Option(help=CHOICE_TEXTS["question"])] = None,
    items: Annotated[str | None, typer.Option(help=CHOICE_TEXTS["items"])] = None,
    conditions: Annotated[str | None, typer.Option(help=CHOICE_TEXTS["conditions"])] = None,
    no_reference: Annotated[
        bool, typer.Option("--no-reference", help="A test without any reference.")
    ] = False,
    open_reference: Annotated[
        bool, typer.Option("--open-reference", help="The reference can be heard but is not rated.")
    ] = False,
    reference_name: Annotated[str | None, typer.Option(help=CHOICE_TEXTS["reference_name"])] = None,
    layout: Annotated[str | None, typer.Option(help=CHOICE_TEXTS["layout"])] = None,
    anchors: Annotated[
        bool | None, typer.Option("--anchors/--no-anchors", help=CHOICE_TEXTS["anchors"])
    ] = None,
    target_lufs: Annotated[float | None, typer.Option(help=CHOICE_TEXTS["target_lufs"])] = None,
    keep_levels: Annotated[
        bool, typer.Option("--keep-levels", help="Leave the sounds' levels unchanged.")
    ] = False,
    length: Annotated[str | None, typer.Option(help=CHOICE_TEXTS["length"])] = None,
    sample_rate: Annotated[int | None, typer.Option(help=CHOICE_TEXTS["sample_rate"])] = None,
    order: Annotated[str | None, typer.Option(help=CHOICE_TEXTS["order"])] = None,
    items_per_session: Annotated[int | None, typer.Option(help=CHOICE_TEXTS["items_per_session"])] = None,
    pages_per_session: Annotated[int | None, typer.Option(help=CHOICE_TEXTS["pages_per_session"])] = None,
    training_items: Annotated[str | None, typer.Option(help=CHOICE_TEXTS["training_items"])] = None,
    screens: Annotated[str | None, typer.Option(help=CHOICE_TEXTS["screens"])] = None,
    seed: Annotated[int | None, typer.Option(help=CHOICE_TEXTS["seed"])] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace a study at OUT without ratings in it.")] = False,
    jobs: Annotated[int | None, typer.Option(min=1, help="Threads; by default one per processor.")] = None,
) -> None:
    """Build a study from a stimuli set or a folder of sounds; by default a MUSHRA test (BS.1534-3)."""
    from study_builder.building.build import build_study
    from study_builder.building.choices import Choices
    from study_builder.errors import BuildError

    if no_reference and open_reference:
        raise BuildError("--no-reference and --open-reference contradict each other; give one")
    if keep_levels and target_lufs is not None:
        raise BuildError("--keep-levels and --target-lufs contradict each other; give one")
    flags: dict[str, Any] = {
        "test": test,
        "pairs": None if pairs is None else _split(pairs),
        "against": against,
        "ties": ties or None,
        "adaptive": adaptive,
        "title": title,
        "question": question,
        "items": None if items is None else _split(items),
        "conditions": None if conditions is None else _split(conditions),
        "reference": "none" if no_reference else "open" if open_reference else None,
        "reference_name": reference_name,
        "layout": layout,
        "anchors": anchors,
        "target_lufs": target_lufs,
        "length": length,
        "sample_rate": sample_rate,
        "order": order,
        "items_per_session": items_per_session,
        "pages_per_session": pages_per_session,
        "training_items": None if training_items is None else _number_or_names(training_items),
        "screens": None if screens is None else _split(screens),
        "seed": seed,
    }
    chosen = Choices.load(choices, **flags)
    if keep_levels:
        chosen = chosen.model_copy(update={"target_lufs": None})
    built = build_study(
        source,
        out,
        chosen,
        pictures=Path() if choices is None else choices.parent,
        command=command_line(),
        overwrite=overwrite,
        jobs=jobs,
        progress=bar("Building"),
    )
    for text in built.warnings:
        typer.secho(f"Warning: {text}", fg="yellow", err=True)
    pages = sum(1 for _ in built.config.walk())
    typer.echo(
        f"{out}: {pages} pages; `listenable study check {out}` checks it, `listenable serve {out}` serves it"
    )


@study.command()
def adopt(
    config: Annotated[Path, typer.Argument(help="A config of webMUSHRA.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Folder of the study.")],
    root: Annotated[
        Path | None,
        typer.Option(help="Folder that its paths are relative to; by default its own, or the one above."),
    ] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace a study at OUT without ratings in it.")] = False,
) -> None:
    """Make a study from a webMUSHRA config: copy its sounds, and render the anchors that it asks for."""
    from study_builder.building.from_webmushra import adopt_config

    adopted, notices = adopt_config(config, out, root, command=command_line(), overwrite=overwrite)
    for notice in notices:
        typer.secho(f"Warning: {config}, {notice}", fg="yellow", err=True)
    pages = sum(1 for _ in adopted.walk())
    typer.echo(
        f"{out}: {pages} pages; `listenable study check {out}` checks it, `listenable serve {out}` serves it"
    )


@study.command()
def simulate(
    folder: StudyPath,
    listeners: Annotated[int, typer.Option(min=1, help="How many.")] = 19,
    seed: Annotated[int, typer.Option(help="The same seed gives the same scores.")] = 0,
    url: Annotated[
        str | None, typer.Option(help="Of a server that serves this study; by default one is started.")
    ] = None,
    admin_token: Annotated[
        str | None,
        typer.Option(
            help="Admin token of the server at --url; without it, the secret in the study's own database.",
            envvar="LISTENABLE_ADMIN_TOKEN",
        ),
    ] = None,
    quality: Annotated[
        list[str] | None,
        typer.Option(help="Mean score of a condition (name or id) in the model: name=score."),
    ] = None,
) -> None:
    """Rehearse a study: simulated listeners rate it over HTTP, and are marked as simulated."""
    from study_builder.simulation.rehearsal import simulate_study

    given = dict(_quality(text) for text in quality or [])
    used = simulate_study(
        folder,
        listeners,
        seed=seed,
        url=url,
        admin_token=admin_token,
        quality=given,
        track=bar("Listeners", listeners),
    )
    stated = ", ".join(f"{name} {score:.0f}" for name, score in used.items())
    typer.echo(f"{listeners} SIMULATED listeners have rated {folder}. Their model's mean scores: {stated}.")
    typer.echo("These numbers say nothing about the sounds, which the model never hears.")


@study.command()
def check(
    folder: StudyPath,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    jobs: Annotated[int | None, typer.Option(min=1, help="Threads; by default one per processor.")] = None,
) -> None:
    """Check a study: exit code 0 when all is well, 1 with warnings, 2 with errors."""
    import json

    from study_builder.checks.study import check_study

    report = check_study(folder, jobs=jobs, track=bar("Checking"))
    if as_json:
        typer.echo(json.dumps(report.to_json(), indent=1))
        raise typer.Exit(report.exit_code)
    colours = {"error": "red", "warning": "yellow", "note": None}
    for finding in report.findings:
        typer.secho(str(finding), fg=colours[finding.severity])
    counts = {name: sum(1 for _ in report.of_severity(name)) for name in ("error", "warning", "note")}
    texts = [f"{count} {name}{'' if count == 1 else 's'}" for name, count in counts.items()]
    typer.echo(f"{folder}: {', '.join(texts)}")
    raise typer.Exit(report.exit_code)


@study.command()
def balance(
    folder: StudyPath,
    listeners: Annotated[int, typer.Option(min=1, help="How many.")] = 19,
) -> None:
    """Show how balanced items and conditions are over the first so many listeners."""
    from rich.console import Console
    from rich.table import Table

    from study_builder.config import StudyConfig
    from study_builder.design.balance import balance as count_balance

    config = StudyConfig.load(folder)
    reached = count_balance(config, listeners)
    summary = Table("How often", "least", "most", "mean", title=f"{folder}, {listeners} listeners")
    for row in reached.counts:
        summary.add_row(row.what, str(row.least), str(row.most), f"{row.mean:.2f}")
    items = Table("Item", "listeners", "mean place")
    for name, count in reached.heard.items():
        trial = config.options.trials.get(name)  # a track of a staircase has the name of its item
        label = config.item_label(name if trial is None else trial.item)
        items.add_row(label, str(count), f"{reached.mean_position[name]:.2f}" if count else "")
    console = Console()
    console.print(summary)
    console.print(items)


@study.command()
def pack(
    folder: StudyPath,
    out: Annotated[Path | None, typer.Option(help="The zip file; by default STUDY.zip next to it.")] = None,
    licence: Annotated[
        list[Path] | None, typer.Option(help="A further file, such as the licence of the sounds.")
    ] = None,
) -> None:
    """Pack everything that is needed to repeat a study into one zip file; ratings stay out."""
    from study_builder.building.archive import pack_study

    resolved = folder.resolve()
    target = out or resolved.with_name(f"{resolved.name}.zip")
    names = pack_study(folder, target, licence or [])
    typer.echo(f"{target}: {len(names)} files")


def _quality(text: str) -> tuple[str, float]:
    from study_builder.errors import SimulateError

    name, _, score = text.rpartition("=")
    try:
        return name, float(score)
    except ValueError:
        raise SimulateError(f"--quality is {text!r}; expected name=score, such as gradcam=40") from None


def _number_or_names(text: str) -> int | list[str]:
    return int(text) if text.strip().isdecimal() else _split(text)


def _split(text: str) -> list[str]:
    """Split at commas, but not within a name in double quotes."""
    return [part.strip() for part in next(csv.reader([text], skipinitialspace=True), []) if part.strip()]
