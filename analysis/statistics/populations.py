"""Whom an interval or a p value speaks about: what would be different in a repetition of the study."""

from __future__ import annotations

_NEW_BOTH = "new listeners and items"
_NEW_LISTENERS = "new listeners, these items"
_INDEPENDENT = "single ratings as if independent"

OF_INTERVAL = {
    "two-way": _NEW_BOTH, "logit": _NEW_BOTH, "crowdmos": _NEW_BOTH, "bootstrap": _NEW_BOTH,
    "listener": _NEW_LISTENERS, "item": "these listeners, new items", "naive-t": _INDEPENDENT,
}  # fmt: skip

# The interval of a difference that speaks about the same population as the test does.
INTERVAL_OF_TEST = {
    "two-way": "two-way", "wilcoxon": "listener", "permutation": "listener", "medians": "naive-t",
}  # fmt: skip


def of_test(test: str) -> str:
    """Return whom a test of paired differences speaks about."""
    return OF_INTERVAL[INTERVAL_OF_TEST[test]]
