"""The command `analyze`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analysis.commands.parsing import parse_columns, parse_exclude, parse_roles
from analysis.commands.steps import show_steps


def analyze(
    ratings: Annotated[
        list[str], typer.Argument(help="CSV or JSON files, study folders, results folders or database URLs.")
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder for the report.")],
    interval: Annotated[
        str, typer.Option(help="two-way, listener, item, crowdmos, naive-t, logit or bootstrap.")
    ] = "two-way",
    compare_with: Annotated[
        str | None,
        typer.Option(
            "--compare-with", help="Compare all others with this condition: theirs minus its score."
        ),
    ] = None,
    test: Annotated[str, typer.Option(help="two-way, wilcoxon, permutation or medians.")] = "two-way",
    correction: Annotated[str, typer.Option(help="holm, hochberg or none.")] = "holm",
    margin: Annotated[
        float | None,
        typer.Option(help="Also test whether differences are smaller than this many points (equivalence)."),
    ] = None,
    metrics: Annotated[
        Path | None,
        typer.Option(help="CSV of objective metrics: item, condition and one column per metric."),
    ] = None,
    style: Annotated[str, typer.Option(help="Look of the MOS figure: default or paper.")] = "default",
    attribute: Annotated[
        str | None, typer.Option(help="Only this scale, if there are several; by default a part for each.")
    ] = None,
    by: Annotated[
        list[str] | None, typer.Option("--by", help="Also split by this column (repeatable).")
    ] = None,
    between: Annotated[
        str | None,
        typer.Option(help="Column that groups listeners, such as q_expert: group x condition is tested."),
    ] = None,
    variances: Annotated[
        str, typer.Option(help="Variances of the mixed model: equal, or by-condition (seconds to minutes).")
    ] = "equal",
    order: Annotated[
        list[str] | None, typer.Option("--order", help="Conditions in this order (repeatable).")
    ] = None,
    listener: Annotated[
        list[str] | None, typer.Option("--listener", help="Column that identifies listeners (repeatable).")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column", help="Our name for a header, for other tables (repeatable, also for one NAME)."
        ),
    ] = None,
    pattern: Annotated[
        str | None,
        typer.Option(help="Wide tables: regular expression with groups among listener, item and condition."),
    ] = None,
    reference: Annotated[
        list[str] | None, typer.Option("--reference", help="Condition that is the hidden reference.")
    ] = None,
    anchor: Annotated[
        list[str] | None, typer.Option("--anchor", help="Condition that is the low anchor (repeatable).")
    ] = None,
    role: Annotated[
        list[str] | None,
        typer.Option("--role", help="A condition's role, such as muffled=low_anchor (repeatable)."),
    ] = None,
    leave_out: Annotated[
        list[str] | None,
        typer.Option(
            "--leave-out",
            help="Items that do not count, such as training: 'warmup,example_*'; none: all count.",
        ),
    ] = None,
    repeats: Annotated[
        str | None, typer.Option(help="Ratings given more than once: average, first, last or model.")
    ] = None,
    missing: Annotated[
        list[float] | None, typer.Option("--missing", help="A score that means 'not rated' (repeatable).")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Encoding of CSV files that are neither UTF-8 nor cp1252.")
    ] = None,
    sheet: Annotated[str | None, typer.Option(help="Sheet of Excel workbooks.")] = None,
    same_listeners: Annotated[
        bool, typer.Option("--same-listeners", help="A listener id in several studies is one person.")
    ] = False,
    scale: Annotated[
        tuple[float, float] | None, typer.Option(help="Lowest and highest score, for example 0 100.")
    ] = None,
    simulated: Annotated[
        str, typer.Option(help="Simulated ratings mixed with real ones: include, exclude or only.")
    ] = "refuse",
    bad_rows: Annotated[str, typer.Option(help="Rows that cannot be used: stop or drop.")] = "stop",
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            "--exclude",
            help="Screening rule or flag that excludes (repeatable): hidden-reference, mid-anchor (both by "
            "default), repeats, straight-lining, untouched, fast, unfinished, attention, headphones, "
            "hearing, environment, transducer, agreement, anchor-order, spread; none.",
        ),
    ] = None,
    draws: Annotated[int, typer.Option(min=100, help="Draws of bootstrap and permutation.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of bootstrap and permutation.")] = 0,
    title: Annotated[str | None, typer.Option(help="Heading of the report.")] = None,
) -> None:
    """Turn ratings into mean opinion scores, tests, figures and a report."""
    with show_steps() as announce:
        announce("reading the ratings")
        from analysis.ratings.load import load_ratings
        from analysis.report.results import Options, Results
        from analysis.report.terminal import describe_results, printable
        from analysis.report.write import write_report

        excluding = parse_exclude(exclude)
        frame = load_ratings(
            *ratings,
            listener=listener,
            columns=parse_columns(column),
            pattern=pattern,
            scale=scale,
            simulated=simulated,
            bad_rows=bad_rows,
            reference=reference,
            anchor=anchor,
            roles=parse_roles(role),
            leave_out=leave_out,
            repeats=repeats,
            missing=missing,
            encoding=encoding,
            sheet=sheet,
            same_listeners=same_listeners,
        )
        options = Options(
            interval=interval, against=compare_with, test=test, correction=correction, attribute=attribute,
            order=order, by=tuple(by or ()), draws=draws, seed=seed, margin=margin, between=between,
            variances=variances,
            metrics=None if metrics is None else str(metrics), **excluding,
        )  # fmt: skip
        results = write_report(frame, out, options, style=style, title=title, announce=announce)
    for note in results.notes:
        typer.echo(printable(note), err=True)
    typer.echo(printable(describe_results(results)))
    files = ["index.html", "mos.csv", "mos.svg"] if isinstance(results, Results) else ["index.html"]
    for name in files:
        typer.echo(str(out / name))
