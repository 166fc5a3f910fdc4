"""The command `power`."""

from __future__ import annotations

from typing import Annotated

import typer

from analysis.commands.parsing import choose_attribute
from analysis.errors import AnalysisError


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
        spread = pilot_spread(frame, between, attribute=choose_attribute(frame, attribute))
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
