"""The commands `analyze`, `power`, `metrics` and `companion`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analysis.errors import AnalysisError

if TYPE_CHECKING:
    import pandas as pd


def analyze(
    ratings: Annotated[
        list[str], typer.Argument(help="CSV or JSON files, study folders, results folders or database URLs.")
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder for the report.")],
    interval: Annotated[
        str, typer.Option(help="two-way, listener, item, crowdmos, naive-t, logit or bootstrap.")
    ] = "two-way",
    compare_with: Annotated[
        str | None, typer.Option("--compare-with", help="Compare this condition with all others.")
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
        str | None, typer.Option(help="The scale to analyse, where there are several.")
    ] = None,
    by: Annotated[
        list[str] | None, typer.Option("--by", help="Also split by this column (repeatable).")
    ] = None,
    between: Annotated[
        str | None,
        typer.Option(help="Column that groups listeners, such as q_expert: group x condition is tested."),
    ] = None,
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
        str | None, typer.Option(help="Ratings given more than once: average, first or last.")
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
            "agreement; none.",
        ),
    ] = None,
    draws: Annotated[int, typer.Option(min=100, help="Draws of bootstrap and permutation.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of bootstrap and permutation.")] = 0,
    title: Annotated[str | None, typer.Option(help="Heading of the report.")] = None,
) -> None:
    """Turn ratings into mean opinion scores, tests, figures and a report."""
    from analysis.ratings.load import load_ratings
    from analysis.report.choices.write import ChoiceResults
    from analysis.report.results import Options
    from analysis.report.terminal import choices_text, mos_text
    from analysis.report.write import write_report

    excluding = _parse_exclude(exclude)
    frame = load_ratings(
        *ratings,
        listener=listener,
        columns=_columns(column),
        pattern=pattern,
        scale=scale,
        simulated=simulated,
        bad_rows=bad_rows,
        reference=reference,
        anchor=anchor,
        roles=_pairs(role, "--role", "Original=hidden_reference"),
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
        metrics=None if metrics is None else str(metrics), **excluding,
    )  # fmt: skip
    results = write_report(frame, out, options, style=style, title=title)
    for note in results.notes:
        typer.echo(note, err=True)
    if isinstance(results, ChoiceResults):
        typer.echo(choices_text(results))
        typer.echo(str(out / "index.html"))
        return
    typer.echo(mos_text(results.mos))
    if results.excluded:
        typer.echo(
            f"Screening excluded {results.excluded} of {len(results.screening)} listeners (see "
            "screening.csv)."
        )
    for name in ("index.html", "mos.csv", "mos.svg"):
        typer.echo(str(out / name))


def power(
    difference: Annotated[
        float | None, typer.Option(help="True difference in points that the study should find.")
    ] = None,
    items: Annotated[int, typer.Option(min=2, help="Items, each rated by every listener.")] = 9,
    listeners: Annotated[
        int | None, typer.Option(min=2, help="Say the power of this many listeners instead.")
    ] = None,
    wanted: Annotated[float, typer.Option("--power", min=0.01, max=0.999, help="Power wanted.")] = 0.8,
    alpha: Annotated[float, typer.Option(min=1e-6, max=0.5, help="Level of the test.")] = 0.05,
    comparisons: Annotated[int, typer.Option(min=1, help="Comparisons that are corrected for.")] = 1,
    pilot: Annotated[
        list[str] | None, typer.Option("--pilot", help="Ratings of a pilot study (repeatable).")
    ] = None,
    between: Annotated[
        tuple[str, str] | None, typer.Option(help="The pilot's two conditions; all methods if left out.")
    ] = None,
    attribute: Annotated[str | None, typer.Option(help="The pilot's scale, where it has several.")] = None,
    listener_sd: Annotated[float, typer.Option(min=0, help="SD of the difference between listeners.")] = 10.0,
    item_sd: Annotated[float, typer.Option(min=0, help="SD of the difference between items.")] = 6.0,
    residual_sd: Annotated[float, typer.Option(min=0, help="SD of what is left of the difference.")] = 17.0,
    share: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="Instead: true share of right answers (abx) or of choices for one sound (ab)."
        ),
    ] = None,
    test: Annotated[str, typer.Option(help="What --share is a share of: abx or ab.")] = "abx",
    trials: Annotated[int, typer.Option(min=1, help="With --share: trials of each listener.")] = 10,
    share_sd: Annotated[
        float, typer.Option(min=0, help="With --share: SD of the true share between listeners.")
    ] = 0.0,
    simulated: Annotated[
        str, typer.Option(help="Simulated ratings in the pilot: include, exclude or only.")
    ] = "refuse",
    seed: Annotated[int, typer.Option(min=0, help="Seed of the simulation.")] = 0,
) -> None:
    """Say how many listeners a study needs to find a difference in scores, or a share of choices."""
    if (difference is None) == (share is None):
        raise AnalysisError("expected either --difference (scores) or --share (abx, ab)")
    if share is not None:
        typer.echo(_choice_power_text(share, test, listeners, trials, share_sd, wanted, alpha, seed))
        return
    assert difference is not None
    from analysis.models.power import Spread, pilot_spread, required_listeners
    from analysis.models.power import power as power_of
    from analysis.ratings.load import load_ratings

    spread = Spread(listener_sd, item_sd, residual_sd)
    if not pilot and (between or attribute):
        raise AnalysisError(
            "--between and --attribute choose among a pilot's ratings; name them with --pilot"
        )
    if pilot:
        frame = load_ratings(*pilot, simulated=simulated)
        spread = pilot_spread(frame, between, attribute=_attribute(frame, attribute))
    typer.echo(
        f"SD of the difference: listeners {spread.listener_sd:.1f}, items {spread.item_sd:.1f}, rest "
        f"{spread.residual_sd:.1f}"
        f" ({'from the pilot' if pilot else 'assumed'})."
    )
    found = listeners or required_listeners(
        difference, items, spread, wanted=wanted, alpha=alpha, comparisons=comparisons, seed=seed
    )
    got = power_of(difference, found, items, spread, alpha=alpha, comparisons=comparisons, seed=seed)
    said = (
        f"{found} listeners x {items} items find a difference of {difference:g} points with a power of "
        f"{got:.0%}"
    )
    typer.echo(
        f"{said} (alpha {alpha:g}, {comparisons} comparison{'s' if comparisons > 1 else ''}).".replace(
            "%", " %"
        )
    )


def _choice_power_text(
    share: float,
    test: str,
    listeners: int | None,
    trials: int,
    share_sd: float,
    wanted: float,
    alpha: float,
    seed: int,
) -> str:
    from analysis.choices.power import choice_power, required_choice_listeners

    found = listeners or required_choice_listeners(
        share, trials, test=test, wanted=wanted, alpha=alpha, listener_sd=share_sd, seed=seed
    )
    got = choice_power(share, found, trials, test=test, alpha=alpha, listener_sd=share_sd, seed=seed)
    what = "right answers" if test == "abx" else "choices for one sound"
    differ = "listeners do not differ" if share_sd == 0 else f"SD of the share between listeners {share_sd:g}"
    return (
        f"{found} listeners x {trials} trials find a true share of {100 * share:g} % {what} with a power of "
        f"{100 * got:.0f} % (alpha {alpha:g}, {differ})."
    )


def metrics(
    study: Annotated[Path, typer.Argument(help="Study folder.")],
    out: Annotated[Path, typer.Option("--out", help="CSV file for `analyze --metrics`.")],
) -> None:
    """Measure every stimulus of a study against its reference."""
    from analysis.measurement.study_metrics import measure_study
    from stimuli.files import write_text

    table = measure_study(study)
    write_text(out, table.to_csv(index=False, lineterminator="\n"))
    typer.echo(f"{out}: {len(table)} stimuli, {', '.join(table.columns[2:])}")


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
        str | None, typer.Option(help="The scale whose scores are shown, where there are several.")
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
    chosen = _attribute(frame, attribute)
    typer.echo(str(write_companion(study, frame, out, stimuli=stimuli, attribute=chosen, title=title)))


def _attribute(frame: pd.DataFrame, asked: str | None) -> str:
    """Return the attribute to use, as `analyze` chooses it, and say on stderr where there are others."""
    from analysis.ratings.selection import choose_attribute

    attribute, notes = choose_attribute(frame, asked)
    for note in notes:
        typer.echo(note, err=True)
    return attribute


def _parse_exclude(names: list[str] | None) -> dict[str, Any]:
    from analysis.models.screening import FLAGS, RULES

    unknown = [name for name in names or [] if name not in (*RULES, *FLAGS, "none")]
    if unknown:
        known = ", ".join((*RULES, *FLAGS))
        raise AnalysisError(f"--exclude is {unknown[0]!r}; expected one of {known}; or none")
    if names and "none" in names and set(names) != {"none"}:
        raise AnalysisError("--exclude none keeps everybody; leave it out next to other rules")
    return {} if names is None else {"exclude": tuple(name for name in names if name != "none")}


def _columns(pairs: list[str] | None) -> dict[str, list[str]] | None:
    found: dict[str, list[str]] = {}
    for name, header in _split(pairs, "--column", "NAME=HEADER", "listener=subject"):
        found.setdefault(name, []).append(header)
    return found or None


def _pairs(pairs: list[str] | None, option: str, example: str) -> dict[str, str]:
    # The role comes last: a condition's own name may have an equals sign.
    return dict(_split(pairs, option, "NAME=ROLE", example, last=True))


def _split(
    pairs: list[str] | None, option: str, form: str, example: str, *, last: bool = False
) -> list[tuple[str, str]]:
    bad = [pair for pair in pairs or [] if "=" not in pair]
    if bad:
        raise AnalysisError(f"{option} is {bad[0]!r}; expected {form}, for example {example}")
    cut = str.rpartition if last else str.partition
    return [(parts[0], parts[2]) for parts in (cut(pair, "=") for pair in pairs or [])]
