"""A mixed model as a text for a terminal or a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.formatting import number, p_in_words
from analysis.ratings.tidy import iter_rows

if TYPE_CHECKING:
    from analysis.models.mixed import MixedModel


def describe_model(model: MixedModel) -> str:
    """Return its components, means and differences, a table each."""
    listeners, items, _ = model.pages.counts.shape
    lines = [
        f"Linear mixed model by REML{' of SIMULATED ratings' if model.simulated else ''}: "
        f"{model.n_ratings} {'means' if model.repeats is None else 'ratings'} of {listeners} listeners, "
        f"{items} items and {len(model.names)} conditions" + (f" ({model.note})" if model.note else ""),
        "",
    ]
    parts = model.variance_components()
    parts["name"] = parts["component"] + (", " + parts["condition"]).where(parts["condition"] != "", "")
    width = max(20, *map(len, parts["name"])) + 2
    lines += [f"{'component':<{width}}{'variance':>10}{'SD':>8}"]
    lines += [f"{row.name:<{width}}{row.variance:>10.2f}{row.sd:>8.2f}" for row in iter_rows(parts)]
    means, pairs = model.condition_means(), model.differences()
    pairs["pair"] = pairs["condition_a"] + " - " + pairs["condition_b"]
    width = max(9, *map(len, means["condition"]), *map(len, pairs["pair"])) + 2
    lines += ["", f"{'condition':<{width}}{'mean':>8}{'SE':>7}{'df':>8}  95 % interval"]
    lines += [
        f"{row.condition:<{width}}{number(row.mean, 2):>8}{row.se:>7.2f}{row.df:>8.1f}  "
        f"{number(row.ci_low, 2)} to {number(row.ci_high, 2)}"
        for row in iter_rows(means)
    ]
    lines += ["", f"{'pair':<{width}}{'diff':>8}{'SE':>7}{'df':>8}  95 % interval, uncorrected p"]
    lines += [
        f"{row.pair:<{width}}{number(row.difference, 2):>8}{row.se:>7.2f}{row.df:>8.1f}  "
        f"{number(row.ci_low, 2)} to {number(row.ci_high, 2)}, {p_in_words(row.p)}"
        for row in iter_rows(pairs)
    ]
    return "\n".join(lines)
