"""The command `power`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analysis.commands.parsing import choose_attribute
from analysis.errors import AnalysisError
from analysis.formatting import percent

if TYPE_CHECKING:
    from analysis.models.power import PowerSettings
    from analysis.models.simulation.studies import Spread


def power(
    difference: Annotated[
        float | None, typer.Option(help="True difference in points that the study should find.")
    ] = None,
    items: Annotated[int, typer.Option(min=2, help="Items of the study.")] = 9,
    items_each: Annotated[
        int | None, typer.Option(min=2, help="Items that each listener hears; all if left out.")
    ] = None,
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
    attribute: Annotated[str | None, typer.Option(help="The pilot's scale, if it has several.")] = None,
    listener_sd: Annotated[float, typer.Option(min=0, help="SD of the difference between listeners.")] = 10.0,
    item_sd: Annotated[float, typer.Option(min=0, help="SD of the difference between items.")] = 6.0,
    residual_sd: Annotated[float, typer.Option(min=0, help="SD of what is left of the difference.")] = 17.0,
    share: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="Instead: true share of right answers (abx) or of choices for one sound."
        ),
    ] = None,
    test: Annotated[str, typer.Option(help="What --share is a share of: abx, ab or best-worst.")] = "abx",
    trials: Annotated[int, typer.Option(min=1, help="With --share: trials of each listener.")] = 10,
    share_sd: Annotated[
        float, typer.Option(min=0, help="With --share: SD of the true share between listeners.")
    ] = 0.0,
    simulated: Annotated[
        str, typer.Option(help="Simulated ratings in the pilot: include, exclude or only.")
    ] = "refuse",
    seed: Annotated[int, typer.Option(min=0, help="Seed of the simulation.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for the power at other numbers of listeners: table and figure."),
    ] = None,
) -> None:
    """Say how many listeners a study needs to find a difference in scores, or a share of choices."""
    if (difference is None) == (share is None):
        raise AnalysisError("expected either --difference (scores) or --share (choices)")
    if share is not None:
        if out is not None or items_each is not None:
            raise AnalysisError("--out and --items-each are about --difference; leave them out with --share")
        typer.echo(_choice_power_text(share, test, listeners, trials, share_sd, wanted, alpha, seed))
        return
    assert difference is not None
    from analysis.models.power import PowerSettings, pilot_spread, required_listeners
    from analysis.models.power import power as power_of
    from analysis.models.simulation.studies import Spread
    from analysis.ratings.load import load_ratings

    spread = Spread(listener_sd, item_sd, residual_sd)
    if not pilot and (between or attribute):
        raise AnalysisError(
            "--between and --attribute choose among a pilot's ratings; name them with --pilot"
        )
    if pilot:
        frame = load_ratings(*pilot, simulated=simulated)
        spread = pilot_spread(frame, between, attribute=choose_attribute(frame, attribute))
    typer.echo(
        f"SD of the difference: listeners {spread.listener_sd:.1f}, items {spread.item_sd:.1f}, rest "
        f"{spread.residual_sd:.1f}"
        f" ({'from the pilot' if pilot else 'assumed'})."
    )
    settings = PowerSettings(items_each=items_each, alpha=alpha, comparisons=comparisons, seed=seed)
    found = listeners or required_listeners(difference, items, spread, wanted=wanted, **settings)
    got = power_of(difference, found, items, spread, **settings)
    heard = f"{items}" if items_each in (None, items) else f"{items_each} of {items}"
    typer.echo(
        f"{found} listeners x {heard} items find a difference of {difference:g} points with a power of "
        f"{percent(got)} (alpha {alpha:g}, {comparisons} comparison{'s' if comparisons > 1 else ''})."
    )
    if out is not None:
        _write_curve(out, difference, items, found, spread, wanted, settings)


def _write_curve(
    out: Path,
    difference: float,
    items: int,
    around: int,
    spread: Spread,
    wanted: float,
    settings: PowerSettings,
) -> None:
    """Write the power from a quarter of a number of listeners to twice as many, as a table and a figure."""
    from analysis.figures import plot_power
    from analysis.figures.style import save
    from analysis.models.power import power_curve
    from stimuli.files import write_text

    fewest = 2 if settings.get("items_each") in (None, items) else items
    numbers = sorted({max(fewest, round(around * step / 4)) for step in range(1, 9)})
    curve = power_curve(difference, items, numbers, spread, **settings)
    out.mkdir(parents=True, exist_ok=True)
    write_text(out / "power.csv", curve.to_csv(index=False, lineterminator="\n"))
    save(plot_power(curve, wanted=wanted), out, "power")
    typer.echo(f"{out / 'power.csv'}\n{out / 'power.svg'}")


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
        f"{percent(got)} (alpha {alpha:g}, {differ})."
    )
