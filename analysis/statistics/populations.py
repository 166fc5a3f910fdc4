"""Whom an interval or a p value speaks about: what would be different in a repetition of the study."""

from __future__ import annotations

_NEW_BOTH = "new listeners and items"
_NEW_LISTENERS = "new listeners, these items"
_INDEPENDENT = "single ratings as if independent"

OF_INTERVAL = {
    "two-way": _NEW_BOTH, "logit": _NEW_BOTH, "crowdmos": _NEW_BOTH, "bootstrap": _NEW_BOTH,
    "listener": _NEW_LISTENERS, "item": "these listeners, new items", "naive-t": _INDEPENDENT,
}  # fmt: skip

# What an interval of a mean promises, in a sentence for readers who have not met it.
MEANING = {
    _NEW_BOTH: "If the test were repeated with other listeners and other items of the same kind, 95 % of "
    "such intervals would contain the mean over all listeners and items of that kind.",
    _NEW_LISTENERS: "If the test were repeated with other listeners and the same items, 95 % of such "
    "intervals would contain the mean over all listeners of that kind; other items may score outside.",
    "these listeners, new items": "If the same listeners rated other items of the same kind, 95 % of such "
    "intervals would contain their mean over all items of that kind; other listeners may score outside.",
    _INDEPENDENT: "Each rating counts as if it came from another listener about another item. Ratings by one "
    "listener and of one item depend on each other, so that such intervals are usually too narrow.",
}

# The interval of a difference that speaks about the same population as the test does.
INTERVAL_OF_TEST = {
    "two-way": "two-way", "wilcoxon": "listener", "permutation": "listener", "medians": "naive-t",
}  # fmt: skip


def of_test(test: str) -> str:
    """Return whom a test of paired differences speaks about."""
    return OF_INTERVAL[INTERVAL_OF_TEST[test]]
