"""The commands `analyze`, `power` and `companion`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analysis.errors import AnalysisError


def analyze(
    ratings: Annotated[
        list[str], typer.Argument(help="CSV or JSON files, study folders, results folders or database URLs.")
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder for the report.")],
    interval: Annotated[
        str, typer.Option(help="two-way, listener, item, crowdmos, naive-t or bootstrap.")
    ] = "two-way",
    compare_with: Annotated[
        str | None, typer.Option("--compare-with", help="Compare this condition with all others.")
    ] = None,
    test: Annotated[str, typer.Option(help="two-way, wilcoxon, permutation or medians.")] = "two-way",
    correction: Annotated[str, typer.Option(help="holm, hochberg or none.")] = "holm",
    style: Annotated[str, typer.Option(help="Look of the MOS figure: default or paper.")] = "default",
    attribute: Annotated[
        str | None, typer.Option(help="The scale to analyse, where there are several.")
    ] = None,
    by: Annotated[
        list[str] | None, typer.Option("--by", help="Also split by this column (repeatable).")
    ] = None,
    order: Annotated[
        list[str] | None, typer.Option("--order", help="Conditions in this order (repeatable).")
    ] = None,
    listener: Annotated[
        list[str] | None, typer.Option("--listener", help="Column that tells listeners apart (repeatable).")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option("--column", help="NAME=HEADER for tables under other names (repeatable)."),
    ] = None,
    pattern: Annotated[
        str | None, typer.Option(help="Wide tables: regular expression with groups item and condition.")
    ] = None,
    scale: Annotated[
        tuple[float, float] | None, typer.Option(help="Lowest and highest score, for example 0 100.")
    ] = None,
    simulated: Annotated[
        str, typer.Option(help="Simulated ratings beside real ones: include, exclude or only.")
    ] = "refuse",
    bad_rows: Annotated[str, typer.Option(help="Rows that cannot be used: stop or drop.")] = "stop",
    draws: Annotated[int, typer.Option(min=100, help="Draws of bootstrap and permutation.")] = 10_000,
    seed: Annotated[int, typer.Option(help="Seed of bootstrap and permutation.")] = 0,
    title: Annotated[str | None, typer.Option(help="Heading of the report.")] = None,
) -> None:
    """Turn ratings into mean opinion scores, tests, figures and a report."""
    from analysis.load import load_ratings
    from analysis.report import write_report
    from analysis.results import Options

    frame = load_ratings(
        *ratings,
        listener=listener,
        columns=_columns(column),
        pattern=pattern,
        scale=scale,
        simulated=simulated,
        bad_rows=bad_rows,
    )
    options = Options(
        interval=interval, against=compare_with, test=test, correction=correction, attribute=attribute, order=order,
        scale=scale, by=tuple(by or ()), draws=draws, seed=seed,
    )  # fmt: skip
    results = write_report(frame, out, options, style=style, title=title)
    for note in results.notes:
        typer.echo(note, err=True)
    typer.echo(mos_text(results.mos))
    if results.excluded:
        typer.echo(
            f"Screening excluded {results.excluded} of {len(results.screening)} listeners (see screening.csv)."
        )
    for name in ("index.html", "mos.csv", "mos.svg"):
        typer.echo(str(out / name))


def mos_text(table: object) -> str:
    """Return the MOS table as lines of text, for the terminal."""
    import pandas as pd

    rows = pd.DataFrame(table)
    width = max([9, *(len(label) for label in rows["label"])])
    digits = 1 if rows["mos"].max() > 10 else 2
    mark = "  SIMULATED" if bool(rows["simulated"].any()) else ""
    lines = [f"{'condition':<{width}}  {'MOS':>6}  95 % interval ({rows['interval'].iloc[0]}){mark}"]
    for row in rows.itertuples():
        ends = (
            "not estimable"
            if row.ci_low != row.ci_low
            else f"{row.ci_low:.{digits}f} to {row.ci_high:.{digits}f}"
        )
        lines.append(f"{row.label:<{width}}  {row.mos:>6.{digits}f}  {ends}")
    return "\n".join(lines)


def _columns(pairs: list[str] | None) -> dict[str, str] | None:
    found = dict(pair.split("=", 1) for pair in pairs or [] if "=" in pair)
    bad = [pair for pair in pairs or [] if "=" not in pair]
    if bad:
        raise AnalysisError(f"--column is '{bad[0]}'; expected NAME=HEADER, for example listener=subject.")
    return found or None
